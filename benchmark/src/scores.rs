//! `c2st.csv`: one row an observation.

use freeform_simulators::{ArrayError, write_atomically};
use serde::{Deserialize, Serialize};
use std::path::Path;

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
}

#[derive(Serialize, Deserialize)]
struct Row {
    num_observation: usize,
    #[serde(rename = "C2ST")]
    c2st: f64,
}

/// Writes (observation, C2ST) rows, whole or not at all.
///
/// # Errors
/// [`TableError`] with the path.
pub fn write_scores(path: &Path, scores: &[(usize, f64)]) -> Result<(), TableError> {
    write_atomically(path, |file| {
        let mut writer = csv::Writer::from_writer(file);
        for &(num_observation, c2st) in scores {
            writer.serialize(Row { num_observation, c2st }).map_err(|e| wrong(path, e))?;
        }
        writer.flush().map_err(|e| wrong(path, e.into()))
    })
}

/// Reads what [`write_scores`] wrote.
///
/// # Errors
/// [`TableError::Csv`] with the path.
pub fn read_scores(path: &Path) -> Result<Vec<(usize, f64)>, TableError> {
    let mut reader = csv::Reader::from_path(path).map_err(|e| wrong(path, e))?;
    let rows = reader.deserialize().map(|row: Result<Row, csv::Error>| {
        let row = row.map_err(|e| wrong(path, e))?;
        Ok((row.num_observation, row.c2st))
    });
    rows.collect()
}

pub(crate) fn wrong(path: &Path, source: csv::Error) -> TableError {
    TableError::Csv { path: path.display().to_string(), source }
}
