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
    let (rows, n) = check(hidden.len(), weights.len(), grad.len());
    check(below.len(), column_sums.len(), rows);
    check(below.len(), weight_grad.len(), rows);
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
fn check(len: usize, n: usize, rows: usize) -> (usize, usize) {
    assert!(rows.checked_mul(n) == Some(len), "{len} elements are not {rows} rows of {n}");
    (rows, n)
}

/// Invariant: `hidden` and `below` hold rows·n elements, `grad` rows, the others n; none overlap.
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
    unsafe fn run<S: Simd>(self) {
        // SAFETY: the invariant.
        unsafe { each::<S, _>(self.n, self) }
    }
}

impl<S: Simd> Body<S> for OutputBackward {
    #[inline(always)]
    unsafe fn at(&mut self, lane: Lane<S>) {
        // SAFETY: the invariant.
        unsafe {
            let (zero, weight) = (S::splat(0.0), lane.load(self.weights));
            // Sums over every other row hide the latency of one addition after another.
            let (mut sums, mut products) = ([zero; 2], [zero; 2]);
            for row in (0..self.rows).step_by(2) {
                for half in 0..2 {
                    let row = row + half;
                    if row == self.rows {
                        break;
                    }
                    let grad = S::splat(*self.grad.add(row));
                    let hidden = lane.load(self.hidden.add(row * self.n));
                    let through = S::select_gt(hidden, zero, grad, zero);
                    sums[half] = S::add(sums[half], through);
                    products[half] = S::fma(grad, hidden, products[half]);
                    lane.store(self.below.add(row * self.n), S::mul(through, weight));
                }
            }
            lane.store(self.column_sums, S::mul(S::add(sums[0], sums[1]), weight));
            lane.store(self.weight_grad, S::add(products[0], products[1]));
        }
    }
}
