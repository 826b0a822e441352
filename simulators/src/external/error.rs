//! Why an external simulator cannot be used.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::{PriorError, counted};

/// A `simulator.toml` that cannot be read, or a program that cannot be run at all.
#[derive(Debug, Error)]
pub enum ExternalError {
    /// The operating system refused.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// `read`, `create` or `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not TOML.
    #[error("{path} is not valid TOML: {reason}")]
    Toml {
        /// The file.
        path: PathBuf,
        /// The parser's message.
        reason: String,
    },
    /// A key that is not known.
    #[error("{path}: unknown key \"{key}\"; {suggestion}")]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// What was written.
        key: String,
        /// The nearest known key and the list of all.
        suggestion: String,
    },
    /// A key that must be there is not.
    #[error("{path}: key \"{key}\" is missing; {fix}")]
    Missing {
        /// The file.
        path: PathBuf,
        /// The key.
        key: &'static str,
        /// What to write.
        fix: &'static str,
    },
    /// A value that a key cannot have.
    #[error("{path}: {key} = {value} is not allowed; {requirement}")]
    BadValue {
        /// The file.
        path: PathBuf,
        /// The key.
        key: &'static str,
        /// What was written.
        value: String,
        /// What would do.
        requirement: &'static str,
    },
    /// The prior in the file is not one.
    #[error("{path}: {source}")]
    Prior {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: PriorError,
    },
    /// The command cannot be started.
    #[error(
        "cannot start {command} in {folder}: {source}; is the program installed, and `command` right?"
    )]
    Start {
        /// The command.
        command: String,
        /// The folder that it was started in.
        folder: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// No observation has this number.
    #[error(
        "{path}: there is no observation {number} (`observations` names a table of {count}): \
         add a row, or let `freeform sample` read it from a file of its own"
    )]
    NoObservation {
        /// `simulator.toml`.
        path: PathBuf,
        /// The number given.
        number: usize,
        /// How many there are.
        count: usize,
    },
    /// No observations are named.
    #[error(
        "{path} names no table of observations, so there is no observation {number}: give a file with the \
         observed data, or add `observations = \"FILE\"`"
    )]
    NoObservations {
        /// `simulator.toml`.
        path: PathBuf,
        /// The number given.
        number: usize,
    },
    /// The table of observations has the wrong number of columns.
    #[error("{path} has {}, but data_dim = {expected}", counted(*.found, "column"))]
    ObservationSize {
        /// The table.
        path: PathBuf,
        /// Its columns.
        found: usize,
        /// Data values.
        expected: usize,
    },
    /// The table of observations cannot be read.
    #[error(transparent)]
    Array(#[from] crate::ArrayError),
}

impl ExternalError {
    pub(super) fn io(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }
}
