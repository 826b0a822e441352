//! Sums over rows: gradients of biases.

use super::loops::{Body, Lane, each};
use crate::Isa;
use crate::isa::Kernel;
use crate::simd::Simd;

/// `out` ← the sum of the rows of `a` `[rows, out.len()]`; added to `out` if `accumulate`.
///
/// # Panics
/// If `a` is not `rows · out.len()` long.
pub fn column_sums(isa: Isa, rows: usize, a: &[f32], out: &mut [f32], accumulate: bool) {
    let (n, len) = (out.len(), a.len());
    assert!(rows.checked_mul(n) == Some(len), "{len} elements are not {rows} rows of {n}");
    isa.run(ColumnSums { rows, n, a: a.as_ptr(), out: out.as_mut_ptr(), accumulate });
}

/// Invariant, by the check of [`column_sums`]: `a` holds rows·n elements, `out` n; both live as long as
/// this, and `out` is borrowed by nobody else.
#[derive(Clone, Copy)]
struct ColumnSums {
    rows: usize,
    n: usize,
    a: *const f32,
    out: *mut f32,
    accumulate: bool,
}

impl Kernel for ColumnSums {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        // SAFETY: the invariant: every row is n long.
        unsafe { each(simd, self.n, self) }
    }
}

impl<S: Simd> Body<S> for ColumnSums {
    #[inline(always)]
    unsafe fn at(&mut self, simd: S, lane: Lane<S>) {
        // SAFETY: row < rows, so each pointer is the start of n elements, by the invariant.
        unsafe {
            // Four sums hide the latency of one addition after another.
            let mut sums = [simd.splat(0.0); 4];
            let mut row = 0;
            while row + 4 <= self.rows {
                for (i, sum) in sums.iter_mut().enumerate() {
                    *sum = simd.add(*sum, lane.load(self.a.add((row + i) * self.n)));
                }
                row += 4;
            }
            while row < self.rows {
                sums[0] = simd.add(sums[0], lane.load(self.a.add(row * self.n)));
                row += 1;
            }
            let [a, b, c, d] = sums;
            let mut sum = simd.add(simd.add(a, b), simd.add(c, d));
            if self.accumulate {
                sum = simd.add(sum, lane.load(self.out));
            }
            lane.store(self.out, sum);
        }
    }
}
