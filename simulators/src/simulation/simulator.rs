//! What a user writes to bring a model of their own.

use thiserror::Error;

use super::SimulationRng;
use crate::{DataLayout, Missing, Prior};

/// A stochastic model: parameters θ in, data x out, and a prior over θ.
///
/// # Example
/// ```
/// use freeform_simulators::{Marginal, Prior, SimulationError, SimulationRng, Simulator, simulate};
/// use rand_distr::{Distribution, Poisson};
///
/// /// Counts of a source of unknown rate in five equal intervals.
/// struct Counter {
///     prior: Prior,
/// }
///
/// impl Simulator for Counter {
///     fn prior(&self) -> &Prior {
///         &self.prior
///     }
///     fn data_dim(&self) -> usize {
///         5
///     }
///     fn simulate(
///         &self,
///         theta: &[f64],
///         rng: &mut SimulationRng,
///         x: &mut [f64],
///     ) -> Result<(), SimulationError> {
///         let counts = Poisson::new(theta[0]).map_err(SimulationError::new)?;
///         x.fill_with(|| counts.sample(rng));
///         Ok(())
///     }
/// }
///
/// let prior = Prior::independent([("rate", Marginal::Gamma { shape: 2.0, rate: 0.5 })])?;
/// let batch = simulate(&Counter { prior }, 1000, 1)?;
/// assert_eq!(batch.simulations.x.dim(), (1000, 5));
/// assert_eq!(batch.failures.total(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Simulator: Send + Sync {
    /// The prior over θ, whose dimension D is that of θ.
    fn prior(&self) -> &Prior;

    /// Number of data values, C.
    fn data_dim(&self) -> usize;

    /// Simulates once: reads θ `[D]`, draws all its randomness from `rng`, fills x `[C]`.
    ///
    /// # Errors
    /// A failed simulation is counted and left out. Values left at the NaN that `x` is handed
    /// over with, or set to an infinity, have the same effect.
    fn simulate(
        &self,
        theta: &[f64],
        rng: &mut SimulationRng,
        x: &mut [f64],
    ) -> Result<(), SimulationError>;

    /// What a NaN in x means: that the simulation failed, unless overridden. Where
    /// [`Missing::Allowed`], a number left at NaN was not measured.
    fn missing(&self) -> Missing {
        Missing::Failed
    }

    /// What the numbers of x are to each other: nothing is said unless overridden.
    fn layout(&self) -> Option<DataLayout> {
        None
    }

    /// Names of the data values, `[C]`; `x1`, `x2`, … unless overridden.
    fn data_names(&self) -> Vec<String> {
        (1..=self.data_dim()).map(|i| format!("x{i}")).collect()
    }
}

impl<S: Simulator + ?Sized> Simulator for Box<S> {
    fn prior(&self) -> &Prior {
        (**self).prior()
    }

    fn data_dim(&self) -> usize {
        (**self).data_dim()
    }

    fn simulate(
        &self,
        theta: &[f64],
        rng: &mut SimulationRng,
        x: &mut [f64],
    ) -> Result<(), SimulationError> {
        (**self).simulate(theta, rng, x)
    }

    fn missing(&self) -> Missing {
        (**self).missing()
    }

    fn layout(&self) -> Option<DataLayout> {
        (**self).layout()
    }

    fn data_names(&self) -> Vec<String> {
        (**self).data_names()
    }
}

/// Why one simulation failed, in the simulator's own words.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct SimulationError {
    message: String,
}

impl SimulationError {
    /// An error with this message; takes texts and other errors alike.
    pub fn new(message: impl std::fmt::Display) -> Self {
        Self { message: message.to_string() }
    }
}
