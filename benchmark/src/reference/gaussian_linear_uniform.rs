//! Gaussian linear, uniform prior: x ~ N(θ, 0.1 I), θ ~ U(−1, 1)^D, so each θ_j | x is N(x_j, 0.1)
//! cut to the interval, by inversion of its distribution function.

use super::Sampler;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use statrs::distribution::{ContinuousCDF, Normal};

const NOISE_VARIANCE: f64 = 0.1;
const BOUND: f64 = 1.0;

/// Independent truncated normals.
pub(super) struct Truncated {
    laws: Vec<Cut>,
}

/// N(mean, sd²) on (−1, 1), mirrored so that the mean is not positive: the upper end then lies in
/// the right tail, where the survival function keeps its precision.
struct Cut {
    sign: f64,
    mean: f64,
    /// Survival function at the lower and the upper end.
    survival: [f64; 2],
}

impl Truncated {
    pub(super) fn new(x: &[f64]) -> Self {
        let sd = NOISE_VARIANCE.sqrt();
        let laws = x.iter().map(|value| {
            let (sign, mean) = (if *value > 0.0 { -1.0 } else { 1.0 }, -value.abs());
            let standard = Normal::standard();
            let survival = [-BOUND, BOUND].map(|end| standard.sf((end - mean) / sd));
            Cut { sign, mean, survival }
        });
        Self { laws: laws.collect() }
    }
}

impl Sampler for Truncated {
    fn propose(&self, rng: &mut ChaCha8Rng, theta: &mut [f64]) -> Option<()> {
        let standard = Normal::standard();
        for (slot, Cut { sign, mean, survival: [low, high] }) in theta.iter_mut().zip(&self.laws) {
            let share = high + (low - high) * rng.random::<f64>();
            // The normal is symmetric: its survival function inverts by its mirror image.
            let z = -standard.inverse_cdf(share);
            *slot = sign * (mean + NOISE_VARIANCE.sqrt() * z);
        }
        theta.iter().all(|t| t.abs() < BOUND).then_some(())
    }
}
