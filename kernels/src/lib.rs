//! f32 kernels for small networks on one core.
//!
//! Every function takes an [`Isa`], the instruction set to use, usually [`Isa::best`]. All matrices
//! are row-major; nothing here allocates or starts threads. Every instruction set does the same
//! operations in the same order, so those of one [arithmetic](Isa::arithmetic), AVX-512 and AVX2 among
//! them, give the same bits for the same input; the others differ by rounding. (Bits of what is not a
//! number, or comes of an infinity, are no part of that.)
//!
//! - Matrix products: [`gemm_nn`], [`gemm_nt`], [`gemm_tn`], tuned for operands that fit in the
//!   first- and second-level caches (4…512 rows, 2…256 columns).
//! - Products with a matrix of which much is zero: [`Sparse`].
//! - Activations with first and second derivatives, pushed through a primal stream and any number
//!   of tangent streams: [`activate`], [`activate_streams`], [`tangent_streams`],
//!   [`backward_streams`], [`silu`]; gates: [`sigmoid`], [`gated_add`], [`gate_backward`].
//! - Rows for all pairs of nodes of a graph, their sums and gates: [`Pairs`], [`pair_silu`], [`attend`],
//!   [`row_dots`].
//! - Back from a single output to rectified units: [`output_backward`].
//! - Optimiser: [`adamw`], [`average`], [`sum_squares`].
//! - All of these together: [`Mlp`], a plain perceptron.
//!
//! `unsafe` is what follows a pointer, and calls of intrinsics that a token proves may run. Public
//! functions are safe: they check every length, and panic where one does not fit.

#![deny(clippy::undocumented_unsafe_blocks, clippy::missing_safety_doc, unsafe_op_in_unsafe_fn)]

mod elementwise;
mod gemm;
mod isa;
mod mlp;
mod optimizer;
mod pairs;
mod simd;
mod sparse;

pub use elementwise::{
    Nonlinearity, Slopes, activate, activate_streams, backward_streams, column_sums, gate_backward,
    gated_add, output_backward, sigmoid, silu, tangent_streams,
};
pub use gemm::{Start, View, ViewMut, gemm_nn, gemm_nt, gemm_tn};
pub use isa::{Isa, UnknownIsa};
pub use mlp::Mlp;
pub use optimizer::{AdamW, adamw, average, sum_squares};
pub use pairs::{
    Attention, AttentionGrad, PairLayer, PairSumGrad, Pairs, attend, attend_backward,
    attend_tangents, pair_silu, pair_silu_tangents, pair_sums_backward, row_dots,
    row_dots_backward,
};
pub use sparse::{Finish, Order, Sparse};
