//! A training with its folder: checkpoints, metrics, model, curves, status.

use super::directory::{claim, training_seconds, write_status};
use super::host::FolderHost;
use super::{Existing, Reporter, RunError, RunRecord, TrainingInput};
use freeform_benchmark::{CurvePoint, FlowCurve, training_curves};
use freeform_inference::assemble;
#[cfg(feature = "burn")]
use freeform_inference::training::{EnsembleJob, train_stacked};
use freeform_inference::training::{EpochMetrics, TrainedMember, TrainingData, train_ensemble};
use freeform_inference::{Config, Overrides, Preset, Problem};
use freeform_inference::{EngineKind, guarded};
use freeform_inference::{Model, TrainingSummary};
use freeform_simulators::Prior;
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
    let prepared = match Prepared::of(job, input)? {
        Start::Finished(result) => return Ok(*result),
        Start::Ready(prepared) => prepared,
    };
    let host = prepared.host()?;
    let Prepared { data, config, identity, .. } = &*prepared;
    let trained = train_ensemble(data, config, job.seed, job.engine, identity, &host)?;
    host.finish();
    prepared.conclude(trained)
}

/// Trains many runs in one go, on an engine that trains flows of one shape in step; runs that are
/// finished are left alone. [`train`] then finds each of them finished, or where it was left.
///
/// # Errors
/// [`RunError`] of the first run that failed; what was computed so far stays in the folders.
#[cfg(feature = "burn")]
pub fn train_together(
    runs: Vec<(TrainJob, TrainingInput)>,
    engine: EngineKind,
) -> Result<(), RunError> {
    let (jobs, inputs): (Vec<TrainJob>, Vec<TrainingInput>) = runs.into_iter().unzip();
    let mut ready = Vec::new();
    for (job, input) in jobs.iter().zip(inputs) {
        if let Start::Ready(prepared) = Prepared::of(job, input)? {
            ready.push(prepared);
        }
    }
    let hosts = ready.iter().map(|run| run.host()).collect::<Result<Vec<_>, RunError>>()?;
    let ensembles: Vec<EnsembleJob> = ready
        .iter()
        .zip(&hosts)
        .map(|(run, host)| EnsembleJob {
            data: &run.data,
            config: &run.config,
            seed: run.job.seed,
            identity: &run.identity,
            host,
        })
        .collect();
    let trained = train_stacked(&ensembles, engine)?;
    drop(ensembles);
    hosts.iter().for_each(FolderHost::finish);
    drop(hosts);
    ready.into_iter().zip(trained).try_for_each(|(run, flows)| run.conclude(flows).map(drop))
}

/// How a call of [`train`] begins.
enum Start<'a> {
    /// There is nothing to do.
    Finished(Box<TrainResult>),
    Ready(Box<Prepared<'a>>),
}

/// A run whose folder is taken and whose data are ready.
struct Prepared<'a> {
    job: &'a TrainJob<'a>,
    config: Config,
    prior: Prior,
    task: Option<String>,
    data: TrainingData,
    /// Names the training in checkpoints.
    identity: String,
    resumed: bool,
}

impl<'a> Prepared<'a> {
    fn of(job: &'a TrainJob, input: TrainingInput) -> Result<Start<'a>, RunError> {
        for warning in &input.warnings {
            job.reporter.warn(warning);
        }
        let TrainingInput { simulations, prior, task, .. } = input;
        let problem = Problem::of(&simulations);
        let config = job.overrides.resolve(job.preset, problem)?;
        let spec = config.network_spec(problem.theta_dim, problem.context_dim);
        spec.validate()?;
        let record = RunRecord::new(&config, task.as_deref(), &prior, &simulations, job.seed);
        let record = record.to_toml()?;
        let data = TrainingData::prepare(simulations, &prior, &config, job.seed)?;
        warn_of_columns(&data, job.reporter);

        let resumed = claim(job.folder, &record, job.existing)?;
        if resumed && let Ok(model) = Model::load(job.folder) {
            return Ok(Start::Finished(Box::new(TrainResult::finished(job.folder, model))));
        }
        let identity = blake3::hash(record.as_bytes()).to_hex().to_string();
        Ok(Start::Ready(Box::new(Self { job, config, prior, task, data, identity, resumed })))
    }

    fn host(&self) -> Result<FolderHost<'_>, RunError> {
        FolderHost::new(self.job, &self.data, &self.config, &self.identity, self.resumed)
    }

    /// Makes and saves the model; `None` where the training was interrupted.
    fn conclude(self, trained: Option<Vec<TrainedMember>>) -> Result<TrainResult, RunError> {
        let Self { job, config, prior, task, data, .. } = self;
        let Some(trained) = trained else {
            return Err(RunError::Interrupted { path: job.folder.display().to_string() });
        };
        let seconds = trained.iter().map(|member| member.seconds).sum();
        plot_curves(&trained, job.folder)?;
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

/// All flows, a row of panels for each role.
fn plot_curves(trained: &[TrainedMember], folder: &Path) -> Result<(), RunError> {
    let point = |m: &EpochMetrics| CurvePoint {
        epoch: m.epoch,
        training_loss: m.loss,
        validation_nll: m.validation_nll,
        reconstruction: m.validation_reconstruction,
    };
    let flow = |flow: &TrainedMember| FlowCurve {
        // `posterior-1` and its like.
        kind: flow.member.to_string().split('-').next().unwrap_or_default().to_owned(),
        best_epoch: flow.best_epoch,
        points: flow.history.iter().map(point).collect(),
    };
    let flows: Vec<FlowCurve> = trained.iter().map(flow).collect();
    std::fs::create_dir_all(folder.join("plots"))?;
    Ok(training_curves(&folder.join("plots/training.svg"), &flows)?)
}
