//! The three products of the layer between the hidden units, where nearly all of the arithmetic is.

use freeform_kernels::{Isa, Order, Sparse, Start, View, ViewMut, gemm_nn, gemm_nt, gemm_tn};

/// From this many hidden units on, finding the zeros that rectified units leave costs less than
/// multiplying by them.
const LEAST_SPARSE: usize = 80;

/// How the products of one layer of H → H are computed; weights are `[H, H]`, rows `[n, H]`.
pub(super) enum Hidden {
    /// All of it.
    Dense,
    /// Only where the units' values, or their gradients, are not zero.
    Sparse(Sparse),
}

impl Hidden {
    pub(super) fn new(units: usize, rows: usize) -> Self {
        if units < LEAST_SPARSE { Self::Dense } else { Self::Sparse(Sparse::new(rows, units)) }
    }

    /// `out` ← values · weight + bias.
    pub(super) fn forward(
        &mut self,
        (isa, [n, h]): (Isa, [usize; 2]),
        values: &[f32],
        (weight, bias): (&[f32], &[f32]),
        out: &mut [f32],
    ) {
        let (values, weight) = (View::new(values, h), View::new(weight, h));
        let out = ViewMut::new(out, h);
        match self {
            Self::Dense => {
                let bias = Start::Bias { values: bias, rows: n };
                gemm_nn(isa, [n, h, h], values, weight, out, bias);
            }
            Self::Sparse(sparse) => {
                sparse.fill(isa, [n, h], values, Order::Plain);
                sparse.product(isa, h, weight, Order::Plain, out, Some(bias));
            }
        }
    }

    /// `out` ← delta · weightᵀ: the gradient with respect to the layer's input.
    pub(super) fn input_gradient(
        &mut self,
        (isa, [n, h]): (Isa, [usize; 2]),
        delta: &[f32],
        weight: &[f32],
        out: &mut [f32],
    ) {
        let (delta, weight) = (View::new(delta, h), View::new(weight, h));
        let out = ViewMut::new(out, h);
        match self {
            Self::Dense => gemm_nt(isa, [n, h, h], delta, weight, out, Start::Zero),
            Self::Sparse(sparse) => {
                sparse.fill(isa, [n, h], delta, Order::Plain);
                sparse.product(isa, h, weight, Order::Transposed, out, None);
            }
        }
    }

    /// `out` ← valuesᵀ · delta: the gradient with respect to the weights.
    pub(super) fn weight_gradient(
        &mut self,
        (isa, [n, h]): (Isa, [usize; 2]),
        values: &[f32],
        delta: &[f32],
        out: &mut [f32],
    ) {
        let (values, delta) = (View::new(values, h), View::new(delta, h));
        let out = ViewMut::new(out, h);
        match self {
            Self::Dense => gemm_tn(isa, [h, h, n], values, delta, out, Start::Zero),
            Self::Sparse(sparse) => {
                sparse.fill(isa, [h, n], values, Order::Transposed);
                sparse.product(isa, h, delta, Order::Plain, out, None);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both ways against sums in double precision, at a size where zeros are left out.
    #[test]
    fn leaving_out_zeros_changes_no_product() {
        let (n, h) = (67, 100);
        let wave = |len: usize, step: f32| (0..len).map(move |i| (i as f32 * step).sin());
        let values: Vec<f32> = wave(n * h, 0.7).map(|v| v.max(0.0)).collect();
        let delta: Vec<f32> = wave(n * h, 1.3).map(|v| if v > 0.3 { v } else { 0.0 }).collect();
        let weight: Vec<f32> = wave(h * h, 0.37).collect();
        let bias: Vec<f32> = wave(h, 2.1).collect();
        let at = |m: &[f32], i: usize, j: usize| f64::from(m[i * h + j]);
        assert!(matches!(Hidden::new(h, n), Hidden::Sparse(_)));
        assert!(matches!(Hidden::new(50, n), Hidden::Dense));
        for mut hidden in [Hidden::new(h, n), Hidden::Dense] {
            for isa in Isa::available() {
                let mut out = vec![0.0; n * h];
                let near = |got: f32, want: f64| {
                    assert!((f64::from(got) - want).abs() < 1e-4, "{isa:?}: {got} {want}");
                };
                hidden.forward((isa, [n, h]), &values, (&weight, &bias), &mut out);
                for (i, j) in [(0, 0), (3, 99), (66, 41), (66, 99)] {
                    let sum = (0..h).map(|p| at(&values, i, p) * at(&weight, p, j)).sum::<f64>();
                    near(out[i * h + j], sum + f64::from(bias[j]));
                }
                hidden.input_gradient((isa, [n, h]), &delta, &weight, &mut out);
                for (i, j) in [(0, 0), (3, 99), (66, 41), (66, 99)] {
                    let sum = (0..h).map(|p| at(&delta, i, p) * at(&weight, j, p)).sum();
                    near(out[i * h + j], sum);
                }
                let mut out = vec![0.0; h * h];
                hidden.weight_gradient((isa, [n, h]), &values, &delta, &mut out);
                for (i, j) in [(0, 0), (3, 99), (99, 41), (99, 99)] {
                    let sum = (0..n).map(|p| at(&values, p, i) * at(&delta, p, j)).sum();
                    near(out[i * h + j], sum);
                }
            }
        }
    }
}
