//! The second half of the main job: sample every observation, score against reference draws.

use super::directory::create_folder;
use super::interruptible::interruptible;
use super::score_pieces::{DrawsPiece, ScorePieces};
use super::scored::{ScoredStatus, known_scores};
use super::{
    Plots, Reporter, RunError, TrainResult, failure_warning, own, plot as draw, plots_wanted,
};
use freeform_benchmark::{
    C2stSettings, ObservationScore, PairPlot, ReferenceSource, ReferenceStore, c2st_in_pieces,
    median_distance, mmd, pair_plot,
};
use freeform_inference::EngineKind;
use freeform_inference::Model;
use freeform_inference::{Asking, Posterior, PosteriorError};
use freeform_simulators::{Observation, Task, simulate_at, write_draws};
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

/// Samples and scores each observation into the run's folder; rows already there are kept if they
/// have what is asked for and were scored against the same reference draws. Scores are kept as they
/// come, sealed in `status.json`, and what takes longer than seconds in pieces.
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
    let run = trained.model.training.run.as_deref();
    let known = match trained.was_finished {
        true => known_scores(job.folder, run)?,
        false => Default::default(),
    };
    known.remark.iter().for_each(|remark| job.reporter.warn(remark));
    let mut scores = known.scores;
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
        let (scored, pieces) = score(job, &posterior, number)
            .map_err(|error| if error.is_stopped_scoring() { stopped(job) } else { error })?;
        scores.push(scored);
        own.check()?;
        scores.sort_by_key(|s| s.num_observation);
        status(job, trained, started, &scores).write(job.folder)?;
        pieces.clear();
    }
    bar.finish();
    own.check()?;
    status(job, trained, started, &scores).write(job.folder)?;
    scores.retain(|s| job.observations.contains(&s.num_observation));
    Ok(scores)
}

/// `status.json` with these scores.
fn status<'a>(
    job: &'a Evaluation,
    trained: &'a TrainResult,
    started: Instant,
    scores: &'a [ObservationScore],
) -> ScoredStatus<'a> {
    let has = |number: &usize| scores.iter().any(|s| s.num_observation == *number);
    ScoredStatus {
        status: if job.observations.iter().all(has) { "done" } else { "trained" },
        task: job.task.name(),
        training_seconds: trained.seconds,
        evaluation_seconds: started.elapsed().as_secs_f64(),
        mean_c2st: (!scores.is_empty()).then(|| mean_c2st(scores)),
        observations: scores,
        training: &trained.model.training,
    }
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
) -> Result<(ObservationScore, ScorePieces), RunError> {
    let observation = job.task.observation(number)?;
    // Each observation has draws of its own.
    let seed = job.seed.wrapping_mul(1000).wrapping_add(number as u64);
    let path = job.folder.join(format!("samples/observation_{number:02}.npy"));
    let warn = |text: &str| job.reporter.warn(&format!("observation {number}: {text}"));
    let stop = job.interrupt;
    let reference = job.store.official(job.task, number, DRAWS, job.reference, stop)?;
    reference.remark.iter().for_each(|remark| warn(remark));
    let reference = reference.theta;
    let identity = identity(job, posterior.model(), (&observation.x, seed), &reference);
    let pieces = ScorePieces::of(job.folder, &identity)?;
    let known = pieces.draws();
    let DrawsPiece { theta: draws, warnings } = match known {
        Some(known) => known,
        None => {
            let asking = Asking { anyway: true, ..Asking::until(stop) };
            let draws = match posterior.sample_as(&observation.x, DRAWS, seed, &asking) {
                Err(PosteriorError::Interrupted) => return Err(stopped(job)),
                draws => draws?,
            };
            let made = DrawsPiece { warnings: draws.warnings(), theta: draws.theta };
            pieces.keep_draws(&made)?;
            made
        }
    };
    warnings.iter().for_each(|warning| warn(warning));
    write_draws(&path, &posterior.model().prior, draws.view())?;
    plot(job, posterior.model(), &observation, number, &draws, &reference)?;
    let settings = C2stSettings { seed: job.seed, ..C2stSettings::default() };
    // The reference supplies the z-scores, as in the published tables.
    let c2st = c2st_in_pieces(reference.view(), draws.view(), &settings, stop, &pieces)?;
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
    let score = ObservationScore {
        num_observation: number,
        c2st: c2st.accuracy,
        mmd,
        median_distance,
        reference: Some(job.reference),
    };
    Ok((score, pieces))
}

/// Names everything that the score of an observation is made of.
fn identity(
    job: &Evaluation,
    model: &Model,
    (x, seed): (&[f64], u64),
    reference: &ndarray::Array2<f32>,
) -> String {
    let mut hasher = blake3::Hasher::new();
    // A model that was trained again is another one, if only by rounding.
    let text = format!("scoring 1 {:?} {seed} {DRAWS} {}", model.training, job.engine);
    hasher.update(text.as_bytes());
    x.iter().for_each(|v| {
        hasher.update(&v.to_le_bytes());
    });
    reference.iter().for_each(|v| {
        hasher.update(&v.to_le_bytes());
    });
    hasher.finalize().to_hex().to_string()
}

fn plot(
    job: &Evaluation,
    model: &Model,
    observation: &Observation,
    number: usize,
    draws: &ndarray::Array2<f64>,
    reference: &ndarray::Array2<f32>,
) -> Result<(), RunError> {
    if plots_wanted() == Plots::None {
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
    let path = job.folder.join(format!("plots/observation_{number:02}.svg"));
    Ok(draw(&path, |path| pair_plot(path, &plot))?)
}
