//! SLCP: simple likelihood, complex posterior.

use std::f64::consts::TAU;

use rand_distr::{Distribution, StandardNormal};

use super::simulator::{BenchmarkSimulator, TaskInfo};
use crate::{Marginal, Prior, PriorError, SimulationError, SimulationRng, Simulator};

pub(super) const INFO: TaskInfo = TaskInfo {
    name: "slcp",
    description: "simple likelihood, complex posterior: four points of a 2-dimensional normal",
    parameter_dim: Slcp::PARAMETERS,
    data_dim: Slcp::DATA,
    data: include_str!("data/slcp.csv"),
    build: || Ok(Box::new(Slcp::new()?)),
};

/// θ ~ U(−3, 3)⁵; x is four draws of N((θ₁, θ₂), S), where S has standard deviations θ₃² and
/// θ₄², correlation tanh θ₅, and 10⁻⁶ added to its diagonal.
///
/// The likelihood does not change under θ₃ → −θ₃ or θ₄ → −θ₄.
#[derive(Clone, Debug)]
pub struct Slcp {
    prior: Prior,
}

impl Slcp {
    /// Number of parameters.
    pub const PARAMETERS: usize = 5;
    /// Number of data values: four points in the plane.
    pub const DATA: usize = 8;
    const JITTER: f64 = 1e-6;

    /// The task's simulator.
    ///
    /// # Errors
    /// None in practice: the prior's constants are valid.
    pub fn new() -> Result<Self, PriorError> {
        Ok(Self { prior: Self::build_prior()? })
    }

    pub(super) fn build_prior() -> Result<Prior, PriorError> {
        Prior::identical(Self::PARAMETERS, Marginal::Uniform { low: -3.0, high: 3.0 })
    }

    /// Fills `x` `[8]` with four points at θ `[5]`.
    pub(super) fn draw(theta: &[f64], rng: &mut SimulationRng, x: &mut [f64]) {
        let [l11, l21, l22] = cholesky(theta);
        for point in x.chunks_exact_mut(2) {
            let (first, second): (f64, f64) =
                (StandardNormal.sample(rng), StandardNormal.sample(rng));
            point[0] = theta[0] + l11 * first;
            point[1] = theta[1] + l21 * first + l22 * second;
        }
    }

    /// log p(x | θ) for θ `[5]` and x `[8]`.
    #[must_use]
    pub fn log_density(theta: &[f64], x: &[f64]) -> f64 {
        let [l11, l21, l22] = cholesky(theta);
        let mut squares = 0.0;
        for point in x.chunks_exact(2) {
            let first = (point[0] - theta[0]) / l11;
            let second = (point[1] - theta[1] - l21 * first) / l22;
            squares += first * first + second * second;
        }
        let points = (x.len() / 2) as f64;
        -0.5 * squares - points * (TAU.ln() + l11.ln() + l22.ln())
    }
}

/// Lower Cholesky factor of S at θ: entries 11, 21 and 22.
fn cholesky(theta: &[f64]) -> [f64; 3] {
    let (s1, s2, correlation) = (theta[2] * theta[2], theta[3] * theta[3], theta[4].tanh());
    let l11 = (s1 * s1 + Slcp::JITTER).sqrt();
    let l21 = correlation * s1 * s2 / l11;
    // s₂² + ε − l₂₁², arranged so that nothing cancels as the correlation nears one.
    let sech = theta[4].cosh().recip();
    let kept = (s1 * s1 * sech * sech + Slcp::JITTER) / (s1 * s1 + Slcp::JITTER);
    [l11, l21, (s2 * s2 * kept + Slcp::JITTER).sqrt()]
}

impl Simulator for Slcp {
    fn prior(&self) -> &Prior {
        &self.prior
    }

    fn data_dim(&self) -> usize {
        Self::DATA
    }

    fn simulate(
        &self,
        theta: &[f64],
        rng: &mut SimulationRng,
        x: &mut [f64],
    ) -> Result<(), SimulationError> {
        Self::draw(theta, rng, x);
        Ok(())
    }
}

impl BenchmarkSimulator for Slcp {
    fn log_likelihood(&self, theta: &[f64], x: &[f64]) -> f64 {
        Self::log_density(theta, x)
    }
}
