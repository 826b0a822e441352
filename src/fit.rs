//! Training in memory, for those who call the library; and what both ways of training share.

use crate::config::{Config, Overrides, Preset, Problem};
use crate::engine::{EngineKind, guarded};
use crate::flow::FlowQuality;
use crate::model::{LikelihoodModel, MemberSummary, Model, TrainingSummary};
use crate::posterior::correction_strength;
use crate::run::RunError;
use crate::training::{
    Checkpoint, CheckpointError, Host, Member, Observer, Outcome, Role, StepInfo, TrainedMember,
    Trainer, TrainingData, train_ensemble,
};
use freeform_simulators::{Prior, Simulations};
use std::ops::ControlFlow;

/// Trains conditional free-form flows on simulations and returns the posterior estimator that they
/// make; rows that are not finite are left out. `freeform train` does the same with a folder,
/// checkpoints and progress.
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
    config.network_spec(problem.theta_dim, problem.context_dim).validate()?;
    let data = TrainingData::prepare(simulations, prior, &config, seed)?;
    let trained = train_ensemble(&data, &config, seed, engine, "", &Unwatched)?;
    // Nobody interrupts it.
    let trained = trained.unwrap_or_default();
    let model = || assemble(&trained, &data, (prior, None), &config, seed, engine);
    Ok(guarded(engine, model)?)
}

/// The model that trained flows make, its likelihood weighed.
pub(crate) fn assemble(
    trained: &[TrainedMember],
    data: &TrainingData,
    (prior, task): (&Prior, Option<String>),
    config: &Config,
    seed: u64,
    engine: EngineKind,
) -> Model {
    let of = |role| trained.iter().filter(move |m| m.member.role == role);
    let flows = |role| of(role).map(|m| m.flow.clone()).collect::<Vec<_>>();
    let summary = |m: &TrainedMember| MemberSummary {
        name: m.member.to_string(),
        epochs: m.history.len(),
        best_epoch: m.best_epoch,
        validation_nll: m.quality.encoder_nll,
    };
    let qualities: Vec<FlowQuality> = of(Role::Posterior).map(|m| m.quality).collect();
    let training = TrainingSummary {
        task,
        simulations: data.len(),
        seed,
        device: engine.to_string(),
        quality: FlowQuality::mean(&qualities),
        correction: None,
        members: trained.iter().map(summary).collect(),
    };
    let mut model = Model {
        posterior: flows(Role::Posterior),
        likelihood: None,
        prior: prior.clone(),
        parameters: data.parameters().clone(),
        data: data.data().clone(),
        config: config.clone(),
        training,
    };
    let likelihood = flows(Role::Likelihood);
    if let (Some(tables), false) = (data.likelihood(), likelihood.is_empty()) {
        let mut likelihood = LikelihoodModel {
            flows: likelihood,
            summary: tables.summary.clone(),
            data: tables.data.clone(),
            regressors: tables.transform.clone(),
            strength: 1.0,
        };
        let correction = correction_strength(&model, &likelihood, data, engine);
        likelihood.strength = correction.strength;
        model.training.correction = Some(correction);
        // One that is not trusted at all would only cost time.
        model.likelihood = (correction.strength > 0.0).then_some(likelihood);
    }
    model
}

/// Lets trainings run.
struct Unwatched;

impl Host for Unwatched {
    fn restore(&self, _: Member) -> Result<Option<Checkpoint>, CheckpointError> {
        Ok(None)
    }

    fn watch(&self, _: Member, _: &Trainer) -> Box<dyn Observer + '_> {
        Box::new(Self)
    }

    fn tick(&self) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn keep(&self, _: Member, _: &Trainer, _: Outcome) -> std::io::Result<()> {
        Ok(())
    }
}

impl Observer for Unwatched {
    fn after_step(&mut self, _: &StepInfo) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn after_epoch(&mut self, _: &Trainer) -> std::io::Result<()> {
        Ok(())
    }
}
