//! A training with its folder: checkpoints, metrics, model, curves, status.

use super::directory::{claim, training_seconds, write_status};
use super::host::FolderHost;
use super::{Existing, Reporter, RunError, RunRecord, TrainingInput};
use crate::config::{Overrides, Preset, Problem};
use crate::engine::{EngineKind, guarded};
use crate::fit::assemble;
use crate::model::{Model, TrainingSummary};
use crate::training::{EpochMetrics, TrainingData, train_ensemble};
use freeform_benchmark::{CurvePoint, training_curves};
use serde::Serialize;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// What to train, where, and how.
pub struct TrainJob<'a> {
    /// Preset beneath the overrides.
    pub preset: Preset,
    /// The user's own settings.
    pub overrides: &'a Overrides,
    /// Seed of everything random.
    pub seed: u64,
    /// Who does the arithmetic.
    pub engine: EngineKind,
    /// The run's folder.
    pub folder: &'a Path,
    /// What to do where it is taken.
    pub existing: Existing,
    /// Set by a signal: stop at the next step, with a checkpoint.
    pub interrupt: &'a AtomicBool,
    /// Who tells the user.
    pub reporter: Reporter,
}

/// A finished training.
#[derive(Debug)]
pub struct TrainResult {
    /// The model, also on disk.
    pub model: Model,
    /// Whether it was finished before this call.
    pub was_finished: bool,
    /// Seconds of training, summed over the flows and all the processes that it took: what one
    /// core would need.
    pub seconds: f64,
}

impl TrainResult {
    /// The finished training in `folder`, whose model this is.
    #[must_use]
    pub fn finished(folder: &Path, model: Model) -> Self {
        let seconds = training_seconds(folder).unwrap_or(0.0);
        Self { model, was_finished: true, seconds }
    }
}

#[derive(Serialize)]
struct TrainStatus<'a> {
    status: &'static str,
    training_seconds: f64,
    #[serde(flatten)]
    summary: &'a TrainingSummary,
}

/// Trains, or goes on with, the run in `job.folder`.
///
/// # Errors
/// [`RunError`]; what was computed so far stays in the folder.
pub fn train(job: &TrainJob, input: TrainingInput) -> Result<TrainResult, RunError> {
    for warning in &input.warnings {
        job.reporter.warn(warning);
    }
    let TrainingInput { simulations, prior, task, .. } = input;
    let problem = Problem::of(&simulations);
    let config = job.overrides.resolve(job.preset, problem)?;
    let spec = config.network_spec(problem.theta_dim, problem.context_dim);
    spec.validate()?;
    let record =
        RunRecord::new(&config, task.as_deref(), &prior, &simulations, job.seed).to_toml()?;
    let data = TrainingData::prepare(simulations, &prior, &config, job.seed)?;
    warn_of_columns(&data, job.reporter);

    let resumed = claim(job.folder, &record, job.existing)?;
    if resumed && let Ok(model) = Model::load(job.folder) {
        return Ok(TrainResult::finished(job.folder, model));
    }
    let identity = blake3::hash(record.as_bytes()).to_hex().to_string();
    let folder = FolderHost::new(job, &data, &config, &identity, resumed)?;
    let trained = train_ensemble(&data, &config, job.seed, job.engine, &identity, &folder)?;
    folder.finish();
    let Some(trained) = trained else {
        return Err(RunError::Interrupted { path: job.folder.display().to_string() });
    };
    let seconds = trained.iter().map(|member| member.seconds).sum();
    plot_curves(&trained[0].history, job.folder)?;
    let model = guarded(job.engine, || {
        assemble(&trained, &data, (&prior, task), &config, job.seed, job.engine)
    })?;
    model.save(job.folder)?;
    write_status(
        job.folder,
        &TrainStatus { status: "trained", training_seconds: seconds, summary: &model.training },
    )?;
    Ok(TrainResult { model, was_finished: false, seconds })
}

/// Tells of columns of x that the networks do not see.
fn warn_of_columns(data: &TrainingData, reporter: Reporter) {
    let transform = data.data();
    for &column in transform.scaler().constant_columns() {
        let value = transform.scaler().mean(column);
        reporter.warn(&format!(
            "column {} of x is constant ({value}) in the training simulations and is ignored",
            transform.kept()[column] + 1
        ));
    }
    let (kept, all) = (transform.kept().len(), transform.columns());
    if kept < all {
        reporter.say(&format!(
            "{} of {all} columns of x show no dependence on any parameter and are left out \
             (transform.screening)",
            all - kept
        ));
    }
}

fn plot_curves(history: &[EpochMetrics], folder: &Path) -> Result<(), RunError> {
    let points: Vec<CurvePoint> = history
        .iter()
        .map(|m| CurvePoint {
            epoch: m.epoch,
            training_loss: m.loss,
            validation_nll: m.validation_nll,
            reconstruction: m.validation_reconstruction,
        })
        .collect();
    std::fs::create_dir_all(folder.join("plots"))?;
    Ok(training_curves(&folder.join("plots/training.svg"), &points)?)
}
