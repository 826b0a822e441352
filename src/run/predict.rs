//! The second half of a run with a program of one's own: the posterior of each observation. There
//! is no reference to score against.

use super::directory::{create_folder, write_status};
use super::kept::KeptDraws;
use super::plots::is_plotted;
use super::{Reporter, RunError, TrainResult, own, plot as draw};
use freeform_benchmark::{PairPlot, pair_plot};
use freeform_inference::EngineKind;
use freeform_inference::{Asking, Posterior, PosteriorError};
use freeform_simulators::{
    CategoryProbabilities, ExternalSimulator, SimulationSource, write_draws,
};
use ndarray::ArrayView1;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// Draws per observation.
const DRAWS: usize = 10_000;

/// Which posteriors to draw from, and where to.
pub struct Prediction<'a> {
    /// The run's folder.
    pub folder: &'a Path,
    /// The program.
    pub program: &'a ExternalSimulator,
    /// Its observations, by number.
    pub observations: &'a [usize],
    /// Seed of the draws.
    pub seed: u64,
    /// Who does the arithmetic.
    pub engine: EngineKind,
    /// Set by a signal: stop, with every finished observation kept.
    pub interrupt: &'a AtomicBool,
    /// Who tells the user.
    pub reporter: Reporter,
}

/// The posterior of one observation in short.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObservationSummary {
    /// The observation's number.
    pub num_observation: usize,
    /// Posterior mean of each parameter, `[D]`.
    pub mean: Vec<f64>,
    /// Posterior standard deviation of each parameter, `[D]`.
    pub std: Vec<f64>,
    /// How likely each category is, of parameters that are such.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub probabilities: Vec<CategoryProbabilities>,
    /// Share of the flow's draws inside the prior.
    pub acceptance: f64,
    /// How many independent draws these are worth.
    pub effective: f64,
    /// How many of them are different.
    pub distinct: usize,
}

#[derive(Serialize)]
struct PredictionStatus<'a> {
    status: &'static str,
    task: &'a str,
    training_seconds: f64,
    observations: &'a [ObservationSummary],
    training: &'a freeform_inference::TrainingSummary,
}

/// Samples and plots each observation into the run's folder.
///
/// # Errors
/// [`RunError`]; finished observations stay in the folder.
pub fn predict(
    job: &Prediction<'_>,
    trained: &TrainResult,
) -> Result<Vec<ObservationSummary>, RunError> {
    let own = own(job.folder)?;
    let posterior = Posterior::new(trained.model.clone(), job.engine);
    let stopped = || RunError::Interrupted { path: job.folder.display().to_string() };
    let (mut summaries, mut worthless) = (Vec::new(), Vec::new());
    KeptDraws::make_folder(job.folder)?;
    create_folder(&job.folder.join("plots"))?;
    for &number in job.observations {
        if job.interrupt.load(Ordering::Relaxed) {
            return Err(stopped());
        }
        let x = job.program.observation(number)?;
        // Each observation has draws of its own.
        let seed = job.seed.wrapping_mul(1000).wrapping_add(number as u64);
        let plotted = job.folder.join(format!("plots/observation_{number:02}.svg"));
        let identity = identity(job, trained, &x, seed);
        let kept = KeptDraws { folder: job.folder, number, identity };
        if let Some(summary) = kept.recall().filter(|_| is_plotted(&plotted)) {
            summaries.push(summary);
            continue;
        }
        job.reporter.say(&format!("sampling observation {number}"));
        let asking = Asking { anyway: true, ..Asking::until(job.interrupt) };
        let draws = match posterior.sample_as(&x, DRAWS, seed, &asking) {
            Ok(draws) => draws,
            Err(PosteriorError::Interrupted) => return Err(stopped()),
            // The other observations are not lost for it.
            Err(
                error @ (PosteriorError::Leakage { .. } | PosteriorError::ObservationTooFar { .. }),
            ) => {
                worthless.push(format!("observation {number}: {error}"));
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        for warning in draws.warnings() {
            job.reporter.warn(&format!("observation {number}: {warning}"));
        }
        if draws.are_worthless() {
            worthless.push(format!("observation {number}: {}", draws.warnings().join("; ")));
        }
        write_draws(kept.path(), &posterior.model().prior, draws.theta.view())?;
        let plot = PairPlot {
            title: &format!("{}, observation {number}", job.program.name()),
            names: posterior.model().prior.names(),
            posterior: draws.theta.view(),
            reference: None,
            truth: None,
            prior: Some(&posterior.model().prior),
        };
        draw(&plotted, |path| pair_plot(path, &plot))?;
        let columns = || draws.theta.columns().into_iter();
        // Of differences from the first draw, which keeps their digits.
        let mean =
            |c: ArrayView1<f64>| c[0] + c.iter().map(|v| v - c[0]).sum::<f64>() / c.len() as f64;
        let summary = ObservationSummary {
            num_observation: number,
            mean: columns().map(mean).collect(),
            std: columns().map(|c| c.std(0.0)).collect(),
            probabilities: posterior.model().prior.probabilities(draws.theta.view()),
            acceptance: draws.acceptance,
            effective: draws.effective,
            distinct: draws.distinct,
        };
        // Draws worth nothing are made, and said to be so, again.
        if !draws.are_worthless() {
            kept.keep(&summary)?;
        }
        summaries.push(summary);
    }
    let status = PredictionStatus {
        status: "done",
        task: job.program.name(),
        training_seconds: trained.seconds,
        observations: &summaries,
        training: &trained.model.training,
    };
    own.check()?;
    write_status(job.folder, &status)?;
    if !worthless.is_empty() {
        let path = job.folder.display().to_string();
        return Err(RunError::Worthless { path, reasons: worthless });
    }
    Ok(summaries)
}

/// Names everything that the draws of an observation are made of.
fn identity(job: &Prediction<'_>, trained: &TrainResult, x: &[f64], seed: u64) -> String {
    let mut hasher = blake3::Hasher::new();
    let made = trained.model.training.run.as_deref().unwrap_or("of a former version");
    // A model that was trained again is another one, if only by rounding.
    let text = format!("{made} {:?} {seed} {DRAWS} {}", trained.model.training, job.engine);
    hasher.update(text.as_bytes());
    x.iter().for_each(|v| {
        hasher.update(&v.to_le_bytes());
    });
    hasher.finalize().to_hex().to_string()
}
