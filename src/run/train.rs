//! A training with its folder: checkpoints, metrics, model, curves, status.

use super::directory::{claim, training_seconds, write_status};
use super::progress::Bar;
use super::{Existing, Reporter, RunError, RunRecord, TrainingInput};
use crate::config::{Overrides, Preset, Problem};
use crate::engine::{self, EngineKind};
use crate::model::{Model, TrainingSummary};
use crate::training::{
    Checkpoint, EpochMetrics, Observer, Outcome, StepInfo, Trainer, TrainingData, write_metrics,
};
use freeform_benchmark::{CurvePoint, training_curves};
use serde::Serialize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const CHECKPOINT: &str = "checkpoint.safetensors";
const METRICS: &str = "metrics.jsonl";
/// At most this much work is lost to a kill.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(5);

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
    /// Seconds of training, in all the processes that it took.
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
        RunRecord::new(&config, task.as_deref(), &prior, &simulations, job.seed, job.engine)
            .to_toml()?;
    let data = TrainingData::prepare(simulations, &prior, &config, job.seed)?;
    for column in data.data().scaler().constant_columns() {
        let value = data.data().scaler().mean(*column);
        job.reporter.warn(&format!(
            "column {} of x is constant ({value}) in the training simulations and is ignored",
            column + 1
        ));
    }

    let resumed = claim(job.folder, &record, job.existing)?;
    if resumed && let Ok(model) = Model::load(job.folder) {
        return Ok(TrainResult::finished(job.folder, model));
    }
    let identity = blake3::hash(record.as_bytes()).to_hex().to_string();
    let checkpoint = job.folder.join(CHECKPOINT);
    let engine = engine::create(job.engine, &spec, &spec.initial_weights(job.seed));
    let mut trainer = Trainer::new(engine, &data, &config, job.seed, identity.clone());
    if resumed && checkpoint.exists() {
        trainer.restore(Checkpoint::read(&checkpoint, &identity)?);
        job.reporter.say(&format!("resuming at epoch {}", trainer.history().len() + 1));
    }

    let mut watch = Watch::new(job, &trainer);
    let outcome = trainer.run(&mut watch)?;
    watch.bar.finish();
    let seconds = trainer.seconds();
    match outcome {
        Ok(Outcome::Finished) => {}
        Ok(Outcome::Interrupted) => {
            trainer.checkpoint().write(&checkpoint)?;
            return Err(RunError::Interrupted { path: job.folder.display().to_string() });
        }
        Err(error) => return Err(error.into()),
    }
    save(&trainer, job.folder)?;
    plot_curves(trainer.history(), job.folder)?;
    let model = trainer.into_model(&prior, task)?;
    model.save(job.folder)?;
    write_status(
        job.folder,
        &TrainStatus { status: "trained", training_seconds: seconds, summary: &model.training },
    )?;
    Ok(TrainResult { model, was_finished: false, seconds })
}

/// Metrics, then the checkpoint: a checkpoint never knows less than the metrics say.
fn save(trainer: &Trainer, folder: &Path) -> std::io::Result<()> {
    trainer.checkpoint().write(&folder.join(CHECKPOINT)).map_err(std::io::Error::other)?;
    write_metrics(&folder.join(METRICS), trainer.history())
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

/// Watches one training: shows it, saves it, stops it.
struct Watch<'a> {
    bar: Bar,
    folder: PathBuf,
    interrupt: &'a AtomicBool,
    saved: Instant,
}

impl<'a> Watch<'a> {
    fn new(job: &TrainJob<'a>, trainer: &Trainer) -> Self {
        let bar = job.reporter.bar("training", trainer.total_steps(), trainer.steps_done());
        Self { bar, folder: job.folder.into(), interrupt: job.interrupt, saved: Instant::now() }
    }
}

impl Observer for Watch<'_> {
    fn after_step(&mut self, info: &StepInfo) -> ControlFlow<()> {
        let rate = self.bar.rate(info.step);
        self.bar.update(info.step, || {
            let (nll, rec) = info
                .last_epoch
                .map_or((f64::NAN, f64::NAN), |e| (e.validation_nll, e.validation_reconstruction));
            let (epoch, loss) = (info.epoch, info.report.loss);
            format!("epoch {epoch} loss {loss:.3} nll {nll:.3} rec {rec:.1e} {rate:.0} steps/s")
        });
        match self.interrupt.load(Ordering::Relaxed) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    fn after_epoch(&mut self, trainer: &Trainer) -> std::io::Result<()> {
        if self.saved.elapsed() >= CHECKPOINT_EVERY {
            save(trainer, &self.folder)?;
            self.saved = Instant::now();
        }
        Ok(())
    }
}
