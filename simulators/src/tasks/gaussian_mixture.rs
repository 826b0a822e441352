//! Gaussian mixture: a wide and a narrow normal around the same mean.

use std::f64::consts::LN_2;

use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

use super::simulator::{BenchmarkSimulator, TaskInfo, ln_add_exp, normal_ln_pdf};
use crate::{Marginal, Prior, PriorError, SimulationError, SimulationRng, Simulator};

pub(super) const INFO: TaskInfo = TaskInfo {
    name: "gaussian_mixture",
    description: "common mean of a wide and a narrow 2-dimensional normal",
    parameter_dim: 2,
    data_dim: 2,
    data: include_str!("data/gaussian_mixture.csv"),
    build: || Ok(Box::new(GaussianMixture::new()?)),
};

/// θ ~ U(−10, 10)²; x ~ ½ N(θ, I) + ½ N(θ, 0.01 I), with one component for both data values.
///
/// The component is drawn anew for each simulation; releases of the benchmark before 1.1.0 drew
/// one for a whole batch.
#[derive(Clone, Debug)]
pub struct GaussianMixture {
    prior: Prior,
}

impl GaussianMixture {
    /// Standard deviations of the two equally likely components.
    pub const STDS: [f64; 2] = [1.0, 0.1];

    /// The task's simulator.
    ///
    /// # Errors
    /// None in practice: the prior's constants are valid.
    pub fn new() -> Result<Self, PriorError> {
        let marginal = Marginal::Uniform { low: -10.0, high: 10.0 };
        Ok(Self { prior: Prior::identical(2, marginal)? })
    }
}

impl Simulator for GaussianMixture {
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
        let std = Self::STDS[usize::from(rng.random::<bool>())];
        for (value, mean) in x.iter_mut().zip(theta) {
            let noise: f64 = StandardNormal.sample(rng);
            *value = mean + std * noise;
        }
        Ok(())
    }
}

impl BenchmarkSimulator for GaussianMixture {
    fn log_likelihood(&self, theta: &[f64], x: &[f64]) -> f64 {
        let [wide, narrow] = Self::STDS.map(|std| {
            theta.iter().zip(x).map(|(&mean, &value)| normal_ln_pdf(value, mean, std)).sum()
        });
        ln_add_exp(wide, narrow) - LN_2
    }
}
