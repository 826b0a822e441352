//! Finds the elements other than zero.

use super::{DEPTH, Order, Sparse};
use crate::gemm::{View, transpose_block};
use crate::isa::Kernel;
use crate::simd::Simd;

/// Invariant: `a` holds the `shape` of `sparse` in `order`, and `sparse` has room for it.
pub(super) struct Fill<'a> {
    pub sparse: &'a mut Sparse,
    pub a: View<'a>,
    pub order: Order,
}

impl Kernel for Fill<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let [rows, columns] = self.sparse.shape;
        let (mut a, mut stride) = (self.a.data.as_ptr(), self.a.stride);
        // SAFETY: the invariant; `transposed` holds rows · columns elements.
        unsafe {
            if self.order == Order::Transposed {
                let to = self.sparse.transposed.as_mut_ptr();
                transpose_block::<S>(a, stride, columns, rows, (to, columns));
                (a, stride) = (to, columns);
            }
            fill::<S>(self.sparse, a, stride);
        }
    }
}

#[inline(always)]
unsafe fn fill<S: Simd>(sparse: &mut Sparse, a: *const f32, stride: usize) {
    let [rows, columns] = sparse.shape;
    let (items, values) = (sparse.items.as_mut_ptr(), sparse.values.as_mut_ptr());
    let (mut count, mut row) = (0, 0);
    // At least one block, as for the product.
    for block in (0..columns.max(1)).step_by(DEPTH) {
        let width = DEPTH.min(columns - block);
        for r in 0..rows {
            sparse.starts[row] = count as u32;
            row += 1;
            // SAFETY: the invariant: row r of `a` holds `columns` elements, and no more are
            // written than the matrix has, but for the slack of one vector.
            unsafe {
                let from = a.add(r * stride + block);
                for j in (0..width).step_by(S::LANES) {
                    let n = S::LANES.min(width - j);
                    let to = (items.add(count), values.add(count));
                    count += S::nonzeros(from.add(j), n, j as u32, to);
                }
            }
        }
    }
    sparse.starts[row] = count as u32;
}
