//! Inference of one observation in rounds, with its folder: proposals, simulations and model of each
//! round, and the last round's model as the folder's own.

mod from;
mod picture;
mod record;
mod stage;
mod words;

use super::directory::{create_folder, write_status_beside};
use super::scored::OF_SCORES;
use super::settled::check_settings;
use super::{Plots, Reporter, RunError, own, plot as draw, plots_wanted};
use freeform_benchmark::{PairPlot, pair_plot};
use freeform_inference::{
    Asking, EngineKind, Overrides, Posterior, PosteriorError, Preset, RoundPlan, RoundReport, infer,
};
use freeform_simulators::{AnySimulator, write_draws};
pub use from::{Continued, FirstRound};
use record::InferenceRecord;
use serde::Serialize;
use stage::FolderStage;
use std::path::Path;
use std::sync::atomic::AtomicBool;
pub use words::{moved_in_words, share_in_words};

/// Draws of the result.
const DRAWS: usize = 10_000;

/// What to infer from what.
pub struct RoundsJob<'a> {
    /// The name that the simulator was opened by.
    pub name: &'a str,
    /// A benchmark task or a program.
    pub simulator: &'a AnySimulator,
    /// The observation, `[C]`, all finite.
    pub x: &'a [f64],
    /// Simulations of each round.
    pub plan: RoundPlan,
    /// Whether rounds end where the posterior stands still: not where somebody chose their number.
    pub stop_early: bool,
    /// Preset beneath the overrides.
    pub preset: Preset,
    /// The user's own settings.
    pub overrides: &'a Overrides,
    /// Seed of everything random.
    pub seed: u64,
    /// Who does the arithmetic.
    pub engine: EngineKind,
    /// The folder of the inference.
    pub folder: &'a Path,
    /// The folder of a model whose simulations are those of the first round, if of one.
    pub first: Option<&'a Path>,
    /// Whether to start anew where it holds another one.
    pub overwrite: bool,
    /// Whether to go on, and to end well, where the draws are worth next to nothing.
    pub anyway: bool,
    /// Set by a signal.
    pub interrupt: &'a AtomicBool,
    /// Who tells the user.
    pub reporter: Reporter,
}

/// An inference that came to its end.
#[derive(Clone, Debug, Serialize)]
pub struct Inferred {
    /// Each round in short.
    pub rounds: Vec<RoundReport>,
    /// Simulations asked for.
    pub budget: usize,
    /// Simulations made, failed ones included.
    pub spent: usize,
    /// How many independent draws the 10,000 in `samples.npy` are worth.
    pub effective: f64,
    /// What a user should know of them, in words.
    pub warnings: Vec<String>,
}

/// What only the status of an [`Inferred`] says.
pub(super) const OF_ROUNDS: [&str; 5] = ["rounds", "budget", "spent", "effective", "warnings"];

/// Whether `folder` holds an inference in rounds.
#[must_use]
pub fn holds_inference(folder: &Path) -> bool {
    InferenceRecord::is_in(folder)
}

/// The seed of the inference in `folder`, where there is one.
pub(crate) fn inference_seed(folder: &Path) -> Option<String> {
    let record = InferenceRecord::read(folder).ok().flatten()?;
    record.seed().ok().map(|seed| seed.to_string())
}

/// Infers, or goes on with, the posterior of one observation. What an earlier call left in the folder is
/// used: the same call, interrupted or killed at any moment, ends in the same files.
///
/// # Errors
/// [`RunError`]; what was computed so far stays in the folder. [`RunError::Worthless`] where everything is
/// written, but the draws are worth next to nothing.
pub fn infer_in_rounds(job: &RoundsJob) -> Result<Inferred, RunError> {
    let (plan, budget) = (&job.plan, job.plan.total());
    if budget < RoundPlan::LEAST {
        return Err(RunError::FewSimulations { asked: budget, least: RoundPlan::LEAST });
    }
    // Wrong settings are refused before the first simulation, which may be dear.
    check_settings(job.simulator, plan.sizes[0], (job.preset, job.overrides))?;
    let own = own(job.folder)?;
    InferenceRecord::of(job)?.claim(job.folder, job.overwrite)?;
    job.first.map_or(Ok(()), |set| from::hand_over(set, job.folder))?;
    let stage = FolderStage::new(job, plan)?;
    let asked = (job.simulator.prior(), job.x);
    let (posterior, rounds) = infer(asked, plan, job.stop_early, job.seed, &stage)?;
    let spent = rounds.iter().map(|round| round.simulations).sum();
    let draws = posterior.sample_as(
        job.x,
        DRAWS,
        job.seed,
        &Asking { anyway: true, ..Asking::until(job.interrupt) },
    );
    let draws = draws.map_err(|error| stopped(error, job.folder))?;
    let prior = job.simulator.prior();
    write_draws(job.folder.join("samples.npy"), prior, draws.theta.view())?;
    plot(job, &posterior, draws.theta.view())?;
    picture::draw(job.folder, prior.names(), &rounds)?;
    own.check()?;
    posterior.model().save(job.folder)?;
    let (effective, warnings) = (draws.effective, draws.warnings());
    let inferred = Inferred { rounds, budget, spent, effective, warnings };
    let status = Status { status: "done", task: job.name, inferred: &inferred };
    write_status_beside(job.folder, &status, &OF_SCORES)?;
    if draws.are_worthless() && !job.anyway {
        let path = job.folder.display().to_string();
        return Err(RunError::Worthless { path, reasons: inferred.warnings });
    }
    Ok(inferred)
}

#[derive(Serialize)]
struct Status<'a> {
    status: &'static str,
    task: &'a str,
    #[serde(flatten)]
    inferred: &'a Inferred,
}

/// What is said of a question that was stopped.
fn stopped(error: PosteriorError, folder: &Path) -> RunError {
    match error {
        PosteriorError::Interrupted => {
            RunError::RoundsInterrupted { path: folder.display().to_string() }
        }
        other => other.into(),
    }
}

fn plot(
    job: &RoundsJob,
    posterior: &Posterior,
    draws: ndarray::ArrayView2<f64>,
) -> Result<(), RunError> {
    if plots_wanted() == Plots::None {
        return Ok(());
    }
    create_folder(&job.folder.join("plots"))?;
    let prior = &posterior.model().prior;
    let plot = PairPlot {
        title: &format!(
            "{}, {} simulations in rounds",
            job.simulator.source().name(),
            job.plan.total()
        ),
        names: prior.names(),
        posterior: draws,
        reference: None,
        truth: None,
        prior: Some(prior),
    };
    Ok(draw(&job.folder.join("plots/posterior.svg"), |path| pair_plot(path, &plot))?)
}
