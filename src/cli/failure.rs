//! A failed command: what to say, and the exit code.

use super::signals::{INTERRUPTED, PREEMPTED, was_preempted};
use crate::grid::GridError;
use crate::run::RunError;
use freeform_inference::{ModelError, PosteriorError};
use freeform_simulators::SourceError;
use std::error::Error;
use std::fmt::Display;

const FAILED: u8 = 1;
const USAGE: u8 = 2;

/// Message and exit code.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) message: String,
    pub(super) code: u8,
    /// Whether standard output is still to be told: not where it has a result that says so too, and
    /// not where it no longer works.
    pub(super) printable: bool,
}

/// The exit code of work that a signal ended.
pub(super) fn interrupted() -> u8 {
    if was_preempted() { PREEMPTED } else { INTERRUPTED }
}

impl Failure {
    fn new(error: &impl Display, code: u8) -> Self {
        Self { message: error.to_string(), code, printable: true }
    }

    /// The work failed.
    pub(super) fn failed(error: &impl Display) -> Self {
        Self::new(error, FAILED)
    }

    /// The work is done and its result printed, and the result is a failure.
    pub(super) fn with_result(error: &impl Display) -> Self {
        Self { printable: false, ..Self::new(error, FAILED) }
    }

    /// The command makes no sense as given.
    pub(super) fn usage(error: &impl Display) -> Self {
        Self::new(error, USAGE)
    }

    /// The work is done, but its result cannot be printed.
    pub(super) fn unprinted(error: &std::io::Error) -> Self {
        let message = format!(
            "the result cannot be written to standard output: {error}; what the command wrote into \
             files is there"
        );
        Self { printable: false, ..Self::new(&message, FAILED) }
    }
}

/// Whether a file that the command names is not there, whatever it was to be read as.
fn names_a_missing_file(error: &RunError) -> bool {
    let mut cause: Option<&dyn Error> = Some(error);
    while let Some(error) = cause {
        let io = error.downcast_ref::<std::io::Error>();
        if io.is_some_and(|io| io.kind() == std::io::ErrorKind::NotFound) {
            return true;
        }
        cause = error.source();
    }
    false
}

impl<E: Into<RunError>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = error.into();
        let code = match &error {
            error if error.is_stopped_scoring() => interrupted(),
            error if names_a_missing_file(error) => USAGE,
            RunError::Interrupted { .. }
            | RunError::TableInterrupted { .. }
            | RunError::RoundsInterrupted { .. }
            | RunError::CalibrationInterrupted { .. }
            | RunError::Posterior(PosteriorError::Interrupted)
            | RunError::SimulationInterrupted { .. } => interrupted(),
            RunError::Model(ModelError::Missing { .. }) => USAGE,
            RunError::Config(_) | RunError::Network(_) | RunError::Task(_) => USAGE,
            RunError::Origin(_) | RunError::Room { .. } => USAGE,
            RunError::Source(SourceError::Task(_) | SourceError::External(_)) => USAGE,
            _ => FAILED,
        };
        match &error {
            RunError::Model(ModelError::Missing { path, .. }) if holds_particles(path) => {
                Self::usage(&format!(
                    "{path} holds a flow of particles, no posterior: `freeform particles sample {path}` draws from it"
                ))
            }
            RunError::Model(ModelError::Missing { path, .. }) if holds_rounds(path) => {
                Self::usage(&format!(
                    "{path} holds an inference that is not finished: give the `freeform infer` that began it once \
                     more, and it goes on"
                ))
            }
            error => Self::new(error, code),
        }
    }
}

/// Whether a folder is of `freeform infer`.
fn holds_rounds(folder: &str) -> bool {
    std::path::Path::new(folder).join("inference.toml").exists()
}

/// Whether a folder is of `freeform particles train`.
fn holds_particles(folder: &str) -> bool {
    std::path::Path::new(folder).join("particles.safetensors").exists()
}

impl From<GridError> for Failure {
    fn from(error: GridError) -> Self {
        match error {
            GridError::Run(error) => error.into(),
            error if error.is_usage() => Self::usage(&error),
            error => Self::failed(&error),
        }
    }
}
