//! The model behind the two Bernoulli GLM tasks: a neuron that filters a white-noise stimulus.

use std::sync::LazyLock;

use rand::RngExt;

use super::legacy_numpy::RandomState;
use crate::{MultivariateNormal, Prior, PriorError, SimulationRng};

/// The generalised linear model: y_t ~ Bernoulli(sigmoid(V θ)_t), t = 1..100, with a smooth
/// normal prior on the filter.
#[derive(Clone, Copy, Debug)]
pub struct BernoulliGlmModel;

impl BernoulliGlmModel {
    /// Number of parameters: an offset and a filter of nine steps.
    pub const PARAMETERS: usize = 10;
    /// Number of time steps.
    pub const STEPS: usize = 100;
    const LAGS: usize = Self::PARAMETERS - 1;
    const STIMULUS_SEED: u32 = 42;
    const OFFSET_PRECISION: f64 = 0.5;

    /// The design matrix V, `[100][10]`: ones, then the stimulus delayed by 0..8 steps (zeros
    /// before it). The stimulus is single-precision white noise of numpy's legacy generator.
    #[must_use]
    pub fn design_matrix() -> &'static [[f64; Self::PARAMETERS]; Self::STEPS] {
        static DESIGN: LazyLock<[[f64; 10]; 100]> = LazyLock::new(|| {
            let mut state = RandomState::new(BernoulliGlmModel::STIMULUS_SEED);
            let stimulus = [(); 100].map(|()| f64::from(state.normal() as f32));
            let mut design = [[0.0; 10]; 100];
            for (t, row) in design.iter_mut().enumerate() {
                row[0] = 1.0;
                for (lag, entry) in row[1..].iter_mut().enumerate().take(t + 1) {
                    *entry = stimulus[t - lag];
                }
            }
            design
        });
        &DESIGN
    }

    /// Precision of the prior N(0, P⁻¹): ½ for the offset, FᵀF for the filter, where F takes
    /// second differences and adds √(i/9) on its diagonal, i = 0..8.
    #[must_use]
    pub fn prior_precision() -> [[f64; Self::PARAMETERS]; Self::PARAMETERS] {
        let factor = Self::roughness();
        let mut precision = [[0.0; Self::PARAMETERS]; Self::PARAMETERS];
        precision[0][0] = Self::OFFSET_PRECISION;
        for i in 0..Self::LAGS {
            for j in 0..Self::LAGS {
                precision[i + 1][j + 1] = factor.iter().map(|row| row[i] * row[j]).sum();
            }
        }
        precision
    }

    /// The prior N(0, P⁻¹).
    pub(super) fn prior() -> Result<Prior, PriorError> {
        let inverse = invert_lower(&Self::roughness());
        let mut covariance = vec![vec![0.0; Self::PARAMETERS]; Self::PARAMETERS];
        covariance[0][0] = Self::OFFSET_PRECISION.recip();
        for i in 0..Self::LAGS {
            for j in 0..Self::LAGS {
                // (FᵀF)⁻¹ = F⁻¹ F⁻ᵀ.
                covariance[i + 1][j + 1] =
                    inverse[i].iter().zip(&inverse[j]).map(|(a, b)| a * b).sum();
            }
        }
        let names = std::iter::once("offset".to_owned());
        let names = names.chain((0..Self::LAGS).map(|lag| format!("filter{lag}"))).collect();
        let law = MultivariateNormal::new(vec![0.0; Self::PARAMETERS], covariance)?;
        Prior::multivariate_normal(law, Some(names))
    }

    /// F, lower triangular: the square of first differences (1, −1) is (1, −2, 1).
    fn roughness() -> [[f64; Self::LAGS]; Self::LAGS] {
        let mut factor = [[0.0; Self::LAGS]; Self::LAGS];
        for i in 0..Self::LAGS {
            factor[i][i] = 1.0 + (i as f64 / Self::LAGS as f64).sqrt();
            if i >= 1 {
                factor[i][i - 1] = -2.0;
            }
            if i >= 2 {
                factor[i][i - 2] = 1.0;
            }
        }
        factor
    }

    /// Draws the response y `[100]` of zeros and ones at θ `[10]`.
    pub(super) fn draw(theta: &[f64], rng: &mut SimulationRng, y: &mut [f64]) {
        for (row, response) in Self::design_matrix().iter().zip(y) {
            let probability = (1.0 + (-dot(row, theta)).exp()).recip();
            *response = f64::from(u8::from(rng.random::<f64>() < probability));
        }
    }

    /// The sufficient statistics Vᵀy, `[10]`: the number of spikes, then the sum of the stimulus
    /// at each lag before them.
    pub(super) fn summarize(y: &[f64], statistics: &mut [f64]) {
        statistics.fill(0.0);
        for (row, &response) in Self::design_matrix().iter().zip(y) {
            for (statistic, entry) in statistics.iter_mut().zip(row) {
                *statistic += response * entry;
            }
        }
    }

    /// log p(y | θ) = θᵀVᵀy − Σ log(1 + exp(Vθ)), from the sufficient statistics of y.
    pub(super) fn log_likelihood(theta: &[f64], statistics: &[f64]) -> f64 {
        let normalizers = Self::design_matrix().iter().map(|row| softplus(dot(row, theta)));
        dot(theta, statistics) - normalizers.sum::<f64>()
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// log(1 + exp(z)), without overflow.
fn softplus(z: f64) -> f64 {
    z.max(0.0) + (-z.abs()).exp().ln_1p()
}

/// Inverse of a lower-triangular matrix: row i of it follows from the rows above.
fn invert_lower<const N: usize>(lower: &[[f64; N]; N]) -> [[f64; N]; N] {
    let mut inverse = [[0.0; N]; N];
    for (i, row) in lower.iter().enumerate() {
        let (above, here) = inverse.split_at_mut(i);
        here[0][i] = 1.0;
        for (entry, known) in row.iter().zip(above) {
            for (value, term) in here[0].iter_mut().zip(known) {
                *value -= entry * *term;
            }
        }
        here[0].iter_mut().for_each(|value| *value /= row[i]);
    }
    inverse
}
