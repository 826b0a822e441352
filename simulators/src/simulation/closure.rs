//! A simulator from a closure.

use super::{SimulationError, SimulationRng, Simulator};
use crate::{DataLayout, Missing, Prior};

/// A [`Simulator`] whose model is a closure `(θ [D], random numbers, x [C])`.
///
/// ```
/// use freeform_simulators::{Marginal, Prior, SimulatorFn, simulate};
/// use rand_distr::{Distribution, StandardNormal};
///
/// let prior = Prior::independent([("mean", Marginal::Normal { mean: 0.0, std: 1.0 })])?;
/// let simulator = SimulatorFn::new(prior, 3, |theta, rng, x| {
///     x.fill_with(|| theta[0] + Distribution::<f64>::sample(&StandardNormal, rng));
///     Ok(())
/// });
/// assert_eq!(simulate(&simulator, 100, 1)?.simulations.x.dim(), (100, 3));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SimulatorFn<F> {
    prior: Prior,
    data_dim: usize,
    model: F,
    missing: Missing,
    layout: Option<DataLayout>,
}

impl<F> SimulatorFn<F>
where
    F: Fn(&[f64], &mut SimulationRng, &mut [f64]) -> Result<(), SimulationError> + Send + Sync,
{
    /// A simulator of `data_dim` numbers under `prior`.
    pub fn new(prior: Prior, data_dim: usize, model: F) -> Self {
        Self { prior, data_dim, model, missing: Missing::Failed, layout: None }
    }

    /// The same with another answer to what a NaN in x means than that the simulation failed.
    #[must_use]
    pub fn missing(self, missing: Missing) -> Self {
        Self { missing, ..self }
    }

    /// The same, with what its numbers are to each other.
    #[must_use]
    pub fn layout(self, layout: DataLayout) -> Self {
        Self { layout: Some(layout), ..self }
    }
}

impl<F> Simulator for SimulatorFn<F>
where
    F: Fn(&[f64], &mut SimulationRng, &mut [f64]) -> Result<(), SimulationError> + Send + Sync,
{
    fn prior(&self) -> &Prior {
        &self.prior
    }

    fn data_dim(&self) -> usize {
        self.data_dim
    }

    fn missing(&self) -> Missing {
        self.missing
    }

    fn layout(&self) -> Option<DataLayout> {
        self.layout.clone()
    }

    fn simulate(
        &self,
        theta: &[f64],
        rng: &mut SimulationRng,
        x: &mut [f64],
    ) -> Result<(), SimulationError> {
        (self.model)(theta, rng, x)
    }
}
