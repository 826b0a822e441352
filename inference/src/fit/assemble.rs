//! From trained flows to a model.

use super::judge::{judge, remarks};
use crate::config::Config;
use crate::engine::EngineKind;
use crate::flow::{ConditionalFlow, FlowQuality};
use crate::law::{Success, ThetaLaw};
use crate::model::{
    CorrectionSummary, LikelihoodModel, LocalSummary, MemberSummary, Model, TrainingSummary,
};
use crate::posterior::{correction_strength, reach, residuals};
use crate::training::{Role, ThetaOrigin, TrainedMember, TrainingData};
use crate::typical::Typical;
use crate::work::{Halt, Part, Work};
use freeform_kernels::Isa;
use rayon::prelude::*;

/// Said where the likelihood of a trial is multiplied.
const OF_TRIALS: &str = "the posterior is corrected by the likelihood of each trial";

/// The model that trained flows make, its likelihood weighed; what that takes is kept by `work`.
///
/// # Errors
/// [`Halt`] where `work` stops it.
pub fn assemble(
    trained: &[TrainedMember],
    data: &TrainingData,
    (origin, task): (&ThetaOrigin, Option<String>),
    config: &Config,
    seed: u64,
    engine: EngineKind,
    work: &dyn Work,
) -> Result<Model, Halt> {
    let of = |role| trained.iter().filter(move |m| m.member.role == role);
    let flows = |role| of(role).map(|m| m.flow.clone()).collect::<Vec<_>>();
    let summary = |m: &TrainedMember| MemberSummary {
        name: m.member.to_string(),
        epochs: m.history.len(),
        best_epoch: m.best_epoch,
        validation_nll: m.quality.encoder_nll,
    };
    let qualities: Vec<FlowQuality> = of(Role::Posterior).map(|m| m.quality).collect();
    let learnt = judge(trained, data, engine);
    let findings = data.findings().iter().map(ToString::to_string);
    let (warnings, notes) = remarks(trained, learnt.as_ref(), data);
    let remarks = findings.chain(warnings).collect();
    let notes = data.view_remark().map(str::to_owned).into_iter().chain(notes).collect();
    let (succeeded, failed) = data.outcomes();
    let success = Success::fit(data.theta_dim(), succeeded, failed, seed);
    let training = TrainingSummary {
        task,
        simulations: data.len(),
        seed,
        device: engine.to_string(),
        quality: FlowQuality::mean(&qualities),
        correction: None,
        arithmetic: Some(Isa::best().arithmetic().to_owned()),
        simulator: None,
        data_names: None,
        run: None,
        learnt,
        remarks,
        notes,
        masks: None,
        local: origin.local.map(|local| LocalSummary {
            observation: local.observation.clone(),
            round: local.round,
            reach: None,
        }),
        members: trained.iter().map(summary).collect(),
    };
    let posterior = flows(Role::Posterior);
    let mut model = Model {
        typical: Some(Typical::of(data, &posterior)),
        posterior,
        likelihood: None,
        prior: origin.prior.clone(),
        parameters: data.parameters().clone(),
        turn: data.turn().cloned(),
        view: data.view().clone(),
        data: data.data().clone(),
        span: Some(data.span().clone()),
        trained_on: Some(data.trained_on().clone()),
        law: ThetaLaw {
            drawn_from: origin.drawn_from.cloned(),
            success,
            rounds: origin.local.map(|local| local.law.clone()).filter(|law| !law.is_prior()),
        },
        config: config.clone(),
        training,
    }
    .named();
    let likelihoods = likelihoods(trained, data, seed, work)?;
    if let Some((likelihood, correction)) = best_of(&model, likelihoods, data, engine, work)? {
        let of_trials = likelihood.trials.is_some() && correction.strength > 0.0;
        model.training.notes.extend(of_trials.then(|| OF_TRIALS.to_owned()));
        model.training.correction = Some(correction);
        let part = Part::new(work, "residuals");
        let residuals = residuals(&model, &likelihood, data, engine, &part)?;
        // One that is not trusted at all would only cost time.
        model.likelihood = (correction.strength > 0.0).then_some(likelihood);
        if let (Some(typical), Some(_)) = (&mut model.typical, &model.likelihood) {
            typical.residuals = residuals;
        }
    }
    if model.training.local.is_some() {
        let part = Part::new(work, "reach");
        let found = reach(&model, data, engine, &part)?;
        model.training.local.iter_mut().for_each(|local| local.reach = found);
    }
    // Only those simulations know it, which are judged by now.
    model.law.rounds = None;
    Ok(model)
}

/// The likelihoods that were learnt: of x or its summary, and of one trial.
fn likelihoods(
    trained: &[TrainedMember],
    data: &TrainingData,
    seed: u64,
    work: &dyn Work,
) -> Result<Vec<LikelihoodModel>, Halt> {
    let flows = |role| -> Vec<ConditionalFlow> {
        let own = trained.iter().filter(|m| m.member.role == role);
        own.map(|m| m.flow.clone()).collect()
    };
    let of_x = flows(Role::Likelihood);
    let of_x = data.likelihood().filter(|_| !of_x.is_empty()).map(|t| LikelihoodModel::of(of_x, t));
    let (of_trials, tables) = (flows(Role::Trials), data.trials());
    let Some(tables) = tables.filter(|_| !of_trials.is_empty()) else {
        return Ok(of_x.into_iter().collect());
    };
    let part = Part::new(work, "trials");
    let choices = (0..of_trials.len()).into_par_iter().map(|index| {
        let fold = data.fold(Role::Trials, index);
        tables.choices((&fold.training, &fold.validation), index, seed, &part)
    });
    let choices = choices.collect::<Result<Vec<_>, Halt>>()?.into_iter().flatten().collect();
    let of_trials = LikelihoodModel::of_trials(of_trials, choices, tables);
    Ok(of_x.into_iter().chain([of_trials]).collect())
}

/// The likelihood by which held-out simulations gain most, the first of equals, with its strength.
fn best_of(
    model: &Model,
    likelihoods: Vec<LikelihoodModel>,
    data: &TrainingData,
    engine: EngineKind,
    work: &dyn Work,
) -> Result<Option<(LikelihoodModel, CorrectionSummary)>, Halt> {
    let mut best: Option<(LikelihoodModel, CorrectionSummary)> = None;
    for mut likelihood in likelihoods {
        let name = if likelihood.trials.is_some() { "trials-strength" } else { "strength" };
        let part = Part::new(work, name);
        let correction = correction_strength(model, &likelihood, data, engine, &part)?;
        (likelihood.strength, likelihood.power) = (correction.strength, correction.power);
        if best.as_ref().is_none_or(|(_, known)| correction.gain > known.gain) {
            best = Some((likelihood, correction));
        }
    }
    Ok(best)
}
