//! Steps along a gradient: Adam, or Muon (Jordan et al. 2024) where weights are matrices.

use super::settings::{Optimizer, TrainSettings};
use super::state::State;
use crate::network::{Layout, NetworkSpec};
use freeform_kernels::{
    AdamW, Isa, Start, View, ViewMut, adamw, average, gemm_nn, gemm_nt, gemm_tn,
};
use rayon::prelude::*;
use std::ops::Range;

/// A matrix among the weights of both networks.
#[derive(Clone, Debug, PartialEq)]
struct Matrix {
    range: Range<usize>,
    rows: usize,
}

/// What changes the weights.
pub(super) struct Updater {
    isa: Isa,
    matrices: Vec<Matrix>,
}

/// Share of the old momentum (Muon).
const MOMENTUM: f32 = 0.95;
/// Root mean square of a change of a matrix at learning rate 1: matrices bear larger changes than what is
/// left to Adam.
const SIZE: f32 = 0.6;

impl Updater {
    pub fn new(isa: Isa, spec: &NetworkSpec, optimizer: Optimizer) -> Self {
        let mut matrices = Vec::new();
        if optimizer == Optimizer::Muon {
            let layout = Layout::new(spec);
            for network in 0..2 {
                let from = network * layout.total;
                matrices.extend(layout.matrices().into_iter().map(|(range, rows)| Matrix {
                    range: from + range.start..from + range.end,
                    rows,
                }));
            }
        }
        Self { isa, matrices }
    }

    /// A step with a clipped gradient; averaged weights follow, from few steps at first.
    pub fn step(&self, settings: &TrainSettings, state: &mut State, gradient: &[f32], norm: f64) {
        let t = (state.step + 1) as f64;
        let clip = (settings.clip / norm).min(1.0) as f32;
        let rate = settings.learning_rate_at(state.step) * 0.5_f64.powi(state.falls as i32);
        let step = AdamW {
            learning_rate: rate as f32,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.0,
            correction1: (1.0 - 0.9_f64.powf(t)) as f32,
            correction2: (1.0 - 0.999_f64.powf(t)) as f32,
            gradient_scale: clip,
        };
        let State { weights, first, second, average: averaged, .. } = state;
        let mut at = 0;
        let rest = self.matrices.iter().map(|matrix| matrix.range.clone());
        for matrix in rest.chain(std::iter::once(weights.len()..weights.len())) {
            let part = at..matrix.start;
            let [w, m, v] = [&mut *weights, first, second].map(|of| &mut of[part.clone()]);
            adamw(self.isa, &step, w, &gradient[part.clone()], m, v);
            at = matrix.end;
        }
        let isa = self.isa;
        let changes: Vec<Vec<f32>> = (self.matrices.par_iter())
            .map(|matrix| {
                let (momentum, new) =
                    (&first[matrix.range.clone()], &gradient[matrix.range.clone()]);
                // Nesterov's: the new gradient counts as if the momentum had it already.
                let ahead = momentum.iter().zip(new).map(|(m, g)| {
                    let g = clip * g;
                    MOMENTUM * (MOMENTUM * m + (1.0 - MOMENTUM) * g) + (1.0 - MOMENTUM) * g
                });
                orthogonal(isa, matrix.rows, ahead.collect())
            })
            .collect();
        for (matrix, change) in self.matrices.iter().zip(changes) {
            let columns = matrix.range.len() / matrix.rows;
            let by = step.learning_rate * SIZE * (matrix.rows.max(columns) as f32).sqrt();
            let range = matrix.range.clone();
            let moments = first[range.clone()].iter_mut().zip(&gradient[range.clone()]);
            moments.for_each(|(m, g)| *m = MOMENTUM * *m + (1.0 - MOMENTUM) * clip * g);
            weights[range].iter_mut().zip(change).for_each(|(w, change)| *w -= by * change);
        }
        let decay = settings.average.min(t / (t + 9.0));
        average(isa, decay as f32, weights, averaged);
    }
}

/// About the nearest matrix with orthonormal rows or columns, whichever are fewer, to x `[rows, ·]`: five
/// steps of Newton and Schulz's iteration with Jordan's coefficients, which bring all but tiny
/// singular values to between 0.7 and 1.2.
fn orthogonal(isa: Isa, rows: usize, mut x: Vec<f32>) -> Vec<f32> {
    const STEPS: usize = 5;
    const COEFFICIENTS: [f32; 3] = [3.4445, -4.7750, 2.0315];
    let [a, b, c] = COEFFICIENTS;
    let columns = x.len() / rows;
    // In doubles: beside an outlier's, a clipped gradient has squares that singles do not hold.
    let norm = x.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
    if norm == 0.0 {
        return x;
    }
    x.iter_mut().for_each(|v| *v = (f64::from(*v) / norm) as f32);
    let small = rows.min(columns);
    let (mut gram, mut square, mut turned) =
        (vec![0.0; small * small], vec![0.0; small * small], vec![0.0; x.len()]);
    for _ in 0..STEPS {
        let view = View::new(&x, columns);
        let to = ViewMut::new(&mut gram, small);
        match rows <= columns {
            true => gemm_nt(isa, [small, small, columns], view, view, to, Start::Zero),
            false => gemm_tn(isa, [small, small, rows], view, view, to, Start::Zero),
        }
        let of = View::new(&gram, small);
        gemm_nn(isa, [small; 3], of, of, ViewMut::new(&mut square, small), Start::Zero);
        square.iter_mut().zip(&gram).for_each(|(square, gram)| *square = b * gram + c * *square);
        let (of, to) = (View::new(&square, small), ViewMut::new(&mut turned, columns));
        match rows <= columns {
            true => gemm_nn(isa, [rows, columns, small], of, view, to, Start::Zero),
            false => gemm_nn(isa, [rows, columns, small], view, of, to, Start::Zero),
        }
        x.iter_mut().zip(&turned).for_each(|(x, turned)| *x = a * *x + turned);
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linear::invert;
    use rand::{RngExt, SeedableRng};

    fn random(rows: usize, columns: usize) -> Vec<f32> {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(3);
        (0..rows * columns).map(|_| rng.random_range(-1.0..1.0)).collect()
    }

    /// X = UΣVᵀ becomes UΣ′Vᵀ with Σ′ near 1: the Gram matrix is near the identity, and the product with
    /// X stays symmetric, as U stays.
    #[test]
    fn singular_values_go_to_one() {
        for (rows, columns) in [(16, 32), (32, 16), (48, 16)] {
            let x = random(rows, columns);
            let o = orthogonal(Isa::best(), rows, x.clone());
            let small = rows.min(columns);
            let at = |of: &[f32], i: usize, j: usize| match rows <= columns {
                true => f64::from(of[i * columns + j]),
                false => f64::from(of[j * columns + i]),
            };
            let product = |a: &[f32], b: &[f32], i: usize, j: usize| {
                (0..rows.max(columns)).map(|k| at(a, i, k) * at(b, j, k)).sum::<f64>()
            };
            let mut gram: Vec<f64> =
                (0..small * small).map(|q| product(&o, &o, q / small, q % small)).collect();
            let trace: f64 = (0..small).map(|i| gram[i * small + i]).sum();
            assert!((trace / small as f64 - 1.0).abs() < 0.25, "{trace}");
            let determinant = invert(small, &mut gram).unwrap();
            assert!(determinant.log.abs() < 0.35 * small as f64, "{}", determinant.log);
            for i in 0..small {
                for j in 0..i {
                    let (one, other) = (product(&o, &x, i, j), product(&o, &x, j, i));
                    assert!((one - other).abs() < 1e-3, "{one} {other}");
                }
            }
        }
    }

    #[test]
    fn sizes_do_not_matter_and_nothing_stays_nothing() {
        let x = random(16, 32);
        let expected = orthogonal(Isa::best(), 16, x.clone());
        for size in [1e-22, 1e-30, 1e20] {
            let o = orthogonal(Isa::best(), 16, x.iter().map(|v| size * v).collect());
            let close = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-3;
            assert!(o.iter().zip(&expected).all(close), "{size}");
        }
        assert_eq!(orthogonal(Isa::best(), 4, vec![0.0; 32]), vec![0.0; 32]);
    }
}
