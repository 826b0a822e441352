//! The three products of the layer between the hidden units, where nearly all of the arithmetic is.

use freeform_kernels::{Finish, Isa, Order, Sparse, Start, View, ViewMut, gemm_tn};

/// From this many hidden units on the gradient of the weights costs less without the zeros, too; the
/// other products do at any number.
const LEAST_SPARSE: usize = 50;

/// A layer of H → H between rectified units: its products leave out the zeros of their values and
/// gradients. Weights are `[H, H]`, rows `[n, H]`.
pub(super) struct Hidden {
    units: usize,
    sparse: Sparse,
}

impl Hidden {
    pub(super) fn new(units: usize, rows: usize) -> Self {
        Self { units, sparse: Sparse::new(rows, units) }
    }

    /// `out` ← max(values · weight + bias, 0).
    pub(super) fn forward(
        &mut self,
        (isa, n): (Isa, usize),
        values: &[f32],
        (weight, bias): (&[f32], &[f32]),
        out: &mut [f32],
    ) {
        let h = self.units;
        let (values, weight) = (View::new(values, h), View::new(weight, h));
        let (a, b, out) = ((values, Order::Plain), (weight, Order::Plain), ViewMut::new(out, h));
        self.sparse.product(isa, [n, h, h], a, b, out, Finish::Rectify { bias });
    }

    /// `out` ← delta · weightᵀ where the layer's input, `units` `[n, H]`, is positive, else 0: the
    /// gradient with respect to what the input was before it was rectified.
    pub(super) fn input_gradient(
        &mut self,
        (isa, n): (Isa, usize),
        (delta, units): (&[f32], &[f32]),
        weight: &[f32],
        out: &mut [f32],
    ) {
        let h = self.units;
        let [delta, units, weight] = [delta, units, weight].map(|matrix| View::new(matrix, h));
        let (a, b, out) =
            ((delta, Order::Plain), (weight, Order::Transposed), ViewMut::new(out, h));
        self.sparse.product(isa, [n, h, h], a, b, out, Finish::Through { units });
    }

    /// `out` ← valuesᵀ · delta: the gradient with respect to the weights.
    pub(super) fn weight_gradient(
        &mut self,
        (isa, n): (Isa, usize),
        values: &[f32],
        delta: &[f32],
        out: &mut [f32],
    ) {
        let h = self.units;
        let (values, delta, out) =
            (View::new(values, h), View::new(delta, h), ViewMut::new(out, h));
        if h < LEAST_SPARSE {
            return gemm_tn(isa, [h, h, n], values, delta, out, Start::Zero);
        }
        let (a, b) = ((values, Order::Transposed), (delta, Order::Plain));
        self.sparse.product(isa, [h, h, n], a, b, out, Finish::Sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against sums in double precision, where the gradient of the weights leaves out zeros and where
    /// it does not.
    #[test]
    fn products_match_sums_in_double_precision() {
        [(67, 100), (67, 20)].into_iter().for_each(|(n, h)| check(n, h));
    }

    fn check(n: usize, h: usize) {
        let wave = |len: usize, step: f32| (0..len).map(move |i| (i as f32 * step).sin());
        let values: Vec<f32> = wave(n * h, 0.7).map(|v| v.max(0.0)).collect();
        let delta: Vec<f32> = wave(n * h, 1.3).map(|v| if v > 0.3 { v } else { 0.0 }).collect();
        let weight: Vec<f32> = wave(h * h, 0.37).collect();
        let bias: Vec<f32> = wave(h, 2.1).collect();
        let at = |m: &[f32], i: usize, j: usize| f64::from(m[i * h + j]);
        let places = |rows: usize| [(0, 0), (3, h - 1), (rows - 1, h / 2), (rows - 1, h - 1)];
        let mut hidden = Hidden::new(h, n);
        for isa in Isa::available() {
            let near = |got: f32, want: f64| {
                assert!((f64::from(got) - want).abs() < 1e-4, "{isa:?}: {got} {want}");
            };
            let mut out = vec![0.0; n * h];
            hidden.forward((isa, n), &values, (&weight, &bias), &mut out);
            for (i, j) in places(n) {
                let sum = (0..h).map(|p| at(&values, i, p) * at(&weight, p, j)).sum::<f64>();
                near(out[i * h + j], (sum + f64::from(bias[j])).max(0.0));
            }
            hidden.input_gradient((isa, n), (&delta, &values), &weight, &mut out);
            for (i, j) in places(n) {
                let sum: f64 = (0..h).map(|p| at(&delta, i, p) * at(&weight, j, p)).sum();
                near(out[i * h + j], if at(&values, i, j) > 0.0 { sum } else { 0.0 });
            }
            let mut out = vec![0.0; h * h];
            hidden.weight_gradient((isa, n), &values, &delta, &mut out);
            for (i, j) in places(h) {
                near(out[i * h + j], (0..n).map(|p| at(&values, p, i) * at(&delta, p, j)).sum());
            }
        }
    }
}
