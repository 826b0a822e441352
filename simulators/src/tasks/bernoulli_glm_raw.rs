//! Bernoulli GLM raw: a neuron's filter from its spikes themselves.

use super::glm::BernoulliGlmModel as Model;
use super::simulator::{BenchmarkSimulator, TaskInfo};
use crate::{Prior, PriorError, SimulationError, SimulationRng, Simulator};

pub(super) const INFO: TaskInfo = TaskInfo {
    name: "bernoulli_glm_raw",
    description: "a neuron's offset and filter from 100 time steps with or without a spike",
    parameter_dim: Model::PARAMETERS,
    data_dim: Model::STEPS,
    data: include_str!("data/bernoulli_glm_raw.csv"),
    build: || Ok(Box::new(BernoulliGlmRaw::new()?)),
};

/// θ ~ N(0, P⁻¹); x ~ Bernoulli(sigmoid(Vθ)). See [`BernoulliGlmModel`](Model).
#[derive(Clone, Debug)]
pub struct BernoulliGlmRaw {
    prior: Prior,
}

impl BernoulliGlmRaw {
    /// The task's simulator.
    ///
    /// # Errors
    /// None in practice: the prior's constants are valid.
    pub fn new() -> Result<Self, PriorError> {
        Ok(Self { prior: Model::prior()? })
    }
}

impl Simulator for BernoulliGlmRaw {
    fn prior(&self) -> &Prior {
        &self.prior
    }

    fn data_dim(&self) -> usize {
        Model::STEPS
    }

    fn simulate(
        &self,
        theta: &[f64],
        rng: &mut SimulationRng,
        x: &mut [f64],
    ) -> Result<(), SimulationError> {
        Model::draw(theta, rng, x);
        Ok(())
    }
}

impl BenchmarkSimulator for BernoulliGlmRaw {
    fn log_likelihood(&self, theta: &[f64], x: &[f64]) -> f64 {
        if x.iter().any(|&response| response != 0.0 && response != 1.0) {
            return f64::NEG_INFINITY;
        }
        let mut statistics = [0.0; Model::PARAMETERS];
        Model::summarize(x, &mut statistics);
        Model::log_likelihood(theta, &statistics)
    }
}
