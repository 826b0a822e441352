//! Two moons: a crescent of data whose place depends on θ through an absolute value, which makes
//! the posterior two mirrored crescents.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_PI_2, PI};

use rand::{Rng, RngExt};
use rand_distr::{Distribution, Normal, NormalError};

use super::simulator::{BenchmarkSimulator, TaskInfo, normal_ln_pdf};
use crate::{Marginal, Prior, PriorError, SimulationError, SimulationRng, Simulator};

pub(super) const INFO: TaskInfo = TaskInfo {
    name: "two_moons",
    description: "crescent-shaped data, bimodal crescent-shaped posterior",
    parameter_dim: 2,
    data_dim: 2,
    data: include_str!("data/two_moons.csv"),
    build: || Ok(Box::new(TwoMoons::new()?)),
};

/// θ ~ U(−1, 1)²; x = p + (−|θ₁ + θ₂|, θ₂ − θ₁) / √2 with a crescent point p.
#[derive(Clone, Debug)]
pub struct TwoMoons {
    prior: Prior,
}

impl TwoMoons {
    /// Mean of the crescent's radius.
    pub const RADIUS_MEAN: f64 = 0.1;
    /// Standard deviation of the crescent's radius.
    pub const RADIUS_STD: f64 = 0.01;
    /// Shift of the crescent along the first axis.
    pub const SHIFT: f64 = 0.25;

    /// The task's simulator.
    ///
    /// # Errors
    /// None in practice: the prior's constants are valid.
    pub fn new() -> Result<Self, PriorError> {
        let prior = Prior::identical(2, Marginal::Uniform { low: -1.0, high: 1.0 })?;
        Ok(Self { prior })
    }

    /// A point p of the crescent: (r cos a + 0.25, r sin a), a ~ U(−π/2, π/2), r ~ N(0.1, 0.01²).
    ///
    /// # Errors
    /// None in practice: the radius' constants are valid.
    pub fn crescent(rng: &mut impl Rng) -> Result<[f64; 2], NormalError> {
        let angle: f64 = rng.random_range(-FRAC_PI_2..FRAC_PI_2);
        let radius = Normal::new(Self::RADIUS_MEAN, Self::RADIUS_STD)?.sample(rng);
        Ok([radius * angle.cos() + Self::SHIFT, radius * angle.sin()])
    }

    /// Where θ moves the crescent: (−|θ₁ + θ₂|, θ₂ − θ₁) / √2.
    #[must_use]
    pub fn displacement(theta: &[f64]) -> [f64; 2] {
        let (sum, difference) = (theta[0] + theta[1], theta[1] - theta[0]);
        [-sum.abs() * FRAC_1_SQRT_2, difference * FRAC_1_SQRT_2]
    }
}

impl Simulator for TwoMoons {
    fn prior(&self) -> &Prior {
        &self.prior
    }

    fn data_dim(&self) -> usize {
        INFO.data_dim
    }

    fn simulate(
        &self,
        theta: &[f64],
        rng: &mut SimulationRng,
        x: &mut [f64],
    ) -> Result<(), SimulationError> {
        let point = Self::crescent(rng).map_err(SimulationError::new)?;
        let displacement = Self::displacement(theta);
        x[0] = point[0] + displacement[0];
        x[1] = point[1] + displacement[1];
        Ok(())
    }
}

impl BenchmarkSimulator for TwoMoons {
    /// In polar coordinates around the crescent's centre the density is N(r; 0.1, 0.01²) / π;
    /// the area element brings the factor 1/r. (Negative radii, ten standard deviations away,
    /// are left out.)
    fn log_likelihood(&self, theta: &[f64], x: &[f64]) -> f64 {
        let displacement = Self::displacement(theta);
        let across = x[0] - displacement[0] - Self::SHIFT;
        let along = x[1] - displacement[1];
        if across <= 0.0 {
            return f64::NEG_INFINITY;
        }
        let radius = across.hypot(along);
        normal_ln_pdf(radius, Self::RADIUS_MEAN, Self::RADIUS_STD) - PI.ln() - radius.ln()
    }
}
