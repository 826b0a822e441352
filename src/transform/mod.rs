//! From the user's numbers to the flow's and back: the prior's bijection (where asked for), then
//! z-scores learnt on the training part.

mod parameters;
mod scaler;

pub use parameters::ParameterTransform;
pub use scaler::Scaler;
