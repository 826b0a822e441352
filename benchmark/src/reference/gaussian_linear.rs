//! Gaussian linear: prior N(0, 0.1 I), x ~ N(θ, 0.1 I), so θ | x ~ N(x/2, 0.05 I).

use super::Sampler;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

const PRIOR_VARIANCE: f64 = 0.1;
const NOISE_VARIANCE: f64 = 0.1;

/// The conjugate posterior.
pub(super) struct Conjugate {
    mean: Vec<f64>,
    sd: f64,
}

impl Conjugate {
    pub(super) fn new(x: &[f64]) -> Self {
        let gain = PRIOR_VARIANCE / (PRIOR_VARIANCE + NOISE_VARIANCE);
        Self { mean: x.iter().map(|v| gain * v).collect(), sd: (gain * NOISE_VARIANCE).sqrt() }
    }
}

impl Sampler for Conjugate {
    fn propose(&self, rng: &mut ChaCha8Rng, theta: &mut [f64]) -> Option<()> {
        for (t, mean) in theta.iter_mut().zip(&self.mean) {
            let normal: f64 = StandardNormal.sample(rng);
            *t = mean + self.sd * normal;
        }
        Some(())
    }
}
