//! `--observation 3`, or a file.

use super::Failure;
use freeform_inference::{Distance, PosteriorError};
use freeform_simulators::{AnySimulator, read_vector};
use std::path::PathBuf;
use std::str::FromStr;

/// An observation as a user names it.
#[derive(Clone, Debug)]
pub(super) enum ObservationArg {
    /// One of the benchmark task's ten, or a row of the table that a simulator.toml names.
    Number(usize),
    /// A file with the data of one observation.
    File(PathBuf),
}

impl FromStr for ObservationArg {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(text.parse().map_or_else(|_| Self::File(text.into()), Self::Number))
    }
}

impl ObservationArg {
    /// The number, if it is one.
    pub(super) fn number(&self) -> Option<usize> {
        match self {
            Self::Number(number) => Some(*number),
            Self::File(_) => None,
        }
    }

    /// The data. `task` is the task whose observations the numbers mean.
    pub(super) fn load(&self, task: Option<&str>) -> Result<Vec<f32>, Failure> {
        match (self, task) {
            (Self::File(path), _) => Ok(read_vector(path)?),
            (Self::Number(number), Some(task)) => {
                Ok(AnySimulator::open(task)?.observation(*number)?)
            }
            (Self::Number(number), None) => Err(Failure::usage(&format!(
                "--observation {number}: this model was not trained on a benchmark task; give a \
                 file with the observed data (.npy or .csv)"
            ))),
        }
    }
}

/// Where an observation lies, in words.
pub(super) fn place(distance: Option<&Distance>) -> String {
    match distance {
        Some(distance) => distance.to_string(),
        None => "how far x lies from the simulations is unknown (an older model)".to_owned(),
    }
}

/// A failed question; where the answer exists but is worthless, with how to have it.
pub(super) fn with_advice(error: PosteriorError, answer: &str) -> Failure {
    let exists = matches!(error, PosteriorError::FarAway { .. } | PosteriorError::Collapsed { .. });
    let mut failure = Failure::from(error);
    if exists {
        failure.message += &format!(" (--anyway gives {answer} all the same)");
    }
    failure
}
