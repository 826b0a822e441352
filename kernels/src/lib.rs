//! f32 kernels for small networks on one core.
//!
//! Every function takes an [`Isa`], the instruction set to use, usually [`Isa::best`]. All matrices
//! are row-major; nothing here allocates or starts threads. One [`Isa`] gives the same bits for the
//! same input on every call; different ones differ by rounding.
//!
//! - Matrix products: [`gemm_nn`], [`gemm_nt`], [`gemm_tn`], tuned for operands that fit in the
//!   first- and second-level caches (4…512 rows, 2…256 columns).
//! - Products with a matrix of which much is zero: [`Sparse`].
//! - Activations with first and second derivatives, pushed through a primal stream and any number
//!   of tangent streams: [`activate`], [`activate_streams`], [`tangent_streams`],
//!   [`backward_streams`]; gates: [`sigmoid`], [`gated_add`], [`gate_backward`].
//! - Back from a single output to rectified units: [`output_backward`].
//! - Optimiser: [`adamw`], [`average`], [`sum_squares`].
//! - All of these together: [`Mlp`], a plain perceptron.

mod elementwise;
mod gemm;
mod isa;
mod mlp;
mod optimizer;
mod simd;
mod sparse;

pub use elementwise::{
    Nonlinearity, Slopes, activate, activate_streams, backward_streams, column_sums, gate_backward,
    gated_add, output_backward, sigmoid, tangent_streams,
};
pub use gemm::{Start, View, ViewMut, gemm_nn, gemm_nt, gemm_tn};
pub use isa::Isa;
pub use mlp::Mlp;
pub use optimizer::{AdamW, adamw, average, sum_squares};
pub use sparse::{Finish, Order, Sparse};
