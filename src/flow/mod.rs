//! Exact quantities of a flow, from its Jacobians: densities, invertibility, Newton's inverse.

mod density;
mod polish;

pub use density::{FlowQuality, decoder_log_density, encoder_log_density, quality};
pub use polish::polish;
