//! What came of a batch of simulations.

use std::fmt;

use thiserror::Error;

use crate::Simulations;

/// The simulations that succeeded, in index order, and an account of those that did not.
#[derive(Clone, Debug)]
pub struct SimulatedBatch {
    /// Parameters and data of the successful simulations.
    pub simulations: Simulations,
    /// Index of each row within the run, `[n]`: its random stream.
    pub indices: Vec<u64>,
    /// The failures.
    pub failures: FailureReport,
}

impl SimulatedBatch {
    /// Passes the batch on if it holds at least one simulation.
    ///
    /// # Errors
    /// [`SimulateError::AllFailed`] with the first failure.
    pub fn require_success(self) -> Result<Self, SimulateError> {
        match (self.simulations.is_empty(), self.failures.first) {
            (true, Some(first)) => {
                Err(SimulateError::AllFailed { requested: self.failures.requested, first })
            }
            (_, first) => Ok(Self { failures: FailureReport { first, ..self.failures }, ..self }),
        }
    }
}

/// How many simulations failed, and the first of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FailureReport {
    /// Simulations asked for.
    pub requested: usize,
    /// Simulations that returned an error.
    pub failed: usize,
    /// Simulations with a NaN or an infinity in their data or parameters.
    pub non_finite: usize,
    /// The failure with the smallest index.
    pub first: Option<FirstFailure>,
}

impl FailureReport {
    /// All simulations left out, for either reason.
    #[must_use]
    pub fn total(&self) -> usize {
        self.failed + self.non_finite
    }
}

/// The failed simulation with the smallest index.
#[derive(Clone, Debug, PartialEq)]
pub struct FirstFailure {
    /// Index of the simulation within the run.
    pub index: u64,
    /// Its parameters, `[D]`.
    pub theta: Vec<f64>,
    /// The simulator's message.
    pub message: String,
}

impl fmt::Display for FirstFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "simulation {} at theta = {:?}: {}", self.index, self.theta, self.message)
    }
}

/// A batch that could not be simulated at all.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum SimulateError {
    /// No simulations asked for.
    #[error("n = 0 simulations were asked for; ask for at least 1")]
    Nothing,
    /// The simulator has no data.
    #[error("the simulator's data_dim is 0; a simulation must return at least one number")]
    NoData,
    /// Every single simulation failed.
    #[error("all {requested} simulations failed; the first was {first}")]
    AllFailed {
        /// Simulations asked for.
        requested: usize,
        /// The first failure.
        first: FirstFailure,
    },
    /// The table would not fit into memory.
    #[error("{rows} simulations of {columns} numbers do not fit into memory; ask for fewer")]
    TooLarge {
        /// Rows asked for.
        rows: usize,
        /// Numbers in a row.
        columns: usize,
    },
    /// θ has the wrong number of columns.
    #[error("theta has {found} columns but the prior has {expected} parameters")]
    ParameterDim {
        /// Columns found.
        found: usize,
        /// Parameters of the prior.
        expected: usize,
    },
}
