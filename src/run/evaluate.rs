//! The second half of the main job: sample every observation, score against reference draws.

use super::directory::{create_folder, write_status};
use super::interruptible::interruptible;
use super::{Reporter, RunError, TrainResult, failure_warning, own, plots_wanted};
use freeform_benchmark::{
    C2stSettings, ObservationScore, PairPlot, ReferenceSource, ReferenceStore, c2st,
    median_distance, mmd, pair_plot, read_scores, write_scores,
};
use freeform_inference::EngineKind;
use freeform_inference::Model;
use freeform_inference::{Asking, Posterior, PosteriorError};
use freeform_simulators::{Observation, Task, simulate_at, write_draws};
use serde::Serialize;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Draws per observation, of posterior and of reference, as the benchmark has it.
pub(super) const DRAWS: usize = 10_000;

/// What to evaluate.
pub struct Evaluation<'a> {
    /// The run's folder.
    pub folder: &'a Path,
    /// The benchmark task.
    pub task: &'a Task,
    /// Its observations, by number.
    pub observations: &'a [usize],
    /// What to measure beside the C2ST.
    pub more: MoreMetrics,
    /// Whose draws count as the truth.
    pub reference: ReferenceSource,
    /// Where reference draws are kept.
    pub store: &'a ReferenceStore,
    /// Seed of draws and classifier.
    pub seed: u64,
    /// Who does the arithmetic.
    pub engine: EngineKind,
    /// Set by a signal: stop, with every finished observation kept.
    pub interrupt: &'a AtomicBool,
    /// Who tells the user.
    pub reporter: Reporter,
}

/// What to measure beside the C2ST.
#[derive(Clone, Copy, Debug, Default)]
pub struct MoreMetrics {
    /// Maximum mean discrepancy.
    pub mmd: bool,
    /// Median distance of posterior-predictive simulations.
    pub median_distance: bool,
}

impl MoreMetrics {
    /// Whether a row has everything asked for.
    fn are_in(self, score: &ObservationScore) -> bool {
        (score.mmd.is_some() || !self.mmd)
            && (score.median_distance.is_some() || !self.median_distance)
    }
}

#[derive(Serialize)]
struct RunStatus<'a> {
    status: &'static str,
    task: &'a str,
    training_seconds: f64,
    evaluation_seconds: f64,
    mean_c2st: f64,
    observations: &'a [ObservationScore],
    training: &'a freeform_inference::TrainingSummary,
}

/// Samples and scores each observation into the run's folder; rows already there are kept if they
/// have what is asked for and were scored against the same reference draws.
///
/// # Errors
/// [`RunError`]; finished observations stay in the folder.
pub fn evaluate(
    job: &Evaluation,
    trained: &TrainResult,
) -> Result<Vec<ObservationScore>, RunError> {
    let started = Instant::now();
    let own = own(job.folder)?;
    for folder in ["samples", "plots"] {
        create_folder(&job.folder.join(folder))?;
    }
    let table = job.folder.join("c2st.csv");
    let known = trained.was_finished && table.exists();
    let mut scores = if known { read_scores(&table)? } else { Vec::new() };
    scores.retain(|s| s.reference == Some(job.reference) && job.more.are_in(s));
    let posterior = Posterior::new(trained.model.clone(), job.engine);
    let mut bar = job.reporter.bar("scoring", job.observations.len(), scores.len());
    for &number in job.observations {
        if scores.iter().any(|s| s.num_observation == number) {
            continue;
        }
        if job.interrupt.load(Ordering::Relaxed) {
            return Err(stopped(job));
        }
        bar.update(scores.len(), || format!("observation {number}"));
        scores.push(
            score(job, &posterior, number)
                .map_err(|error| if error.is_stopped_scoring() { stopped(job) } else { error })?,
        );
        own.check()?;
        scores.sort_by_key(|s| s.num_observation);
        write_scores(&table, &scores)?;
    }
    bar.finish();
    scores.retain(|s| job.observations.contains(&s.num_observation));
    let status = RunStatus {
        status: "done",
        task: job.task.name(),
        training_seconds: trained.seconds,
        evaluation_seconds: started.elapsed().as_secs_f64(),
        mean_c2st: mean_c2st(&scores),
        observations: &scores,
        training: &trained.model.training,
    };
    write_status(job.folder, &status)?;
    Ok(scores)
}

/// Mean C2ST of a table.
pub fn mean_c2st(scores: &[ObservationScore]) -> f64 {
    scores.iter().map(|s| s.c2st).sum::<f64>() / scores.len() as f64
}

fn stopped(job: &Evaluation) -> RunError {
    RunError::Interrupted { path: job.folder.display().to_string() }
}

fn score(
    job: &Evaluation,
    posterior: &Posterior,
    number: usize,
) -> Result<ObservationScore, RunError> {
    let observation = job.task.observation(number)?;
    // Each observation has draws of its own.
    let seed = job.seed.wrapping_mul(1000).wrapping_add(number as u64);
    let path = job.folder.join(format!("samples/observation_{number:02}.npy"));
    let warn = |text: &str| job.reporter.warn(&format!("observation {number}: {text}"));
    let stop = job.interrupt;
    let asking = Asking { anyway: true, ..Asking::until(stop) };
    let draws = match posterior.sample_as(&observation.x, DRAWS, seed, &asking) {
        Err(PosteriorError::Interrupted) => return Err(stopped(job)),
        draws => draws?,
    };
    draws.warnings().iter().for_each(|warning| warn(warning));
    let draws = draws.theta;
    write_draws(&path, &posterior.model().prior, draws.view())?;
    let reference = job.store.official(job.task, number, DRAWS, job.reference, stop)?;
    reference.remark.iter().for_each(|remark| warn(remark));
    let reference = reference.theta;
    plot(job, posterior.model(), &observation, number, &draws, &reference)?;
    let settings = C2stSettings { seed: job.seed, ..C2stSettings::default() };
    // The reference supplies the z-scores, as in the published tables.
    let c2st = c2st(reference.view(), draws.view(), &settings, stop)?;
    c2st.remarks.iter().for_each(|remark| warn(remark));
    let mmd = match job.more.mmd {
        true => Some(mmd(reference.view(), draws.view(), stop)?),
        false => None,
    };
    let median_distance = match job.more.median_distance {
        true => {
            let (task, theta) = (Task::by_name(job.task.name())?, draws.clone());
            let simulate = move || simulate_at(task.simulator(), theta.view(), seed);
            let predictive =
                interruptible(job.interrupt, simulate).ok_or_else(|| stopped(job))??;
            failure_warning(&predictive.failures).iter().for_each(|failed| warn(failed));
            Some(median_distance(predictive.simulations.x.view(), &observation.x)?)
        }
        false => None,
    };
    Ok(ObservationScore {
        num_observation: number,
        c2st: c2st.accuracy,
        mmd,
        median_distance,
        reference: Some(job.reference),
    })
}

fn plot(
    job: &Evaluation,
    model: &Model,
    observation: &Observation,
    number: usize,
    draws: &ndarray::Array2<f64>,
    reference: &ndarray::Array2<f32>,
) -> Result<(), RunError> {
    if !plots_wanted() {
        return Ok(());
    }
    let reference = reference.mapv(f64::from);
    let plot = PairPlot {
        title: &format!("{}, observation {number}", job.task.name()),
        names: model.prior.names(),
        posterior: draws.view(),
        reference: Some(reference.view()),
        truth: Some(&observation.true_parameters),
        prior: Some(&model.prior),
    };
    Ok(pair_plot(&job.folder.join(format!("plots/observation_{number:02}.svg")), &plot)?)
}
