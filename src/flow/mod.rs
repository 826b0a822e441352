//! Exact quantities of a flow, from its Jacobians: densities, invertibility, Newton's inverse.

mod density;
mod lu;
mod polish;

pub use density::{FlowQuality, decoder_log_density, encoder_log_density, quality};
pub use lu::Lu;
pub use polish::polish;
