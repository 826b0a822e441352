//! What goes wrong with particles, as exit codes.

use super::Failure;
use crate::cli::failure::interrupted;
use freeform_particles::{FileError, ModelError, ReferenceError, SystemError, TrainError};
use freeform_simulators::ArrayError;
use std::fmt::Display;

/// Ended by a signal.
pub(super) fn stopped(message: &dyn Display) -> Failure {
    Failure { message: message.to_string(), code: interrupted(), printable: true }
}

pub(super) fn of_system(error: &SystemError) -> Failure {
    Failure::usage(error)
}

pub(super) fn of_array(error: ArrayError) -> Failure {
    crate::cli::table::output_failure(error)
}

pub(super) fn of_file(error: FileError) -> Failure {
    match error {
        FileError::Array(error) => error.into(),
        FileError::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
            Failure::usage(&format!("{source}: give positions as .npz, .npy, .xyz or text"))
        }
        FileError::OffCentre { .. } => {
            Failure::usage(&format!("{error}: add --center to move them there"))
        }
        error => Failure::failed(&error),
    }
}

pub(super) fn of_model(error: &ModelError) -> Failure {
    match error {
        ModelError::Missing(_) => Failure::usage(error),
        ModelError::File { .. } => Failure::failed(error),
    }
}

pub(super) fn of_reference(error: &ReferenceError, shown: &str) -> Failure {
    match error {
        ReferenceError::Interrupted => stopped(&format!(
            "interrupted; the chains so far are kept beside {shown}: the same command goes on"
        )),
        ReferenceError::System(SystemError::NotANumber { .. }) | ReferenceError::State { .. } => {
            Failure::failed(error)
        }
        ReferenceError::System(_) | ReferenceError::Setting { .. } => Failure::usage(error),
    }
}

pub(super) fn of_training(error: &TrainError, shown: &str) -> Failure {
    match error {
        TrainError::Interrupted => {
            stopped(&format!("interrupted; the state is saved in {shown}: add --resume to go on"))
        }
        TrainError::Settings(_) | TrainError::Data(_) => Failure::usage(error),
        TrainError::Device(error) => error.clone().into(),
        TrainError::Diverged { .. } | TrainError::State { .. } => Failure::failed(error),
    }
}
