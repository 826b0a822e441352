//! Back from a single output to the rectified units (ReLU) below it, in one pass instead of four.

use super::loops::{Body, Lane, each};
use crate::Isa;
use crate::isa::Kernel;
use crate::simd::Simd;

/// Pulls `grad` `[rows]` back from a single output, `hidden` `[rows, H]` · `weights` `[H]`, where
/// `hidden` are rectified: `below` `[rows, H]` receives the gradient with respect to `hidden` before it
/// was rectified, `column_sums` `[H]` the sums of its columns, `weight_grad` `[H]` the gradient with
/// respect to the weights.
///
/// # Panics
/// If lengths do not fit each other.
pub fn output_backward(
    isa: Isa,
    (hidden, weights): (&[f32], &[f32]),
    grad: &[f32],
    below: &mut [f32],
    column_sums: &mut [f32],
    weight_grad: &mut [f32],
) {
    let (rows, n) = (grad.len(), weights.len());
    check("hidden", hidden.len(), rows, n);
    check("below", below.len(), rows, n);
    check("column_sums", column_sums.len(), 1, n);
    check("weight_grad", weight_grad.len(), 1, n);
    isa.run(OutputBackward {
        rows,
        n,
        hidden: hidden.as_ptr(),
        weights: weights.as_ptr(),
        grad: grad.as_ptr(),
        below: below.as_mut_ptr(),
        column_sums: column_sums.as_mut_ptr(),
        weight_grad: weight_grad.as_mut_ptr(),
    });
}

#[track_caller]
fn check(name: &str, len: usize, rows: usize, n: usize) {
    let fits = rows.checked_mul(n) == Some(len);
    assert!(fits, "{name}: {len} elements are not {rows} rows of {n}");
}

/// Invariant, by the checks of [`output_backward`]: `hidden` and `below` hold rows·n elements, `grad`
/// rows, the others n; all live as long as this, and the outputs are borrowed by nobody else.
struct OutputBackward {
    rows: usize,
    n: usize,
    hidden: *const f32,
    weights: *const f32,
    grad: *const f32,
    below: *mut f32,
    column_sums: *mut f32,
    weight_grad: *mut f32,
}

impl Kernel for OutputBackward {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        // SAFETY: the invariant: every stream, a row of `hidden` or `below` too, is n long.
        unsafe { each(simd, self.n, self) }
    }
}

impl<S: Simd> Body<S> for OutputBackward {
    #[inline(always)]
    unsafe fn at(&mut self, simd: S, lane: Lane<S>) {
        // SAFETY: row < rows, so each pointer is the start of a stream of n elements, and `grad` has
        // an element for the row, by the invariant.
        unsafe {
            let (zero, weight) = (simd.splat(0.0), lane.load(self.weights));
            // Sums over every other row hide the latency of one addition after another.
            let (mut sums, mut products) = ([zero; 2], [zero; 2]);
            for row in (0..self.rows).step_by(2) {
                for half in 0..2 {
                    let row = row + half;
                    if row == self.rows {
                        break;
                    }
                    let grad = simd.splat(*self.grad.add(row));
                    let hidden = lane.load(self.hidden.add(row * self.n));
                    let through = simd.select_gt(hidden, zero, grad, zero);
                    sums[half] = simd.add(sums[half], through);
                    products[half] = simd.fma(grad, hidden, products[half]);
                    lane.store(self.below.add(row * self.n), simd.mul(through, weight));
                }
            }
            lane.store(self.column_sums, simd.mul(simd.add(sums[0], sums[1]), weight));
            lane.store(self.weight_grad, simd.add(products[0], products[1]));
        }
    }
}
