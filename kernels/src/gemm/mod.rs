//! Matrix products C ← op(A)·op(B) (+ C) (+ bias) of small row-major matrices.

mod block;
mod drive;
mod product;
mod tail;
mod tile;
mod view;

pub(crate) use block::{copy_block, transpose_block};
pub use view::{Start, View, ViewMut};

use crate::Isa;
use product::{Layout, Product};

/// C ← A·B for A `[m, k]`, B `[k, n]`, C `[m, n]` (`shape` is `[m, n, k]`), from where `start`
/// says.
///
/// # Panics
/// If a matrix does not fit in its view, or a bias is not n long.
pub fn gemm_nn(isa: Isa, shape: [usize; 3], a: View, b: View, c: ViewMut, start: Start) {
    let [m, n, k] = shape;
    a.check("A", m, k);
    b.check("B", k, n);
    c.check("C", m, n);
    start.check(n);
    let a_strides = (a.stride, 1);
    isa.run(Product { shape, a: a.data, a_strides, b, layout: Layout::Rows, c, start });
}

/// C ← A·Bᵀ for A `[m, k]`, B `[n, k]`, C `[m, n]` (`shape` is `[m, n, k]`): gradients with
/// respect to a layer's input.
///
/// # Panics
/// If a matrix does not fit in its view, or a bias is not n long.
pub fn gemm_nt(isa: Isa, shape: [usize; 3], a: View, b: View, c: ViewMut, start: Start) {
    let [m, n, k] = shape;
    a.check("A", m, k);
    b.check("B", n, k);
    c.check("C", m, n);
    start.check(n);
    let a_strides = (a.stride, 1);
    isa.run(Product { shape, a: a.data, a_strides, b, layout: Layout::Columns, c, start });
}

/// C ← Aᵀ·B for A `[k, m]`, B `[k, n]`, C `[m, n]` (`shape` is `[m, n, k]`): gradients with
/// respect to a layer's weights, k being the rows of the batch.
///
/// # Panics
/// If a matrix does not fit in its view, or a bias is not n long.
pub fn gemm_tn(isa: Isa, shape: [usize; 3], a: View, b: View, c: ViewMut, start: Start) {
    let [m, n, k] = shape;
    a.check("A", k, m);
    b.check("B", k, n);
    c.check("C", m, n);
    start.check(n);
    let a_strides = (1, a.stride);
    isa.run(Product { shape, a: a.data, a_strides, b, layout: Layout::Rows, c, start });
}
