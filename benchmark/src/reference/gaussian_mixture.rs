//! Gaussian mixture: x ~ ½ N(θ, I) + ½ N(θ, 0.01 I) under a flat prior, so θ | x is the same mixture
//! around x, cut to the prior's box (by rejection, in the caller).

use super::Sampler;
use freeform_simulators::GaussianMixture;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// The mixture around the observation.
pub(super) struct Mirrored {
    x: Vec<f64>,
}

impl Mirrored {
    pub(super) fn new(x: &[f64]) -> Self {
        Self { x: x.to_vec() }
    }
}

impl Sampler for Mirrored {
    fn propose(&self, rng: &mut ChaCha8Rng, theta: &mut [f64]) -> Option<()> {
        let sd = GaussianMixture::STDS[usize::from(rng.random::<bool>())];
        for (slot, center) in theta.iter_mut().zip(&self.x) {
            let normal: f64 = StandardNormal.sample(rng);
            *slot = center + sd * normal;
        }
        Some(())
    }
}
