//! Gaussian linear under a uniform prior: a normal posterior cut off at the prior's bounds.

use super::gaussian_linear::{GaussianLinear, log_likelihood, shift_by_noise};
use super::simulator::{BenchmarkSimulator, TaskInfo};
use crate::{Marginal, Prior, PriorError, SimulationError, SimulationRng, Simulator};

pub(super) const INFO: TaskInfo = TaskInfo {
    name: "gaussian_linear_uniform",
    description: "mean of a 10-dimensional normal under a uniform prior",
    parameter_dim: GaussianLinear::DIM,
    data_dim: GaussianLinear::DIM,
    data: include_str!("data/gaussian_linear_uniform.csv"),
    build: || Ok(Box::new(GaussianLinearUniform::new()?)),
};

/// θ ~ U(−1, 1)¹⁰; x ~ N(θ, 0.1 I). 0.1 is a variance.
#[derive(Clone, Debug)]
pub struct GaussianLinearUniform {
    prior: Prior,
}

impl GaussianLinearUniform {
    /// The task's simulator.
    ///
    /// # Errors
    /// None in practice: the prior's constants are valid.
    pub fn new() -> Result<Self, PriorError> {
        let marginal = Marginal::Uniform { low: -1.0, high: 1.0 };
        Ok(Self { prior: Prior::identical(GaussianLinear::DIM, marginal)? })
    }
}

impl Simulator for GaussianLinearUniform {
    fn prior(&self) -> &Prior {
        &self.prior
    }

    fn data_dim(&self) -> usize {
        GaussianLinear::DIM
    }

    fn simulate(
        &self,
        theta: &[f64],
        rng: &mut SimulationRng,
        x: &mut [f64],
    ) -> Result<(), SimulationError> {
        shift_by_noise(theta, rng, x);
        Ok(())
    }
}

impl BenchmarkSimulator for GaussianLinearUniform {
    fn log_likelihood(&self, theta: &[f64], x: &[f64]) -> f64 {
        log_likelihood(theta, x)
    }
}
