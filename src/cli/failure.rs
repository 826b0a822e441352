//! A failed command: what to say, and the exit code.

use super::settings::was_preempted;
use crate::grid::GridError;
use crate::run::RunError;
use freeform_inference::PosteriorError;
use freeform_simulators::SourceError;
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
}

impl Failure {
    /// The work failed.
    pub(super) fn failed(error: &impl Display) -> Self {
        Self { message: error.to_string(), code: FAILED }
    }

    /// The command makes no sense as given.
    pub(super) fn usage(error: &impl Display) -> Self {
        Self { message: error.to_string(), code: USAGE }
    }
}

impl<E: Into<RunError>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = error.into();
        let code = match &error {
            RunError::Interrupted { .. }
            | RunError::TableInterrupted { .. }
            | RunError::CalibrationInterrupted
            | RunError::Posterior(PosteriorError::Interrupted)
            | RunError::SimulationInterrupted { .. } => match was_preempted() {
                true => PREEMPTED,
                false => INTERRUPTED,
            },
            RunError::Config(_) | RunError::Network(_) | RunError::Task(_) => USAGE,
            RunError::Source(SourceError::Task(_) | SourceError::External(_)) => USAGE,
            _ => FAILED,
        };
        Self { message: error.to_string(), code }
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
