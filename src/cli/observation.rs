//! `--observation 3`, or a file.

use super::Failure;
use super::table::TableArgs;
use crate::run::{Reporter, open_origin};
use freeform_inference::{Distance, Model, PosteriorError, Standing};
use freeform_simulators::{AnySimulator, Expected, SimulationSource, Task};
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

impl std::fmt::Display for ObservationArg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => write!(f, "observation {number}"),
            Self::File(text) => write!(f, "{}", text.display()),
        }
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

    /// The file, if it is one.
    pub(super) fn file(&self) -> Option<&Path> {
        match self {
            Self::Number(_) => None,
            Self::File(text) => Some(split(text).0),
        }
    }

    /// The data, `[data_dim]` unless the file has another number of columns; numbers mean the
    /// observations of `task`.
    pub(super) fn of_task(&self, task: &Task, tables: &TableArgs) -> Result<Vec<f64>, Failure> {
        match self {
            Self::File(text) => of_file(text, (Expected::numbers(task.data_dim()), None), tables),
            Self::Number(number) => Ok(task.observation(*number)?.x),
        }
    }

    /// The same; numbers mean the observations of a task or of a program.
    pub(super) fn of_simulator(
        &self,
        simulator: &AnySimulator,
        tables: &TableArgs,
    ) -> Result<Vec<f64>, Failure> {
        match self {
            Self::File(text) => {
                of_file(text, (simulator.expected(), simulator.data_names()), tables)
            }
            Self::Number(number) => Ok(simulator.observation(*number)?),
        }
    }

    /// The same; numbers mean the observations of the simulator that a model was trained on, or of
    /// the one `named` in its place.
    pub(super) fn load(
        &self,
        model: &Model,
        named: Option<&str>,
        tables: &TableArgs,
    ) -> Result<Vec<f64>, Failure> {
        match self {
            Self::File(text) => {
                let names = model.training.data_names.as_deref();
                of_file(text, (model.expected(), names), tables)
            }
            Self::Number(number) => {
                let fix = format!(
                    "--observation {number} then means nothing; give a file with the observed data \
                     (.npy, .npz, .csv, .tsv, .txt or .dat), or --task"
                );
                Ok(open_origin(model, named, &fix)?.observation(*number)?)
            }
        }
    }
}

/// The observation in a file, or in one of its rows.
fn of_file(
    text: &Path,
    (expected, known): (Expected, Option<&[String]>),
    tables: &TableArgs,
) -> Result<Vec<f64>, Failure> {
    let (path, number) = split(text);
    let mut table = tables.observations(path)?;
    match known {
        Some(known) => table = table.data_in_order(known)?,
        // A warning, which no one has asked to be spared.
        None => {
            if let Some(names) = table.names_among(&[]).filter(|names| !names.is_empty()) {
                Reporter::new(true).warn(&format!(
                    "{}: the names in its first line ({}) are not compared with those of the simulations: \
                     the numbers are taken in their order",
                    path.display(),
                    names.join(", ")
                ));
            }
        }
    }
    Ok(table.observation(number, expected)?)
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

/// Where an observation lies, in words: number by number, and as a whole.
pub(super) fn place(distance: Option<&Distance>, standing: Option<&Standing>) -> Vec<String> {
    let Some(distance) = distance else {
        return vec!["how far x lies from the simulations is unknown (an older model)".to_owned()];
    };
    let standing = standing.map(ToString::to_string);
    std::iter::once(distance.to_string()).chain(standing).collect()
}

/// A failed question; where the answer exists but is worthless, with how to have it.
pub(super) fn with_advice(error: PosteriorError, deed: &str) -> Failure {
    let exists = matches!(
        error,
        PosteriorError::FarAway { .. }
            | PosteriorError::Unlike { .. }
            | PosteriorError::Collapsed { .. }
    );
    let mut failure = Failure::from(error);
    if exists {
        failure.message += &format!(" (--anyway {deed} all the same)");
    }
    failure
}
