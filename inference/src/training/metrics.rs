//! One line an epoch: `metrics.jsonl`.

use freeform_simulators::write_bytes_atomically;
use serde::{Deserialize, Deserializer, Serialize};
use std::io;
use std::path::Path;

/// What an epoch did. Holds no times, so that equal trainings write equal files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochMetrics {
    /// Epoch, from 1.
    pub epoch: usize,
    /// Optimiser steps so far.
    pub step: usize,
    /// Mean training loss of the epoch (½‖z‖² − change of variables + β · reconstruction).
    #[serde(deserialize_with = "nan_if_null")]
    pub loss: f64,
    /// Mean training reconstruction ‖g(f(θ)) − θ‖² of the epoch.
    #[serde(deserialize_with = "nan_if_null")]
    pub reconstruction: f64,
    /// Mean −log p(θ | x) of the encoder on validation, exact, in the units of θ.
    #[serde(deserialize_with = "nan_if_null")]
    pub validation_nll: f64,
    /// Mean reconstruction on validation.
    #[serde(deserialize_with = "nan_if_null")]
    pub validation_reconstruction: f64,
    /// β at the end of the epoch.
    pub beta: f64,
    /// Learning rate at the end of the epoch.
    pub learning_rate: f64,
    /// Mean gradient norm before clipping.
    #[serde(deserialize_with = "nan_if_null")]
    pub gradient_norm: f64,
    /// Steps left out because loss or gradient were not finite.
    pub skipped_steps: usize,
    /// Whether this is the best epoch so far.
    pub best: bool,
}

/// An epoch and whose it is.
#[derive(Serialize)]
struct Line<'a> {
    member: &'a str,
    #[serde(flatten)]
    epoch: &'a EpochMetrics,
}

/// Writes all flows' whole histories, each with its name, a JSON line an epoch, in one atomic
/// replacement.
///
/// # Errors
/// Any error of writing the file.
pub fn write_metrics(path: &Path, histories: &[(String, &[EpochMetrics])]) -> io::Result<()> {
    let mut text = String::new();
    for (member, history) in histories {
        for epoch in *history {
            let line = serde_json::to_string(&Line { member, epoch }).map_err(io::Error::other)?;
            text.push_str(&line);
            text.push('\n');
        }
    }
    write_bytes_atomically(path, text.as_bytes())
}

/// JSON has no NaN or infinity: serde_json writes them as null.
fn nan_if_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NAN))
}
