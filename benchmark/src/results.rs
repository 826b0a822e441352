//! `results.csv`: one row an observation, its first columns named as in the published table.

use crate::TableError;
use crate::scores::{check_scores, wrong};
use crate::sealed::{Seal, read_sealed, write_sealed};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// One scored observation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResultRow {
    /// Task.
    pub task: String,
    /// Simulation budget.
    pub num_simulations: usize,
    /// Observation.
    pub num_observation: usize,
    /// Method.
    pub algorithm: String,
    /// Classifier two-sample test against reference draws.
    #[serde(rename = "C2ST")]
    pub c2st: f64,
    /// Seed of the training.
    pub seed: u64,
    /// Preset of the training.
    pub preset: String,
    /// Seconds that the training took.
    pub training_seconds: f64,
}

/// Mean and spread of a (task, budget) cell.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CellSummary {
    /// Task.
    pub task: String,
    /// Simulation budget.
    pub num_simulations: usize,
    /// Method.
    pub algorithm: String,
    /// Mean C2ST over observations and seeds.
    #[serde(rename = "mean_C2ST")]
    pub mean: f64,
    /// Half the 95% interval of that mean, 1.96 standard errors; `None` for a single row, which says
    /// nothing of the spread.
    pub half_width: Option<f64>,
    /// Rows behind the mean.
    pub rows: usize,
    /// Mean seconds of a training.
    pub training_seconds: f64,
}

/// Writes the table, whole or not at all, and its checksum beside it, `results.blake3`.
///
/// # Errors
/// [`TableError`] with the path.
pub fn write_results(path: &Path, rows: &[ResultRow]) -> Result<(), TableError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row).map_err(|e| wrong(path, e))?;
    }
    let bytes = writer.into_inner().map_err(|e| wrong(path, e.into_error().into()))?;
    write_sealed(path, &bytes)
}

/// Reads what [`write_results`] wrote, and what a user should know of it: that a former version wrote
/// it, without a checksum.
///
/// # Errors
/// [`TableError::Changed`] where it is not what was written, [`TableError::Csv`] where it is no such
/// table.
pub fn read_results(path: &Path) -> Result<(Vec<ResultRow>, Option<String>), TableError> {
    let (bytes, seal) = read_sealed(path)?;
    let rows: Vec<ResultRow> = csv::Reader::from_reader(&bytes[..])
        .deserialize()
        .map(|row| row.map_err(|e| wrong(path, e)))
        .collect::<Result<_, _>>()?;
    check_scores(path, rows.iter().map(|row| row.c2st))?;
    let remark = (seal == Seal::Missing).then(|| {
        format!("{}: kept without a checksum; its rows are used as they are", path.display())
    });
    Ok((rows, remark))
}

/// Cells in the order of their first rows.
#[must_use]
pub fn summarize(rows: &[ResultRow]) -> Vec<CellSummary> {
    let mut cells: Vec<(&ResultRow, Vec<&ResultRow>)> = Vec::new();
    for row in rows {
        let same = |r: &ResultRow| {
            r.task == row.task
                && r.num_simulations == row.num_simulations
                && r.algorithm == row.algorithm
        };
        match cells.iter_mut().find(|(first, _)| same(first)) {
            Some((_, members)) => members.push(row),
            None => cells.push((row, vec![row])),
        }
    }
    cells.into_iter().map(|(first, members)| summary(first, &members)).collect()
}

fn summary(first: &ResultRow, members: &[&ResultRow]) -> CellSummary {
    let n = members.len() as f64;
    let mean = members.iter().map(|r| r.c2st).sum::<f64>() / n;
    let squares = members.iter().map(|r| (r.c2st - mean).powi(2)).sum::<f64>();
    let half_width = (n > 1.0).then(|| 1.96 * (squares / (n - 1.0) / n).sqrt());
    CellSummary {
        task: first.task.clone(),
        num_simulations: first.num_simulations,
        algorithm: first.algorithm.clone(),
        mean,
        half_width,
        rows: members.len(),
        training_seconds: members.iter().map(|r| r.training_seconds).sum::<f64>() / n,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_are_means_with_their_standard_errors() {
        let row = |num_observation, c2st| ResultRow {
            task: "slcp".to_owned(),
            num_simulations: 1000,
            num_observation,
            algorithm: "FFF".to_owned(),
            c2st,
            seed: 1,
            preset: "recommended".to_owned(),
            training_seconds: 2.0,
        };
        let cells = summarize(&[row(1, 0.6), row(2, 0.8), row(3, 0.7)]);
        assert_eq!(cells.len(), 1);
        assert!((cells[0].mean - 0.7).abs() < 1e-12);
        // The standard deviation is 0.1, its error 0.1/√3.
        assert!((cells[0].half_width.unwrap() - 1.96 * 0.1 / 3_f64.sqrt()).abs() < 1e-12);
        assert_eq!(summarize(&[row(1, 0.6)])[0].half_width, None);
    }
}
