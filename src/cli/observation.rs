//! `--observation 3`, or a file.

use super::Failure;
use super::table::TableArgs;
use freeform_inference::{Distance, PosteriorError};
use freeform_simulators::AnySimulator;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// An observation as a user names it.
#[derive(Clone, Debug)]
pub(super) enum ObservationArg {
    /// One of the benchmark task's ten, or a row of the table that a simulator.toml names.
    Number(usize),
    /// A file of observations, perhaps with `:` and the number of one.
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

    /// The data, `[data_dim]` unless the file has another number of columns. `task` is the task
    /// whose observations the numbers mean.
    pub(super) fn load(
        &self,
        task: Option<&str>,
        data_dim: usize,
        tables: &TableArgs,
    ) -> Result<Vec<f64>, Failure> {
        match (self, task) {
            (Self::File(text), _) => {
                let (path, number) = split(text);
                Ok(tables.observations(path)?.observation(number, data_dim)?)
            }
            (Self::Number(number), Some(task)) => {
                Ok(AnySimulator::open(task)?.observation(*number)?)
            }
            (Self::Number(number), None) => Err(Failure::usage(&format!(
                "--observation {number}: this model was not trained on a benchmark task; give a \
                 file with the observed data (.npy, .npz, .csv, .tsv, .txt or .dat)"
            ))),
        }
    }
}

/// `x.npy:3` is row 3 of x.npy, unless there is a file of the whole name.
fn split(text: &Path) -> (&Path, Option<usize>) {
    let parts = || {
        let (path, number) = text.to_str()?.rsplit_once(':')?;
        Some((Path::new(path), number.parse().ok()?))
    };
    match parts() {
        Some((path, number)) if !text.exists() => (path, Some(number)),
        _ => (text, None),
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
