//! Gaussian linear: normal prior, normal data, normal posterior.

use rand_distr::{Distribution, StandardNormal};

use super::simulator::{BenchmarkSimulator, TaskInfo, normal_ln_pdf};
use crate::{Marginal, Prior, PriorError, SimulationError, SimulationRng, Simulator};

pub(super) const INFO: TaskInfo = TaskInfo {
    name: "gaussian_linear",
    description: "mean of a 10-dimensional normal under a normal prior",
    parameter_dim: GaussianLinear::DIM,
    data_dim: GaussianLinear::DIM,
    data: include_str!("data/gaussian_linear.csv"),
    build: || Ok(Box::new(GaussianLinear::new()?)),
};

/// θ ~ N(0, 0.1 I) in ten dimensions; x ~ N(θ, 0.1 I). 0.1 is a variance.
#[derive(Clone, Debug)]
pub struct GaussianLinear {
    prior: Prior,
}

impl GaussianLinear {
    /// Number of parameters and of data values.
    pub const DIM: usize = 10;
    /// Variance of each parameter under the prior.
    pub const PRIOR_VARIANCE: f64 = 0.1;
    /// Variance of each data value around its parameter.
    pub const NOISE_VARIANCE: f64 = 0.1;

    /// The task's simulator.
    ///
    /// # Errors
    /// None in practice: the prior's constants are valid.
    pub fn new() -> Result<Self, PriorError> {
        let marginal = Marginal::Normal { mean: 0.0, std: Self::PRIOR_VARIANCE.sqrt() };
        Ok(Self { prior: Prior::identical(Self::DIM, marginal)? })
    }
}

impl Simulator for GaussianLinear {
    fn prior(&self) -> &Prior {
        &self.prior
    }

    fn data_dim(&self) -> usize {
        Self::DIM
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

impl BenchmarkSimulator for GaussianLinear {
    fn log_likelihood(&self, theta: &[f64], x: &[f64]) -> f64 {
        log_likelihood(theta, x)
    }
}

/// x = θ + noise, also the model of `gaussian_linear_uniform`.
pub(super) fn shift_by_noise(theta: &[f64], rng: &mut SimulationRng, x: &mut [f64]) {
    let std = GaussianLinear::NOISE_VARIANCE.sqrt();
    for (value, mean) in x.iter_mut().zip(theta) {
        let noise: f64 = StandardNormal.sample(rng);
        *value = mean + std * noise;
    }
}

/// log N(x; θ, 0.1 I).
pub(super) fn log_likelihood(theta: &[f64], x: &[f64]) -> f64 {
    let std = GaussianLinear::NOISE_VARIANCE.sqrt();
    theta.iter().zip(x).map(|(&mean, &value)| normal_ln_pdf(value, mean, std)).sum()
}
