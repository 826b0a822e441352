//! Elementwise kernels over contiguous buffers.
//!
//! A buffer of *streams* holds a primal stream of n elements and after it any number of tangent
//! streams of n elements each (directional derivatives of the primal one).

mod activation;
mod gate;
mod loops;
mod math;
mod output;
mod reduce;
mod streams;

pub use activation::{Nonlinearity, activate, activate_streams, silu};
pub use gate::{gate_backward, gated_add, sigmoid};
pub(crate) use math::logistic;
pub use output::output_backward;
pub use reduce::column_sums;
pub(crate) use streams::silu_slope;
pub use streams::{Slopes, backward_streams, tangent_streams};
