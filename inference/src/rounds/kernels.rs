//! A wide, smooth law around the posterior's draws, to draw from a region that is a small part of the
//! prior.

use crate::config::ThetaTransform;
use crate::transform::{ParameterTransform, categories};
use freeform_simulators::Prior;
use ndarray::Array2;
use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};

/// Kernels that are laid around draws.
const KERNELS: usize = 256;
/// Ridge of a covariance that would be singular, of its mean variance.
const RIDGE: f64 = 1e-6;

/// Normal kernels of one covariance around draws, in θ without its lower bounds (the logarithm of
/// positive parameters).
pub(super) struct Kernels<'a> {
    prior: &'a Prior,
    map: ParameterTransform,
    centres: Vec<f64>,
    /// Lower triangle L of the kernels' covariance L Lᵀ, row after row, and of its inverse.
    factor: Vec<f64>,
    inverse: Vec<f64>,
    log_constant: f64,
}

impl<'a> Kernels<'a> {
    /// Around `draws` `[n, D]`, as wide as spreads a normal law evenly over where its log-density is
    /// at most `fall` below the median. `None` where the draws have no spread.
    pub fn around(prior: &'a Prior, draws: &Array2<f64>, fall: f64) -> Option<Self> {
        let dim = prior.dim();
        let flat: Vec<f64> = draws.iter().copied().collect();
        let map = ParameterTransform::fit(ThetaTransform::Log, prior, flat.chunks_exact(dim));
        let mut point = vec![0.0_f32; dim];
        let mut points = Vec::with_capacity(flat.len());
        for row in flat.chunks_exact(dim) {
            map.apply(prior, row, &mut point);
            points.extend(point.iter().map(|v| f64::from(*v)));
        }
        let rows = points.len() / dim;
        let step = (rows / KERNELS).max(1);
        let centres: Vec<f64> = points.chunks_exact(dim).step_by(step).flatten().copied().collect();
        // A normal law's log-density is fall below its median at the radius r² = D + 2 fall.
        let bandwidth = (2.0 * fall / dim as f64).max(0.25);
        let mut covariance = covariance(&points, dim);
        covariance.iter_mut().for_each(|v| *v *= bandwidth);
        let mean = (0..dim).map(|k| covariance[k * dim + k]).sum::<f64>() / dim as f64;
        (0..dim).for_each(|k| covariance[k * dim + k] += RIDGE * mean);
        let factor = cholesky(&covariance, dim)?;
        let log_det: f64 = (0..dim).map(|k| factor[k * dim + k].ln()).sum();
        let kernels = (centres.len() / dim) as f64;
        let log_constant = -0.5 * dim as f64 * std::f64::consts::TAU.ln() - log_det - kernels.ln();
        Some(Self { prior, map, centres, inverse: invert(&factor, dim), factor, log_constant })
    }

    /// Draws one θ into `out`, `[D]`, and gives log p(θ) less its log-density; −∞ outside the prior.
    pub fn draw(&self, rng: &mut impl Rng, out: &mut [f64]) -> f64 {
        let dim = out.len();
        let kernel = rng.random_range(0..self.centres.len() / dim);
        let noise: Vec<f64> = (0..dim).map(|_| StandardNormal.sample(rng)).collect();
        let mut point = vec![0.0_f32; dim];
        for (row, slot) in point.iter_mut().enumerate() {
            let factor = &self.factor[row * dim..][..=row];
            let step: f64 = factor.iter().zip(&noise).map(|(l, z)| l * z).sum();
            *slot = (self.centres[kernel * dim + row] + step) as f32;
        }
        self.map.invert(self.prior, &point, out);
        let finite = out.iter().all(|v| v.is_finite());
        if !finite || !self.prior.contains(out) || !self.map.reaches(self.prior, out) {
            return f64::NEG_INFINITY;
        }
        let drawn = point.clone();
        let log_det = self.map.apply(self.prior, out, &mut point);
        // Where in a category's interval it lies is the kernel's, not θ's.
        categories(self.prior).for_each(|(column, _)| point[column] = drawn[column]);
        self.prior.log_prob(out) - log_det - self.log_density(&point)
    }

    fn log_density(&self, point: &[f32]) -> f64 {
        let dim = point.len();
        let exponent = |centre: &[f64]| {
            let mut square = 0.0;
            for row in 0..dim {
                let inverse = &self.inverse[row * dim..][..=row];
                let terms = inverse.iter().zip(point).zip(centre);
                let z: f64 = terms.map(|((l, p), c)| l * (f64::from(*p) - c)).sum();
                square += z * z;
            }
            -0.5 * square
        };
        let exponents: Vec<f64> = self.centres.chunks_exact(dim).map(exponent).collect();
        let most = exponents.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = exponents.iter().map(|e| (e - most).exp()).sum();
        most + sum.ln() + self.log_constant
    }
}

fn covariance(points: &[f64], dim: usize) -> Vec<f64> {
    let n = (points.len() / dim) as f64;
    let mean: Vec<f64> =
        (0..dim).map(|k| points.iter().skip(k).step_by(dim).sum::<f64>() / n).collect();
    let mut out = vec![0.0; dim * dim];
    for row in points.chunks_exact(dim) {
        for i in 0..dim {
            for j in 0..=i {
                out[i * dim + j] += (row[i] - mean[i]) * (row[j] - mean[j]) / n;
            }
        }
    }
    for i in 0..dim {
        for j in i + 1..dim {
            out[i * dim + j] = out[j * dim + i];
        }
    }
    out
}

/// L of L Lᵀ; `None` where the matrix is not positive definite.
fn cholesky(matrix: &[f64], dim: usize) -> Option<Vec<f64>> {
    let mut l = vec![0.0; dim * dim];
    for i in 0..dim {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| l[i * dim + k] * l[j * dim + k]).sum();
            let rest = matrix[i * dim + j] - sum;
            l[i * dim + j] = if i == j {
                if rest.is_nan() || rest <= 0.0 {
                    return None;
                }
                rest.sqrt()
            } else {
                rest / l[j * dim + j]
            };
        }
    }
    Some(l)
}

/// L⁻¹.
fn invert(l: &[f64], dim: usize) -> Vec<f64> {
    let mut out = vec![0.0; dim * dim];
    for j in 0..dim {
        for i in j..dim {
            let sum: f64 = (j..i).map(|k| l[i * dim + k] * out[k * dim + j]).sum();
            let one = f64::from(u8::from(i == j));
            out[i * dim + j] = (one - sum) / l[i * dim + i];
        }
    }
    out
}
