//! `--observation 3`, or a file.

use super::Failure;
use crate::run::open_origin;
use freeform_inference::TrainingSummary;
use freeform_simulators::{Task, read_vector};
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

    /// The data; numbers mean the observations of `task`.
    pub(super) fn of_task(&self, task: &Task) -> Result<Vec<f32>, Failure> {
        match self {
            Self::File(path) => Ok(read_vector(path)?),
            Self::Number(number) => Ok(task.observation(*number)?.x),
        }
    }

    /// The data. Numbers mean the observations of the simulator that a model was trained on, or of
    /// the one `named` in its place.
    pub(super) fn load(
        &self,
        summary: &TrainingSummary,
        named: Option<&str>,
    ) -> Result<Vec<f32>, Failure> {
        match self {
            Self::File(path) => Ok(read_vector(path)?),
            Self::Number(number) => {
                let fix = format!(
                    "--observation {number} then means nothing; give a file with the observed data \
                     (.npy or .csv), or --task"
                );
                Ok(open_origin(summary, named, &fix)?.observation(*number)?)
            }
        }
    }
}
