//! The von Mises distribution on a circle.

use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};
use std::f64::consts::{PI, SQRT_2, TAU};

/// Beyond this concentration the law is a normal one to double precision, and sampling it as such keeps
/// digits.
const NORMAL: f64 = 1e6;
/// Points of the distribution function.
const POINTS: usize = 4096;

/// Density ∝ exp(κ cos(φ − μ)) of the angle φ of a turn from `low` to `high`.
#[derive(Clone, Copy, Debug)]
pub(in crate::prior) struct VonMises {
    location: f64,
    concentration: f64,
    low: f64,
    high: f64,
    ln_normalizer: f64,
}

/// log(I₀(κ) e^−κ), I₀ the modified Bessel function: its integral by the trapezoidal rule, which for
/// periodic functions converges faster than any power.
pub(in crate::prior) fn ln_scaled_bessel(concentration: f64) -> f64 {
    if concentration > 1e4 {
        let inverse = 0.125 / concentration;
        return -0.5 * (TAU * concentration).ln()
            + (inverse * (1.0 + 4.5 * inverse * (1.0 + 25.0 / 3.0 * inverse))).ln_1p();
    }
    let n = POINTS;
    let at = |k: usize| (concentration * ((TAU * k as f64 / n as f64).cos() - 1.0)).exp();
    ((0..n).map(at).sum::<f64>() / n as f64).ln()
}

impl VonMises {
    pub(super) fn new(location: f64, concentration: f64, low: f64, high: f64) -> Self {
        let ln_normalizer = (high - low).ln() + ln_scaled_bessel(concentration);
        Self { location, concentration, low, high, ln_normalizer }
    }

    /// Radians from the location, of any turn.
    fn angle(&self, theta: f64) -> f64 {
        TAU * (theta - self.location) / (self.high - self.low)
    }

    /// The number from `low` to `high` of an angle in radians from the location.
    fn place(&self, angle: f64) -> f64 {
        let width = self.high - self.low;
        let turns = (self.location - self.low) / width + angle / TAU;
        self.low + width * turns.rem_euclid(1.0)
    }

    pub(in crate::prior) fn ln_pdf(&self, theta: f64) -> f64 {
        // cos − 1 of small angles keeps its digits as a square.
        let half = (0.5 * self.angle(theta)).sin();
        -2.0 * self.concentration * half * half - self.ln_normalizer
    }

    /// Best and Fisher's rejection from a wrapped Cauchy distribution (1979).
    pub(super) fn sample(&self, rng: &mut impl Rng) -> f64 {
        let kappa = self.concentration;
        if kappa > NORMAL {
            let normal: f64 = StandardNormal.sample(rng);
            return self.place(normal / kappa.sqrt());
        }
        let root = (1.0 + 4.0 * kappa * kappa).sqrt();
        let tau = (1.0 + root).sqrt();
        // (τ² − √2 τ) / 2κ, without a difference of near numbers where κ is small.
        let rho = 2.0 * kappa * tau / ((1.0 + root) * (tau + SQRT_2));
        let r = (1.0 + rho * rho) / (2.0 * rho);
        loop {
            let z = (PI * rng.random_range(0.0..1.0)).cos();
            let f = (1.0 + r * z) / (r + z);
            let c = kappa * (r - f);
            let u: f64 = rand_distr::Open01.sample(rng);
            if c * (2.0 - c) > u || (c / u).ln() + 1.0 >= c {
                let sign = if rng.random_range(0.0..1.0) < 0.5 { -1.0 } else { 1.0 };
                return self.place(sign * f.clamp(-1.0, 1.0).acos());
            }
        }
    }

    /// By its distribution function from `low` on, on a grid.
    pub(in crate::prior) fn quantile(&self, p: f64) -> f64 {
        let width = self.high - self.low;
        let at = |i: usize| self.low + width * i as f64 / POINTS as f64;
        let density: Vec<f64> = (0..=POINTS).map(|i| self.ln_pdf(at(i)).exp()).collect();
        let total: f64 = density.windows(2).map(|d| 0.5 * (d[0] + d[1])).sum();
        let mut below = 0.0;
        for (i, pair) in density.windows(2).enumerate() {
            let step = 0.5 * (pair[0] + pair[1]) / total;
            if below + step >= p {
                return at(i) + width / POINTS as f64 * ((p - below) / step).clamp(0.0, 1.0);
            }
            below += step;
        }
        self.high
    }
}
