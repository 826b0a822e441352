//! The normal distribution between bounds.

use rand::Rng;
use rand_distr::Distribution;
use statrs::function::erf::{erfc, erfc_inv};
use std::f64::consts::{SQRT_2, TAU};

/// N(mean, std²) given that it lies between `low` and `high`, either of which may be infinite.
#[derive(Clone, Copy, Debug)]
pub(in crate::prior) struct TruncatedNormal {
    mean: f64,
    std: f64,
    /// Whether the bounds are mirrored: tails are those of positive numbers, which keep their digits.
    mirrored: bool,
    /// P(Z > lower bound) and P(Z > upper bound), in standard deviations from the mean.
    tails: [f64; 2],
    ln_mass: f64,
}

/// P(Z > z).
fn upper_tail(z: f64) -> f64 {
    0.5 * erfc(z / SQRT_2)
}

impl TruncatedNormal {
    /// `None` where next to nothing of the normal lies between the bounds.
    pub(super) fn new(mean: f64, std: f64, low: f64, high: f64) -> Option<Self> {
        let (a, b) = ((low - mean) / std, (high - mean) / std);
        let mirrored = a + b < 0.0;
        let (a, b) = if mirrored { (-b, -a) } else { (a, b) };
        let tails = [upper_tail(a), upper_tail(b)];
        let mass = tails[0] - tails[1];
        // Where the tails differ by a few of their last digits only, the law is not theirs.
        let whole = mass > 1e-290 && mass > 1e-9 * tails[0];
        whole.then(|| Self { mean, std, mirrored, tails, ln_mass: mass.ln() })
    }

    pub(in crate::prior) fn ln_pdf(&self, theta: f64) -> f64 {
        let z = (theta - self.mean) / self.std;
        -0.5 * (z * z + TAU.ln()) - self.std.ln() - self.ln_mass
    }

    pub(in crate::prior) fn quantile(&self, p: f64) -> f64 {
        let [most, least] = self.tails;
        let share = if self.mirrored { p } else { 1.0 - p };
        let z = SQRT_2 * erfc_inv(2.0 * (least + share * (most - least)));
        self.mean + self.std * if self.mirrored { -z } else { z }
    }

    pub(super) fn sample(&self, rng: &mut impl Rng) -> f64 {
        let place: f64 = rand_distr::Open01.sample(rng);
        self.quantile(place)
    }
}
