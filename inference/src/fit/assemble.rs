//! From trained flows to a model.

use super::judge::{judge, remarks};
use crate::config::Config;
use crate::engine::EngineKind;
use crate::flow::FlowQuality;
use crate::law::{Success, ThetaLaw};
use crate::model::{LikelihoodModel, LocalSummary, MemberSummary, Model, TrainingSummary};
use crate::posterior::{correction_strength, reach, residuals};
use crate::training::{Role, ThetaOrigin, TrainedMember, TrainingData};
use crate::typical::Typical;
use crate::work::{Halt, Part, Work};
use freeform_kernels::Isa;

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
    let likelihood = flows(Role::Likelihood);
    if let (Some(tables), false) = (data.likelihood(), likelihood.is_empty()) {
        let mut likelihood = LikelihoodModel {
            flows: likelihood,
            summary: tables.summary.clone(),
            data: tables.data.clone(),
            regressors: tables.transform.clone(),
            conditions: tables.conditions.clone(),
            strength: 1.0,
        };
        let correction = {
            let part = Part::new(work, "strength");
            correction_strength(&model, &likelihood, data, engine, &part)?
        };
        likelihood.strength = correction.strength;
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
