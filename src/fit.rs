//! Training in memory, for those who call the library.

use crate::config::{Overrides, Preset, Problem};
use crate::engine::{self, EngineKind};
use crate::model::Model;
use crate::run::RunError;
use crate::training::{Observer, StepInfo, Trainer, TrainingData};
use freeform_simulators::{Prior, Simulations};
use std::ops::ControlFlow;

/// Trains a conditional free-form flow on simulations and returns it; rows that are not finite are
/// left out. `freeform train` does the same with a folder, checkpoints and progress.
///
/// # Errors
/// [`RunError`]: wrong settings, unusable simulations, or a training that diverged.
pub fn fit(
    simulations: Simulations,
    prior: &Prior,
    preset: Preset,
    overrides: &Overrides,
    seed: u64,
    engine: EngineKind,
) -> Result<Model, RunError> {
    let simulations = simulations.without_non_finite();
    let problem = Problem::of(&simulations);
    let config = overrides.resolve(preset, problem)?;
    let spec = config.network_spec(problem.theta_dim, problem.context_dim);
    spec.validate()?;
    let data = TrainingData::prepare(simulations, prior, &config, seed)?;
    let engine = engine::create(engine, &spec, &spec.initial_weights(seed));
    let mut trainer = Trainer::new(engine, &data, &config, seed, String::new());
    trainer.run(&mut Unwatched)??;
    Ok(trainer.into_model(prior, None)?)
}

/// Lets a training run.
struct Unwatched;

impl Observer for Unwatched {
    fn after_step(&mut self, _: &StepInfo) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn after_epoch(&mut self, _: &Trainer) -> std::io::Result<()> {
        Ok(())
    }
}
