//! Why a fit ended without a posterior.

use crate::config::ConfigError;
use crate::engine::DeviceError;
use crate::network::SpecError;
use crate::training::{DataError, EnsembleError};
use crate::work::Halt;

/// A fit that gave no posterior.
#[derive(Debug, thiserror::Error)]
pub enum FitError {
    /// Settings.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Sizes of the network.
    #[error(transparent)]
    Network(#[from] SpecError),
    /// Unusable simulations.
    #[error(transparent)]
    Data(DataError),
    /// A training, or its checkpoint.
    #[error(transparent)]
    Ensemble(#[from] EnsembleError),
    /// A device that is not there, or that gave up.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The interrupt flag was set. Checkpoints, where they were asked for, hold what was trained:
    /// the same fit goes on from them.
    #[error("interrupted before the training ended")]
    Interrupted,
}

impl From<DataError> for FitError {
    fn from(error: DataError) -> Self {
        match error {
            DataError::Halt(halt) => halt.into(),
            other => Self::Data(other),
        }
    }
}

impl From<Halt> for FitError {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Stopped => Self::Interrupted,
            Halt::Io(error) => Self::Ensemble(error.into()),
        }
    }
}
