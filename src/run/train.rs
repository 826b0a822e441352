//! A training with its folder: checkpoints, metrics, model, curves, status.

#[cfg(feature = "burn")]
use super::Owned;
use super::directory::{claim, create_folder, release, training_seconds, write_status};
use super::host::FolderHost;
use super::source::SimulatorRecord;
use super::{Existing, Reporter, RunError, RunRecord, TrainingInput, own, plots_wanted};
use freeform_benchmark::{CurvePoint, FlowCurve, training_curves};
use freeform_inference::assemble;
use freeform_inference::training::{
    DataError, EpochMetrics, Host, ThetaOrigin, TrainedMember, TrainingData, check_simulations,
    members, train_ensemble,
};
#[cfg(feature = "burn")]
use freeform_inference::training::{EnsembleJob, train_stacked};
use freeform_inference::{
    Config, EngineKind, Halt, Locality, Model, ModelError, Overrides, Preset, Problem,
    TrainingSummary, guarded,
};
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
    let own = own(job.folder)?;
    let prepared = match Prepared::of(job, input)? {
        Start::Finished(result) => return Ok(*result),
        Start::Ready(prepared) => prepared,
    };
    prepared.begin();
    let Prepared { data, config, identity, host, .. } = &*prepared;
    let trained = train_ensemble(data, config, job.seed, job.engine, identity, host)?;
    host.finish();
    own.check()?;
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
    let folders = jobs.iter().map(|job| own(job.folder));
    let owned = folders.collect::<Result<Vec<Owned>, RunError>>()?;
    let mut ready = Vec::new();
    for (job, input) in jobs.iter().zip(inputs) {
        if let Start::Ready(prepared) = Prepared::of(job, input)? {
            ready.push(prepared);
        }
    }
    let ensembles: Vec<EnsembleJob> = ready
        .iter()
        .map(|run| EnsembleJob {
            data: &run.data,
            config: &run.config,
            seed: run.job.seed,
            identity: &run.identity,
            host: &run.host,
        })
        .collect();
    ready.iter().for_each(|run| run.begin());
    let trained = train_stacked(&ensembles, engine)?;
    drop(ensembles);
    ready.iter().for_each(|run| run.host.finish());
    owned.iter().try_for_each(Owned::check)?;
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
    theta_from: Option<Prior>,
    local: Option<Locality>,
    task: Option<String>,
    data: TrainingData,
    /// Names the training in checkpoints and model.
    identity: String,
    /// Content of the simulator that `task` names.
    simulator: Option<SimulatorRecord>,
    host: FolderHost<'a>,
    resumed: bool,
}

impl<'a> Prepared<'a> {
    fn of(job: &'a TrainJob, input: TrainingInput) -> Result<Start<'a>, RunError> {
        for warning in &input.warnings {
            job.reporter.warn(warning);
        }
        let TrainingInput {
            simulations,
            prior,
            task,
            simulator,
            layout,
            theta_from,
            theta_failed,
            local,
            ..
        } = input;
        let problem = Problem::of(&simulations).laid_out(layout);
        let config = job.overrides.resolve(job.preset, problem)?;
        let spec = config.network_spec(problem.theta_dim, problem.context_dim);
        spec.validate()?;
        config
            .check_memory(problem, rayon::current_num_threads(), freeform_simulators::memory())
            .map_err(|error| job.overrides.placed(error))?;
        let record = RunRecord::new(&config, task.as_deref(), &prior, &simulations, job.seed);
        let record = record.drawn_from(theta_from.as_ref()).near(local.as_ref()).to_toml()?;
        let origin = ThetaOrigin {
            prior: &prior,
            drawn_from: theta_from.as_ref(),
            failed: theta_failed.as_ref(),
            local: local.as_ref(),
        };
        // Before a former run is touched.
        check_simulations(&simulations, &origin, &config)?;
        let identity = blake3::hash(Config::known_by(&record).as_bytes()).to_hex().to_string();
        let resumed = claim(job.folder, &record, job.existing)?;
        if resumed && let Some(model) = finished_model(job, &identity)? {
            model.training.remarks.iter().for_each(|remark| job.reporter.warn(remark));
            return Ok(Start::Finished(Box::new(TrainResult::finished(job.folder, model))));
        }
        let host = FolderHost::new(job.folder, &identity, job.interrupt, job.reporter)?;
        let data = match TrainingData::prepare(simulations, &origin, &config, job.seed, &host) {
            Ok(data) => data,
            Err(error) => {
                // What cannot be trained on leaves no run behind.
                if !resumed && !matches!(error, DataError::Halt(_)) {
                    release(job.folder)?;
                }
                return Err(halted(error, job.folder));
            }
        };
        // A damaged one is said before hours of work on the others.
        for member in members(&config, &data).into_iter().filter(|_| resumed) {
            host.restore(member)?;
        }
        warn_of_columns(&data, job.reporter);
        data.view_remark().iter().for_each(|remark| job.reporter.say(remark));
        data.findings().iter().for_each(|finding| job.reporter.warn(&finding.to_string()));
        Ok(Start::Ready(Box::new(Self {
            job,
            config,
            prior,
            theta_from,
            local,
            task,
            data,
            identity,
            simulator,
            host,
            resumed,
        })))
    }

    fn begin(&self) {
        self.host.begin(&self.data, &self.config, self.resumed);
    }

    /// Makes and saves the model; `None` where the training was interrupted.
    fn conclude(self, trained: Option<Vec<TrainedMember>>) -> Result<TrainResult, RunError> {
        let Self { job, config, prior, theta_from, local, task, data, .. } = self;
        let Self { identity, simulator, host, .. } = self;
        let Some(trained) = trained else {
            return Err(RunError::Interrupted { path: job.folder.display().to_string() });
        };
        let seconds = trained.iter().map(|member| member.seconds).sum();
        plot_curves(&trained, job.folder)?;
        let task = simulator.as_ref().map(|s| s.path.display().to_string()).or(task);
        let drawn_from = theta_from.as_ref();
        let local = local.as_ref();
        let origin = ThetaOrigin { prior: &prior, drawn_from, failed: None, local };
        let model = guarded(job.engine, || {
            assemble(&trained, &data, (&origin, task), &config, job.seed, job.engine, &host)
        })?;
        let mut model = model.map_err(|halt| halted(halt.into(), job.folder))?;
        model.training.simulator = simulator.map(|s| s.identity);
        model.training.run = Some(identity);
        tell(&model.training, &data, job.reporter);
        model.save(job.folder)?;
        write_status(
            job.folder,
            &TrainStatus { status: "trained", training_seconds: seconds, summary: &model.training },
        )?;
        host.tidy();
        Ok(TrainResult { model, was_finished: false, seconds })
    }
}

/// The finished model of the run in the folder, if it is finished.
fn finished_model(job: &TrainJob, identity: &str) -> Result<Option<Model>, RunError> {
    match Model::load(job.folder) {
        Ok(model) => match &model.training.run {
            Some(run) if run != identity => {
                Err(RunError::OtherModel { path: job.folder.display().to_string() })
            }
            // Models of former versions do not say whose they are.
            _ => Ok(Some(model)),
        },
        Err(ModelError::Missing { .. }) => Ok(None),
        Err(error) => {
            job.reporter.warn(&format!("{error}; it is made again from the checkpoints"));
            Ok(None)
        }
    }
}

/// What is said of a preparation that did not come to its end.
fn halted(error: DataError, folder: &Path) -> RunError {
    match error {
        DataError::Halt(Halt::Stopped) => {
            RunError::Interrupted { path: folder.display().to_string() }
        }
        DataError::Halt(Halt::Io(error)) => RunError::Io(error),
        other => RunError::Data(other),
    }
}

/// Tells what came of a training; what there was to say of its simulations has been said.
fn tell(summary: &TrainingSummary, data: &TrainingData, reporter: Reporter) {
    let known: Vec<String> = data.findings().iter().map(ToString::to_string).collect();
    let news = summary.remarks.iter().filter(|remark| !known.contains(remark));
    news.for_each(|remark| reporter.warn(remark));
    summary.notes.iter().for_each(|note| reporter.say(&format!("note: {note}")));
}

/// Tells of columns of x that the networks do not see.
fn warn_of_columns(data: &TrainingData, reporter: Reporter) {
    let transform = data.data();
    let plain = data.view_remark().is_none();
    let what = if plain { "column" } else { "statistic" };
    // A statistic that does not vary is no fault of anybody's.
    for &column in transform.scaler().constant_columns().iter().filter(|_| plain) {
        let value = transform.scaler().mean(column);
        reporter.warn(&format!(
            "column {} of x is constant ({value}) in the training simulations and is ignored",
            transform.kept()[column] + 1
        ));
    }
    let (kept, all) = (transform.kept().len(), transform.columns());
    if kept < all {
        reporter.say(&format!(
            "{} of {all} {what}s of x show no dependence on any parameter and are left out \
             (transform.screening)",
            all - kept
        ));
    }
}

/// All flows, a row of panels for each role.
fn plot_curves(trained: &[TrainedMember], folder: &Path) -> Result<(), RunError> {
    if !plots_wanted() {
        return Ok(());
    }
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
    create_folder(&folder.join("plots"))?;
    Ok(training_curves(&folder.join("plots/training.svg"), &flows)?)
}
