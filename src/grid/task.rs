//! One run of a sweep: what any scheduler calls.

use super::claim::Claim;
use super::entry::RunSource;
use super::state::{clear_failure, is_done, write_failure};
use super::{GridError, Layout, Plan, PlanEntry, shared};
use crate::run::{
    Evaluation, Existing, MoreMetrics, Prediction, Reporter, RunError, TrainJob, TrainResult,
    evaluate, mean_c2st, predict, train, write_status,
};
use freeform_benchmark::ReferenceStore;
use freeform_simulators::{AnySimulator, ExternalSimulator, Task};
use serde::Serialize;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// One run, and where it belongs.
pub struct TaskJob<'a> {
    /// The sweep's folder.
    pub layout: &'a Layout,
    /// Its plan.
    pub plan: &'a Plan,
    /// The run.
    pub entry: &'a PlanEntry,
    /// Where reference draws are kept.
    pub store: &'a ReferenceStore,
    /// Set by a signal: stop at the next step, with a checkpoint.
    pub interrupt: &'a AtomicBool,
    /// Who tells the user.
    pub reporter: Reporter,
}

/// What became of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub enum TaskOutcome {
    /// Finished by this call.
    Finished {
        /// Mean C2ST over the observations; none where there is no reference.
        mean_c2st: Option<f64>,
        /// Validation NLL of the encoder.
        validation_nll: f64,
        /// Seconds of training.
        training_seconds: f64,
    },
    /// Finished before.
    Known,
    /// Somebody else is at it.
    Busy,
}

/// Trains and scores one run, or goes on with it.
///
/// # Errors
/// [`GridError`]; a failure is recorded in the run's folder, an interruption leaves a checkpoint.
pub fn run_task(job: &TaskJob) -> Result<TaskOutcome, GridError> {
    let folder = job.layout.run(&job.entry.run);
    let done = || is_done(&folder, &job.plan.sweep, job.entry);
    if done() {
        return Ok(TaskOutcome::Known);
    }
    let Some(_claim) = Claim::take(&job.layout.claims(), &job.entry.run)? else {
        return Ok(TaskOutcome::Busy);
    };
    if done() {
        return Ok(TaskOutcome::Known);
    }
    let started = Instant::now();
    event(job, "started", None);
    match work(job, &folder) {
        Ok(outcome) => {
            clear_failure(&folder);
            event(job, "finished", Some(started));
            Ok(outcome)
        }
        Err(error) if is_interruption(&error) => {
            event(job, "interrupted", Some(started));
            Err(error)
        }
        Err(error) => {
            event(job, "failed", Some(started));
            write_failure(&folder, error.to_string())?;
            Err(error)
        }
    }
}

/// Whether the error is a signal's doing.
pub(super) fn is_interruption(error: &GridError) -> bool {
    matches!(
        error,
        GridError::Run(RunError::Interrupted { .. } | RunError::SimulationInterrupted { .. })
    )
}

fn work(job: &TaskJob, folder: &Path) -> Result<TaskOutcome, GridError> {
    let TaskJob { layout, plan, entry, interrupt, reporter, .. } = *job;
    let input = shared::input(layout, &plan.entries, entry, interrupt, reporter)?;
    let overrides = entry.overrides()?;
    let training = TrainJob {
        preset: entry.preset,
        overrides: &overrides,
        seed: entry.seed,
        engine: entry.engine,
        folder,
        existing: Existing::Resume,
        interrupt,
        reporter,
    };
    let trained = train(&training, input)?;
    let mean_c2st = match &entry.source {
        RunSource::Given { .. } => {
            finish(job, folder, &trained)?;
            None
        }
        source => match AnySimulator::open(&source.opens())? {
            AnySimulator::Task(_) if plan.sweep.task_observations().is_empty() => {
                finish(job, folder, &trained)?;
                None
            }
            AnySimulator::Task(task) => Some(score(job, folder, &task, &trained)?),
            AnySimulator::External(program) => {
                draw(job, folder, &program, &trained)?;
                None
            }
        },
    };
    Ok(TaskOutcome::Finished {
        mean_c2st,
        validation_nll: trained.model.training.quality.encoder_nll,
        training_seconds: trained.seconds,
    })
}

fn score(
    job: &TaskJob,
    folder: &Path,
    task: &Task,
    trained: &TrainResult,
) -> Result<f64, GridError> {
    let sweep = &job.plan.sweep;
    let evaluation = Evaluation {
        folder,
        task,
        observations: &sweep.task_observations(),
        more: MoreMetrics::default(),
        reference: sweep.reference,
        store: job.store,
        seed: job.entry.seed,
        engine: job.entry.engine,
        interrupt: job.interrupt,
        reporter: job.reporter,
    };
    Ok(mean_c2st(&evaluate(&evaluation, trained)?))
}

fn draw(
    job: &TaskJob,
    folder: &Path,
    program: &ExternalSimulator,
    trained: &TrainResult,
) -> Result<(), GridError> {
    let prediction = Prediction {
        folder,
        program,
        observations: &job.plan.sweep.observations_of(program.observation_count()?),
        seed: job.entry.seed,
        engine: job.entry.engine,
        interrupt: job.interrupt,
        reporter: job.reporter,
    };
    match predict(&prediction, trained) {
        // The run is whole, and says so; that it is of no use is a result of a sweep.
        Err(RunError::Worthless { .. }) => {}
        other => drop(other?),
    }
    Ok(())
}

#[derive(Serialize)]
struct TrainedStatus<'a> {
    status: &'static str,
    task: &'a str,
    training_seconds: f64,
    training: &'a freeform_inference::TrainingSummary,
}

/// Without observations, the model is all there is.
fn finish(job: &TaskJob, folder: &Path, trained: &TrainResult) -> Result<(), GridError> {
    let status = TrainedStatus {
        status: "done",
        task: &job.entry.task,
        training_seconds: trained.seconds,
        training: &trained.model.training,
    };
    Ok(write_status(folder, &status)?)
}

#[derive(Serialize)]
struct Event<'a> {
    time: u64,
    event: &'static str,
    index: usize,
    run: &'a str,
    pid: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<f64>,
}

/// Notes in the sweep's log what happened; a log that cannot be written stops nothing.
fn event(job: &TaskJob, event: &'static str, started: Option<Instant>) {
    let time = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let (index, run, pid) = (job.entry.index, job.entry.run.as_str(), std::process::id());
    let seconds = started.map(|s| s.elapsed().as_secs_f64());
    let entry = Event { time, event, index, run, pid, seconds };
    let Ok(line) = serde_json::to_string(&entry) else { return };
    let file = OpenOptions::new().create(true).append(true).open(job.layout.events());
    // One call, so that lines of several processes do not mix.
    let _ = file.and_then(|mut file| file.write_all((line + "\n").as_bytes()));
}
