//! One-dimensional problems whose posteriors are integrals.

use freeform_inference::Fit;
use freeform_simulators::{Marginal, Prior, Simulations};
use ndarray::Array2;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::{Distribution, StandardNormal};

/// θ uniform on [0, 1].
pub fn unit() -> Prior {
    Prior::identical(1, Marginal::Uniform { low: 0.0, high: 1.0 }).unwrap()
}

/// x = θ + noise · ε for each of `theta`.
pub fn observed(theta: &Array2<f64>, noise: f64, seed: u64) -> Simulations {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let x = theta.mapv(|t| {
        let e: f64 = StandardNormal.sample(&mut rng);
        t + noise * e
    });
    Simulations::new(theta.clone(), x).unwrap()
}

/// The recommended settings, made small.
pub fn small(prior: &Prior) -> Fit<'_> {
    let mut fit = Fit::new(prior).seed(1);
    for setting in [
        "network.width=16",
        "network.blocks=2",
        "training.max_epochs=20",
        "training.members=2",
        "whitening.steps=2000",
    ] {
        fit = fit.set(setting).unwrap();
    }
    fit
}

/// Mean and standard deviation of a density on [low, high], known up to a factor, by Simpson's rule.
pub fn moments(low: f64, high: f64, density: impl Fn(f64) -> f64) -> (f64, f64) {
    let n = 20_000;
    let h = (high - low) / f64::from(n);
    let sums = (0..=n).fold([0.0; 3], |s, i| {
        let t = low + h * f64::from(i);
        let weight = if i == 0 || i == n {
            1.0
        } else if i % 2 == 1 {
            4.0
        } else {
            2.0
        };
        let w = weight * density(t);
        [s[0] + w, s[1] + w * t, s[2] + w * t * t]
    });
    let mean = sums[1] / sums[0];
    (mean, (sums[2] / sums[0] - mean * mean).sqrt())
}

/// exp(−(x − θ)² / 2σ²).
pub fn likelihood(x: f64, theta: f64, sigma: f64) -> f64 {
    (-0.5 * ((x - theta) / sigma).powi(2)).exp()
}

/// Mean and standard deviation of the only column.
pub fn of_draws(theta: &Array2<f64>) -> (f64, f64) {
    (theta.mean().unwrap(), theta.std(0.0))
}
