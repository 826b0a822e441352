//! What can be wrong with a sweep.

use crate::run::RunError;

/// A sweep that cannot be planned, run or submitted.
#[derive(Debug, thiserror::Error)]
pub enum GridError {
    /// The sweep's file.
    #[error("sweep {path}: {reason}")]
    Sweep {
        /// The file.
        path: String,
        /// Key, value and fix.
        reason: String,
    },
    /// What is asked of a cluster.
    #[error("{option}: {reason}")]
    Option {
        /// The option, or what the value is for.
        option: &'static str,
        /// Value and fix.
        reason: String,
    },
    /// There is no plan in the folder.
    #[error("{path} holds no plan; make one with `freeform grid plan SWEEP.toml --out {path}`")]
    NoPlan {
        /// The sweep's folder.
        path: String,
    },
    /// The plan, or the list of submitted jobs, cannot be read.
    #[error("{path}, line {line}: {reason}")]
    Line {
        /// The file.
        path: String,
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// An index that the plan does not have.
    #[error("the plan has entries 0 to {}, not {index}", .entries.saturating_sub(1))]
    Index {
        /// The index asked for.
        index: usize,
        /// Entries in the plan.
        entries: usize,
    },
    /// The cluster's scheduler.
    #[error("{0}")]
    Slurm(String),
    /// A run, or a file.
    #[error(transparent)]
    Run(RunError),
}

impl<E: Into<RunError>> From<E> for GridError {
    fn from(error: E) -> Self {
        Self::Run(error.into())
    }
}

impl GridError {
    /// Whether the user's input is at fault, rather than the world.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        !matches!(self, Self::Slurm(_) | Self::Run(_))
    }
}
