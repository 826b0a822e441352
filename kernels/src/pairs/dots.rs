//! Products of rows.

use super::{Columns, in_columns, row, row_mut, store, vectors};
use crate::Isa;
use crate::isa::Kernel;
use crate::simd::{GROUP, Simd};

/// a·b of rows `width` long, a multiple of [`GROUP`]: those that `pair` gives for as many numbers as a vector has
/// lanes. Lane by lane of a group, then the tree of [`Simd::sums`].
#[inline(always)]
pub(super) fn dots<'a, S: Simd>(
    simd: S,
    width: usize,
    pair: impl Fn(usize) -> [&'a [f32]; 2],
) -> [f32; GROUP] {
    /// Most vectors of a group.
    const MOST: usize = 4;
    let vectors = const { GROUP / S::LANES };
    const { assert!(GROUP / S::LANES <= MOST) };
    let zero = simd.splat(0.0);
    let mut flat = [zero; GROUP];
    for l in 0..S::LANES {
        let [a, b] = pair(l).map(|row| &row[..width]);
        let mut sums = [zero; MOST];
        for group in (0..width).step_by(GROUP) {
            for (v, sum) in sums[..vectors].iter_mut().enumerate() {
                let at = group + v * S::LANES;
                // SAFETY: both rows are `width` long, a multiple of a group.
                let [a, b] = [a, b].map(|row| unsafe { simd.load(row.as_ptr().add(at)) });
                *sum = simd.fma(a, b, *sum);
            }
        }
        flat[l * vectors..][..vectors].copy_from_slice(&sums[..vectors]);
    }
    let mut out = [0.0; GROUP];
    // SAFETY: a group has room for a vector.
    unsafe { simd.store(out.as_mut_ptr(), simd.sums(&flat)) };
    out
}

/// `out` `[rows]` ← `rows` `[rows, H]` · `weights` `[H]`.
///
/// # Panics
/// If a length does not fit, or H is not a multiple of 16.
pub fn row_dots(isa: Isa, rows: &[f32], weights: &[f32], out: &mut [f32]) {
    let (count, h) = (out.len(), weights.len());
    assert!(
        h.is_multiple_of(GROUP) && rows.len() == count * h,
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
    fn run<S: Simd>(self, simd: S) {
        let h = self.weights.len();
        for (block, out) in self.out.chunks_mut(S::LANES).enumerate() {
            let (first, last) = (block * S::LANES, out.len() - 1);
            // Lanes beyond the last row do it again.
            let found = dots(simd, h, |l| [row(self.rows, first + l.min(last), h), self.weights]);
            out.copy_from_slice(&found[..=last]);
        }
    }
}

/// Pulls the gradient `grad` `[rows]` of [`row_dots`]'s result back: `to_rows` `[rows, H]` is
/// replaced, `to_weights` `[H]` added to.
///
/// # Panics
/// If a length does not fit, or H is not a multiple of 16.
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
    assert!(
        fits && h.is_multiple_of(GROUP),
        "rows and gradients do not hold {count} rows of {h}, a multiple of 16"
    );
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
    fn run<S: Simd>(self, simd: S) {
        in_columns(simd, self.weights.len(), self);
    }
}

impl Columns for Backward<'_> {
    #[inline(always)]
    fn run<S: Simd, const NV: usize>(&mut self, simd: S, from: usize) {
        let h = self.weights.len();
        let weights = vectors::<S, NV>(simd, self.weights, from);
        let mut to_weights = vectors::<S, NV>(simd, self.to_weights, from);
        for (at, &grad) in self.grad.iter().enumerate() {
            let grad = simd.splat(grad);
            let values = vectors::<S, NV>(simd, row(self.rows, at, h), from);
            to_weights = std::array::from_fn(|v| simd.fma(grad, values[v], to_weights[v]));
            let to = std::array::from_fn(|v| simd.mul(grad, weights[v]));
            store::<S, NV>(simd, row_mut(self.to_rows, at, h), from, to);
        }
        store::<S, NV>(simd, self.to_weights, from, to_weights);
    }
}
