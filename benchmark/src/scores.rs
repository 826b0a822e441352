//! `c2st.csv`: one row an observation.

use crate::ReferenceSource;
use freeform_simulators::{ArrayError, write_bytes_atomically};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A table that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file cannot be written.
    #[error(transparent)]
    Write(#[from] ArrayError),
    /// The file's content is no such table.
    #[error("{path}: {source}")]
    Csv {
        /// The file.
        path: String,
        /// What is wrong.
        source: csv::Error,
    },
    /// A table that is not what was written.
    #[error(
        "{path}: was changed or damaged since it was written ({seal} has its checksum); put it back, or \
         remove both: what is finished is then read from its folders; remove {seal} alone to use the \
         table as it is"
    )]
    Changed {
        /// The table.
        path: PathBuf,
        /// The file with its checksum.
        seal: PathBuf,
    },
    /// A score that is none.
    #[error("{path}, row {}: C2ST {value}, which is not between 0 and 1", row + 1)]
    Score {
        /// The file.
        path: String,
        /// Row beneath the header, from 0.
        row: usize,
        /// What stands there.
        value: f64,
    },
}

/// One scored observation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ObservationScore {
    /// The observation's number.
    pub num_observation: usize,
    /// C2ST of the model's draws against reference draws: ½ is perfect, 1 the worst.
    #[serde(rename = "C2ST")]
    pub c2st: f64,
    /// Unbiased MMD² between the same draws, if asked for.
    #[serde(rename = "MMD", default)]
    pub mmd: Option<f64>,
    /// Median distance of posterior-predictive simulations from the observation, if asked for.
    #[serde(default)]
    pub median_distance: Option<f64>,
    /// Whose reference draws; a table of an earlier version does not say.
    #[serde(default)]
    pub reference: Option<ReferenceSource>,
}

/// Writes a row each, whole or not at all.
///
/// # Errors
/// [`TableError`] with the path.
pub fn write_scores(path: &Path, scores: &[ObservationScore]) -> Result<(), TableError> {
    write_bytes_atomically(path, scores_text(scores).as_bytes()).map_err(|e| wrong(path, e.into()))
}

/// The text of such a table.
#[must_use]
pub fn scores_text(scores: &[ObservationScore]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for score in scores {
        // A row of numbers in memory: there is nothing to fail.
        let _ = writer.serialize(score);
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

/// Reads what [`write_scores`] wrote.
///
/// # Errors
/// [`TableError::Csv`] with the path.
pub fn read_scores(path: &Path) -> Result<Vec<ObservationScore>, TableError> {
    let mut reader = csv::Reader::from_path(path).map_err(|e| wrong(path, e))?;
    let scores: Vec<ObservationScore> = reader
        .deserialize()
        .map(|row| row.map_err(|e| wrong(path, e)))
        .collect::<Result<_, _>>()?;
    check_scores(path, scores.iter().map(|score| score.c2st))?;
    Ok(scores)
}

pub(crate) fn wrong(path: &Path, source: csv::Error) -> TableError {
    TableError::Csv { path: path.display().to_string(), source }
}

/// Accuracies lie between 0 and 1.
pub(crate) fn check_scores(
    path: &Path,
    scores: impl Iterator<Item = f64>,
) -> Result<(), TableError> {
    match scores.enumerate().find(|(_, value)| !(0.0..=1.0).contains(value)) {
        Some((row, value)) => {
            Err(TableError::Score { path: path.display().to_string(), row, value })
        }
        None => Ok(()),
    }
}
