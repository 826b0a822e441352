//! Bernoulli GLM: a neuron's filter from the sufficient statistics of its spikes.

use super::glm::BernoulliGlmModel as Model;
use super::simulator::{BenchmarkSimulator, TaskInfo};
use crate::{Prior, PriorError, SimulationError, SimulationRng, Simulator};

pub(super) const INFO: TaskInfo = TaskInfo {
    name: "bernoulli_glm",
    description: "a neuron's offset and filter from 10 sufficient statistics of its spikes",
    parameter_dim: Model::PARAMETERS,
    data_dim: Model::PARAMETERS,
    data: include_str!("data/bernoulli_glm.csv"),
    build: || Ok(Box::new(BernoulliGlm::new()?)),
};

/// θ ~ N(0, P⁻¹); y ~ Bernoulli(sigmoid(Vθ)); x = Vᵀy. See [`BernoulliGlmModel`](Model).
#[derive(Clone, Debug)]
pub struct BernoulliGlm {
    prior: Prior,
}

impl BernoulliGlm {
    /// The task's simulator.
    ///
    /// # Errors
    /// None in practice: the prior's constants are valid.
    pub fn new() -> Result<Self, PriorError> {
        Ok(Self { prior: Model::prior()? })
    }
}

impl Simulator for BernoulliGlm {
    fn prior(&self) -> &Prior {
        &self.prior
    }

    fn data_dim(&self) -> usize {
        Model::PARAMETERS
    }

    fn simulate(
        &self,
        theta: &[f64],
        rng: &mut SimulationRng,
        x: &mut [f64],
    ) -> Result<(), SimulationError> {
        let mut y = [0.0; Model::STEPS];
        Model::draw(theta, rng, &mut y);
        Model::summarize(&y, x);
        Ok(())
    }
}

impl BenchmarkSimulator for BernoulliGlm {
    /// The likelihood of any one response y with these statistics, which is that of x up to a
    /// constant (the number of such y).
    fn log_likelihood(&self, theta: &[f64], x: &[f64]) -> f64 {
        Model::log_likelihood(theta, x)
    }
}
