//! A failed command: what to say, and the exit code.

use super::settings::was_preempted;
use crate::grid::GridError;
use crate::run::RunError;
use freeform_inference::ModelError;
use freeform_simulators::SourceError;
use std::error::Error;
use std::fmt::Display;

const FAILED: u8 = 1;
const USAGE: u8 = 2;
const INTERRUPTED: u8 = 130;
/// Stopped by SIGTERM or SIGUSR1, with the state saved: `EX_TEMPFAIL` of sysexits.h.
const PREEMPTED: u8 = 75;

/// Message and exit code.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) message: String,
    pub(super) code: u8,
    /// Whether standard output has the result, which says so too: nothing is added to it.
    pub(super) has_result: bool,
}

/// The exit code of work that a signal ended.
pub(super) fn interrupted() -> u8 {
    if was_preempted() { PREEMPTED } else { INTERRUPTED }
}

impl Failure {
    /// The work failed.
    pub(super) fn failed(error: &impl Display) -> Self {
        Self::new(error, FAILED)
    }

    /// The work is done and its result printed, and the result is a failure.
    pub(super) fn with_result(error: &impl Display) -> Self {
        Self { has_result: true, ..Self::new(error, FAILED) }
    }

    /// A signal ended the work.
    pub(super) fn interrupted(error: &impl Display) -> Self {
        Self::new(error, interrupted())
    }

    fn new(error: &impl Display, code: u8) -> Self {
        Self { message: error.to_string(), code, has_result: false }
    }

    /// The command makes no sense as given.
    pub(super) fn usage(error: &impl Display) -> Self {
        Self::new(error, USAGE)
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
            | RunError::CalibrationInterrupted { .. }
            | RunError::SimulationInterrupted { .. } => interrupted(),
            RunError::Model(ModelError::Missing { .. }) => USAGE,
            RunError::Config(_) | RunError::Network(_) | RunError::Task(_) => USAGE,
            RunError::Source(SourceError::Task(_) | SourceError::External(_)) => USAGE,
            _ => FAILED,
        };
        Self::new(&error, code)
    }
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
