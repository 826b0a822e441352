//! A training with its folder: what comes before its steps, and after.

use super::curves::plot_curves;
use super::words::{tell, warn_of_columns};
use super::{TrainJob, TrainResult};
use crate::run::directory::{claim, release, write_status};
use crate::run::host::FolderHost;
use crate::run::source::SimulatorRecord;
use crate::run::{RunError, RunRecord, TrainingInput};
use freeform_inference::training::{
    DataError, EnsemblePlan, Host, ThetaOrigin, TrainedMember, TrainingData, check_simulations,
};
use freeform_inference::{
    Config, Halt, Locality, Masks, Model, ModelError, Problem, TrainingSummary, assemble, guarded,
};
use freeform_simulators::Prior;
use serde::Serialize;
use std::path::{Path, PathBuf};

#[derive(Serialize)]
struct TrainStatus<'a> {
    status: &'static str,
    training_seconds: f64,
    /// The file of the simulations, by its absolute path, where a user named one.
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<PathBuf>,
    #[serde(flatten)]
    summary: &'a TrainingSummary,
}

/// How a call of [`train`] begins.
pub(super) enum Start<'a> {
    /// There is nothing to do.
    Finished(Box<TrainResult>),
    Ready(Box<Prepared<'a>>),
}

/// A run whose folder is taken and whose data are ready.
pub(super) struct Prepared<'a> {
    pub job: &'a TrainJob<'a>,
    pub config: Config,
    prior: Prior,
    theta_from: Option<Prior>,
    local: Option<Locality>,
    masks: Option<Masks>,
    task: Option<String>,
    pub data: TrainingData,
    /// Names the training in checkpoints and model.
    pub identity: String,
    /// Content of the simulator that `task` names.
    simulator: Option<SimulatorRecord>,
    /// What the numbers of x are called.
    data_names: Option<Vec<String>>,
    /// The file that the simulations were read from.
    table: Option<PathBuf>,
    pub host: FolderHost<'a>,
    resumed: bool,
}

impl<'a> Prepared<'a> {
    pub fn of(job: &'a TrainJob, input: TrainingInput) -> Result<Start<'a>, RunError> {
        for warning in &input.warnings {
            job.reporter.warn(warning);
        }
        let TrainingInput {
            simulations,
            prior,
            task,
            simulator,
            layout,
            missing,
            masks,
            theta_from,
            theta_failed,
            local,
            table,
            data_names,
            rows,
            ..
        } = input;
        let problem = Problem::of(&simulations).laid_out(layout).with_missing(missing);
        let config = job.overrides.resolve(job.preset, &problem)?;
        let config = Locality::settle(local.as_ref(), config, job.overrides);
        let spec = config.network_spec(problem.theta_dim, problem.context_dim);
        spec.validate()?;
        config
            .check_memory(&problem, rayon::current_num_threads(), freeform_simulators::memory())
            .map_err(|error| job.overrides.placed(error))?;
        let record = RunRecord::new(&config, task.as_deref(), &prior, &simulations, job.seed);
        let record = record.drawn_from(theta_from.as_ref()).near(local.as_ref()).to_toml()?;
        let origin = ThetaOrigin {
            prior: &prior,
            drawn_from: theta_from.as_ref(),
            failed: theta_failed.as_ref(),
            local: local.as_ref(),
            rows: rows.as_deref(),
        };
        // Before a former run is touched.
        check_simulations(&simulations, &origin, &config).map_err(|error| match &table {
            Some(path) => RunError::DataFile { path: path.display().to_string(), error },
            None => error.into(),
        })?;
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
        for member in EnsemblePlan::of(&config, &data).possible().into_iter().filter(|_| resumed) {
            host.restore(member)?;
        }
        data.view_remark().iter().for_each(|remark| job.reporter.say(remark));
        warn_of_columns(&data, &config, job.reporter);
        data.findings().iter().for_each(|finding| job.reporter.warn(&finding.to_string()));
        Ok(Start::Ready(Box::new(Self {
            job,
            config,
            prior,
            theta_from,
            local,
            masks,
            task,
            data,
            identity,
            simulator,
            data_names,
            table,
            host,
            resumed,
        })))
    }

    pub fn begin(&self) {
        self.host.begin(&self.data, &self.config, self.resumed);
    }

    /// Makes and saves the model; `None` where the training was interrupted.
    pub fn conclude(self, trained: Option<Vec<TrainedMember>>) -> Result<TrainResult, RunError> {
        let Self { job, config, prior, theta_from, local, task, data, .. } = self;
        let Self { identity, simulator, data_names, table, masks, host, .. } = self;
        let Some(trained) = trained else {
            return Err(RunError::Interrupted { path: job.folder.display().to_string() });
        };
        let seconds = trained.iter().map(|member| member.seconds).sum();
        plot_curves(&trained, job.folder)?;
        let task = simulator.as_ref().map(|s| s.path.display().to_string()).or(task);
        let drawn_from = theta_from.as_ref();
        let local = local.as_ref();
        let origin = ThetaOrigin { prior: &prior, drawn_from, failed: None, local, rows: None };
        let model = guarded(job.engine, || {
            assemble(&trained, &data, (&origin, task), &config, job.seed, job.engine, &host)
        })?;
        let mut model = model.map_err(|halt| halted(halt.into(), job.folder))?;
        model.training.simulator = simulator.map(|s| s.identity);
        model.training.data_names = data_names;
        model.training.run = Some(identity);
        model.training.masks = masks;
        tell(&model.training, &data, job.reporter);
        model.save(job.folder)?;
        write_status(
            job.folder,
            &TrainStatus {
                status: "trained",
                training_seconds: seconds,
                table: table.and_then(|table| std::path::absolute(table).ok()),
                summary: &model.training,
            },
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
