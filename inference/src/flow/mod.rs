//! Exact quantities of a flow, from its Jacobians: densities, invertibility, Newton's inverse; and
//! the conditional density that a flow and a whitening make together.

mod branch;
mod categories;
mod conditional;
mod density;
mod polish;

pub use branch::branch_log_density;
pub use categories::Categories;
pub use conditional::{ConditionalFlow, FlowEvaluator};
pub use density::{FlowQuality, decoder_log_density, encoder_log_density, quality};
pub use polish::polish;
