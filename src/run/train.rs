//! A training with its folder: checkpoints, metrics, model, curves, status.

mod curves;
mod prepared;
mod words;

#[cfg(feature = "burn")]
use super::Owned;
use super::directory::training_seconds;
use super::{Existing, Reporter, RunError, TrainingInput, own};
use freeform_inference::training::train_ensemble;
#[cfg(feature = "burn")]
use freeform_inference::training::{EnsembleJob, train_stacked};
use freeform_inference::{EngineKind, Model, Overrides, Preset};
use prepared::{Prepared, Start};
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
