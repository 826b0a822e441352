//! SLCP with distractors: the eight numbers of SLCP, hidden among 92 of noise.

use super::simulator::{BenchmarkSimulator, TaskInfo};
use super::{DistractorMixture, Slcp};
use crate::{Prior, PriorError, SimulationError, SimulationRng, Simulator};

pub(super) const INFO: TaskInfo = TaskInfo {
    name: "slcp_distractors",
    description: "slcp, its 8 data values hidden among 92 of heavy-tailed noise",
    parameter_dim: Slcp::PARAMETERS,
    data_dim: SlcpDistractors::DATA,
    data: include_str!("data/slcp_distractors.csv"),
    build: || Ok(Box::new(SlcpDistractors::new()?)),
};

/// The prior and data of [`Slcp`], followed by 92 draws of a [`DistractorMixture`] that do not
/// depend on θ, all in a fixed random order.
#[derive(Clone, Debug)]
pub struct SlcpDistractors {
    prior: Prior,
}

impl SlcpDistractors {
    /// Number of data values.
    pub const DATA: usize = Slcp::DATA + DistractorMixture::DIM;

    /// The task's simulator.
    ///
    /// # Errors
    /// None in practice: the prior's constants are valid.
    pub fn new() -> Result<Self, PriorError> {
        Ok(Self { prior: Slcp::build_prior()? })
    }

    /// The eight data values of SLCP among x `[100]`; the posterior depends on nothing else.
    #[must_use]
    pub fn slcp_data(x: &[f64]) -> [f64; Slcp::DATA] {
        let mut data = [0.0; Slcp::DATA];
        for (&source, &value) in DistractorMixture::shared().order().iter().zip(x) {
            if let Some(slot) = data.get_mut(source) {
                *slot = value;
            }
        }
        data
    }
}

impl Simulator for SlcpDistractors {
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
        let mixture = DistractorMixture::shared();
        let mut values = [0.0; Self::DATA];
        let (data, noise) = values.split_at_mut(Slcp::DATA);
        Slcp::draw(theta, rng, data);
        mixture.sample(rng, noise);
        for (slot, &source) in x.iter_mut().zip(mixture.order()) {
            *slot = values[source];
        }
        Ok(())
    }
}

impl BenchmarkSimulator for SlcpDistractors {
    /// The likelihood of the eight informative values; the noise does not depend on θ.
    fn log_likelihood(&self, theta: &[f64], x: &[f64]) -> f64 {
        Slcp::log_density(theta, &Self::slcp_data(x))
    }
}
