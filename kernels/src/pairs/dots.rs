//! One number of each row.

use super::{LANES, add_scaled, dot, row, row_mut};
use crate::Isa;
use crate::isa::Kernel;
use crate::simd::Simd;

/// `out` `[rows]` ← `rows` `[rows, H]` · `weights` `[H]`.
///
/// # Panics
/// If a length does not fit, or H is not a multiple of 16.
pub fn row_dots(isa: Isa, rows: &[f32], weights: &[f32], out: &mut [f32]) {
    let (count, h) = (out.len(), weights.len());
    assert!(
        h.is_multiple_of(LANES) && rows.len() == count * h,
        "{} elements are not {count} rows of {h}, a multiple of 16",
        rows.len()
    );
    isa.run(Dots { rows, weights, out });
}

struct Dots<'a> {
    rows: &'a [f32],
    weights: &'a [f32],
    out: &'a mut [f32],
}

impl Kernel for Dots<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let h = self.weights.len();
        for (at, out) in self.out.iter_mut().enumerate() {
            *out = dot(row(self.rows, at, h), self.weights);
        }
    }
}

/// Pulls the gradient `grad` `[rows]` of [`row_dots`]'s result back: `to_rows` `[rows, H]` is
/// replaced, `to_weights` `[H]` added to.
///
/// # Panics
/// If a length does not fit.
pub fn row_dots_backward(
    isa: Isa,
    rows: &[f32],
    weights: &[f32],
    grad: &[f32],
    to_rows: &mut [f32],
    to_weights: &mut [f32],
) {
    let (count, h) = (grad.len(), weights.len());
    let fits = rows.len() == count * h && to_rows.len() == count * h && to_weights.len() == h;
    assert!(fits, "rows and gradients do not hold {count} rows of {h}");
    isa.run(Backward { rows, weights, grad, to_rows, to_weights });
}

struct Backward<'a> {
    rows: &'a [f32],
    weights: &'a [f32],
    grad: &'a [f32],
    to_rows: &'a mut [f32],
    to_weights: &'a mut [f32],
}

impl Kernel for Backward<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let h = self.weights.len();
        for (at, &grad) in self.grad.iter().enumerate() {
            for (out, w) in row_mut(self.to_rows, at, h).iter_mut().zip(self.weights) {
                *out = grad * w;
            }
            add_scaled(self.to_weights, grad, row(self.rows, at, h));
        }
    }
}
