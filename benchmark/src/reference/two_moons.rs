//! Two moons: the simulator adds a random crescent point to (−|θ₁+θ₂|, θ₂−θ₁)/√2, so a crescent
//! point drawn anew and subtracted from x leaves θ up to the sign of θ₁+θ₂. The map has constant
//! Jacobian, so under the flat prior the draws are exact.

use super::Sampler;
use freeform_simulators::TwoMoons;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use std::f64::consts::SQRT_2;

/// Inverts the simulator.
pub(super) struct Inversion {
    x: [f64; 2],
}

impl Inversion {
    pub(super) fn new(x: &[f64]) -> Self {
        Self { x: [x[0], x[1]] }
    }
}

impl Sampler for Inversion {
    fn propose(&self, rng: &mut ChaCha8Rng, theta: &mut [f64]) -> Option<()> {
        let crescent = TwoMoons::crescent(rng).ok()?;
        let magnitude = -SQRT_2 * (self.x[0] - crescent[0]);
        let difference = SQRT_2 * (self.x[1] - crescent[1]);
        // −|θ₁+θ₂| cannot be positive.
        if magnitude < 0.0 {
            return None;
        }
        let sum = if rng.random() { magnitude } else { -magnitude };
        theta[0] = 0.5 * (sum - difference);
        theta[1] = 0.5 * (sum + difference);
        Some(())
    }
}
