//! The multivariate normal distribution.

use std::f64::consts::TAU;

use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use super::{Marginal, PriorError};

/// N(mean, covariance) with a positive definite covariance.
#[derive(Clone, Debug, PartialEq)]
pub struct MultivariateNormal {
    mean: Vec<f64>,
    covariance: Vec<Vec<f64>>,
    /// Lower Cholesky factor L of the covariance, row by row: row i has i + 1 entries.
    cholesky: Vec<f64>,
    ln_normalizer: f64,
}

impl MultivariateNormal {
    /// Builds the distribution from its mean `[D]` and covariance `[D][D]`.
    ///
    /// # Errors
    /// [`PriorError`] if the shapes disagree, a number is not finite, or the covariance is not
    /// symmetric and positive definite.
    pub fn new(mean: Vec<f64>, covariance: Vec<Vec<f64>>) -> Result<Self, PriorError> {
        let dim = mean.len();
        check_shapes(&mean, &covariance)?;
        let cholesky = factorize(&covariance)?;
        let ln_det: f64 = (0..dim).map(|i| cholesky[row_start(i) + i].ln()).sum();
        let ln_normalizer = -0.5 * dim as f64 * TAU.ln() - ln_det;
        Ok(Self { mean, covariance, cholesky, ln_normalizer })
    }

    /// The mean, `[D]`.
    #[must_use]
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// The covariance, `[D][D]`.
    #[must_use]
    pub fn covariance(&self) -> &[Vec<f64>] {
        &self.covariance
    }

    /// The law of one parameter, from 0, whatever the others are.
    pub(super) fn marginal(&self, parameter: usize) -> Marginal {
        let std = self.covariance[parameter][parameter].sqrt();
        Marginal::Normal { mean: self.mean[parameter], std }
    }

    pub(super) fn ln_pdf(&self, theta: &[f64]) -> f64 {
        // Forward substitution: L w = θ − mean, one entry at a time.
        let mut whitened = Vec::with_capacity(theta.len());
        for (i, (value, mean)) in theta.iter().zip(&self.mean).enumerate() {
            let row = &self.cholesky[row_start(i)..=row_start(i) + i];
            let known: f64 = row.iter().zip(&whitened).map(|(l, w)| l * w).sum();
            whitened.push((value - mean - known) / row[i]);
        }
        self.ln_normalizer - 0.5 * whitened.iter().map(|w| w * w).sum::<f64>()
    }

    pub(super) fn sample(&self, rng: &mut impl Rng, out: &mut [f64]) {
        for value in out.iter_mut() {
            *value = StandardNormal.sample(rng);
        }
        // From the last row up, so that the normals still needed are not overwritten.
        for i in (0..out.len()).rev() {
            let row = &self.cholesky[row_start(i)..=row_start(i) + i];
            let shift: f64 = row.iter().zip(out.iter()).map(|(l, z)| l * z).sum();
            out[i] = self.mean[i] + shift;
        }
    }
}

/// Where row i of a packed lower triangle begins.
fn row_start(i: usize) -> usize {
    i * (i + 1) / 2
}

fn check_shapes(mean: &[f64], covariance: &[Vec<f64>]) -> Result<(), PriorError> {
    let dim = mean.len();
    if dim == 0 {
        return Err(PriorError::NoParameters);
    }
    if let Some(value) = mean.iter().find(|value| !value.is_finite()) {
        return Err(PriorError::BadValue {
            parameter: "multivariate_normal".to_owned(),
            field: "mean".to_owned(),
            value: value.to_string(),
            requirement: "it must be a finite number".to_owned(),
        });
    }
    let wrong = |field: String, found| Err(PriorError::Dimension { field, found, expected: dim });
    if covariance.len() != dim {
        return wrong("covariance".to_owned(), covariance.len());
    }
    for (row, entries) in covariance.iter().enumerate() {
        if entries.len() != dim {
            return wrong(format!("covariance[{row}]"), entries.len());
        }
    }
    Ok(())
}

/// The packed lower Cholesky factor.
fn factorize(covariance: &[Vec<f64>]) -> Result<Vec<f64>, PriorError> {
    let dim = covariance.len();
    let mut factor = vec![0.0; row_start(dim)];
    for i in 0..dim {
        for j in 0..=i {
            let (here, mirrored) = (covariance[i][j], covariance[j][i]);
            // Rounding in a printed matrix passes, NaN does not.
            let gap = (here - mirrored).abs();
            if gap.is_nan() || gap > 1e-9 * here.abs().max(mirrored.abs()) {
                let requirement = "symmetric";
                return Err(PriorError::Covariance { requirement, row: i, column: j });
            }
            let known: f64 =
                (0..j).map(|k| factor[row_start(i) + k] * factor[row_start(j) + k]).sum();
            let rest = here - known;
            factor[row_start(i) + j] = if i != j {
                rest / factor[row_start(j) + j]
            } else if rest > 0.0 && rest.is_finite() {
                rest.sqrt()
            } else {
                let requirement = "positive definite";
                return Err(PriorError::Covariance { requirement, row: i, column: i });
            };
        }
    }
    Ok(factor)
}
