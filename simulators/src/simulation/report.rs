//! What came of a batch of simulations.

use std::fmt;

use thiserror::Error;

use super::Noise;
use crate::{Simulations, counted};
use ndarray::Array2;

/// The simulations that succeeded, in index order, and an account of those that did not.
#[derive(Clone, Debug)]
pub struct SimulatedBatch {
    /// Parameters and data of the successful simulations.
    pub simulations: Simulations,
    /// Index of each row within the run, `[n]`: its random stream.
    pub indices: Vec<u64>,
    /// Parameters of the failed simulations, `[m, D]`, in index order: with those of the others they
    /// tell how the probability to succeed depends on θ.
    pub theta_failed: Array2<f64>,
    /// The failures.
    pub failures: FailureReport,
    /// What an external program printed beside its answers.
    pub noise: Noise,
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

/// How a simulation can fail.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The simulator itself reported an error.
    Reported,
    /// A NaN or an infinity in the data or parameters.
    NonFinite,
    /// An external simulator's process ended without an answer.
    Crash,
    /// An external simulator gave no answer in time.
    Timeout,
    /// An external simulator answered something that is not numbers.
    Garbage,
    /// An external simulator answered too many or too few numbers.
    WrongLength,
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reported => "reported by the simulator",
            Self::NonFinite => "not finite",
            Self::Crash => "crashed",
            Self::Timeout => "timed out",
            Self::Garbage => "answered garbage",
            Self::WrongLength => "answered the wrong number of values",
        })
    }
}

/// The failures of one kind.
#[derive(Clone, Debug, PartialEq)]
pub struct FailureCount {
    /// The kind.
    pub kind: FailureKind,
    /// How many.
    pub count: usize,
    /// The one with the smallest index.
    pub first: FirstFailure,
}

/// How many simulations failed, and the first of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FailureReport {
    /// Simulations asked for.
    pub requested: usize,
    /// Simulations that failed, for any reason but the next.
    pub failed: usize,
    /// Simulations with a NaN or an infinity in their data or parameters.
    pub non_finite: usize,
    /// The failure with the smallest index.
    pub first: Option<FirstFailure>,
    /// The same by kind, for the kinds that occurred, in the order of [`FailureKind`].
    pub kinds: Vec<FailureCount>,
}

impl FailureReport {
    /// All simulations left out, for either reason.
    #[must_use]
    pub fn total(&self) -> usize {
        self.failed + self.non_finite
    }

    /// Counts one more failure.
    pub(crate) fn record(&mut self, kind: FailureKind, failure: FirstFailure) {
        self.add(FailureCount { kind, count: 1, first: failure });
    }

    /// Adds the account of other simulations of the same run.
    pub(crate) fn merge(&mut self, other: Self) {
        self.requested += other.requested;
        other.kinds.into_iter().for_each(|count| self.add(count));
    }

    pub(crate) fn add(&mut self, more: FailureCount) {
        match more.kind {
            FailureKind::NonFinite => self.non_finite += more.count,
            _ => self.failed += more.count,
        }
        if self.first.as_ref().is_none_or(|known| more.first.index < known.index) {
            self.first = Some(more.first.clone());
        }
        match self.kinds.binary_search_by_key(&more.kind, |known| known.kind) {
            Ok(at) => {
                let known = &mut self.kinds[at];
                known.count += more.count;
                if more.first.index < known.first.index {
                    known.first = more.first;
                }
            }
            Err(at) => self.kinds.insert(at, more),
        }
    }

    /// One line for each kind: how many, and the first with its θ.
    #[must_use]
    pub fn details(&self) -> String {
        let lines =
            self.kinds.iter().map(|k| format!("  {} {}; first {}", k.count, k.kind, k.first));
        lines.collect::<Vec<_>>().join("\n")
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
        write!(f, "simulation {} at theta = {:?}", self.index, self.theta)?;
        if self.message.is_empty() { Ok(()) } else { write!(f, ": {}", self.message) }
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
    #[error(
        "{} of {} (-n) need {needed} of memory, more than there is; ask for fewer",
        counted(*.rows, "simulation"), counted(*.columns, "number")
    )]
    TooLarge {
        /// Rows asked for.
        rows: usize,
        /// Numbers in a row.
        columns: usize,
        /// Bytes, in words.
        needed: String,
    },
    /// θ has the wrong number of columns.
    #[error(
        "theta has {} but the prior has {}",
        counted(*.found, "column"), counted(*.expected, "parameter")
    )]
    ParameterDim {
        /// Columns found.
        found: usize,
        /// Parameters of the prior.
        expected: usize,
    },
}
