//! What was learnt: held-out simulations say, and users are told in words.

use crate::engine::EngineKind;
use crate::model::LearntSummary;
use crate::training::{Finding, Role, TrainedMember, TrainingData};
use freeform_simulators::counted;

/// Held-out rows that judge, over all flows.
const JUDGES: usize = 2000;
/// Standard errors that a gain must exceed.
const LEAST_GAIN: f64 = 2.0;
/// Nats that would be something.
const MAY_MATTER: f64 = 0.5;
/// Nats below its start that an epoch's end shows a training gone astray.
const ASTRAY: f64 = 1.0;

/// Compares posterior flows with the law that θ was drawn from, on held-out simulations; `None`
/// where there are none.
pub(super) fn judge(
    trained: &[TrainedMember],
    data: &TrainingData,
    kind: EngineKind,
) -> Option<LearntSummary> {
    let flows: Vec<&TrainedMember> =
        trained.iter().filter(|m| m.member.role == Role::Posterior).collect();
    let each = JUDGES.div_ceil(flows.len().max(1));
    let (mut learnt, mut known) = (Vec::new(), Vec::new());
    for member in &flows {
        let fold = data.fold(Role::Posterior, member.member.index);
        let (points, contexts) = fold.judges(each);
        let densities = member.flow.evaluator(kind).log_density(&points, &contexts);
        for (density, row) in densities.into_iter().zip(&fold.validation) {
            let (log_det, log_prior) = data.log_terms(*row);
            learnt.push(density + log_det);
            known.push(log_prior);
        }
    }
    if learnt.is_empty() {
        return None;
    }
    let n = learnt.len() as f64;
    let gains: Vec<f64> = learnt.iter().zip(&known).map(|(l, k)| l - k).collect();
    let mean = |values: &[f64]| values.iter().sum::<f64>() / n;
    let gain = mean(&gains);
    let variance = gains.iter().map(|g| (g - gain).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
    let over_start: Vec<f64> =
        flows.iter().filter_map(|m| Some(m.start_nll? - m.quality.encoder_nll)).collect();
    let over_whitening =
        (!over_start.is_empty()).then(|| over_start.iter().sum::<f64>() / over_start.len() as f64);
    Some(LearntSummary {
        log_prob: mean(&learnt),
        prior: mean(&known),
        gain,
        error: (variance / n).sqrt(),
        over_whitening,
    })
}

/// Fewer simulations teach nothing that can be relied on.
const FEW: usize = 100;
/// Nats gained a parameter, on average, beyond which x is nearly theta itself.
const EXACT: f64 = 6.0;

fn is_gain(learnt: &LearntSummary) -> bool {
    learnt.gain > LEAST_GAIN * learnt.error
}

/// What is to be said of it: warnings, and what need not worry anybody.
pub(super) fn remarks(
    trained: &[TrainedMember],
    learnt: Option<&LearntSummary>,
    data: &TrainingData,
) -> (Vec<String>, Vec<String>) {
    let (mut warnings, mut notes) = (Vec::new(), Vec::new());
    if data.len() < FEW {
        warnings.push(format!(
            "{} simulations are too few to learn a posterior from, and to judge it by: neither the draws nor \
             the figures of held-out simulations can be trusted. Simulate at least {FEW}, or a few hundred a \
             parameter",
            data.len()
        ));
    }
    let each = learnt.map_or(0.0, |learnt| learnt.gain / data.theta_dim() as f64);
    // Of θ that another law gave, the prior's density says nothing of what x tells.
    let of_prior = !data.findings().iter().any(|f| matches!(f, Finding::NotFromPrior { .. }));
    if each > EXACT && of_prior {
        warnings.push(format!(
            "x tells each parameter to about {:.0e} of what the prior leaves open ({each:.1} nats each): does \
             the simulator draw its noise from the seed of each simulation, and is theta not among the \
             numbers of x?",
            (-each).exp()
        ));
    }
    // What is not finite is no gain either.
    if let Some(learnt) = learnt.filter(|l| !is_gain(l)) {
        let LearntSummary { log_prob, prior, gain, error, .. } = learnt;
        let numbers = format!(
            "on held-out simulations log p(theta | x) is {log_prob:.4}, the prior's own log-density \
             {prior:.4} ({gain:+.4} ± {error:.4} nats)"
        );
        warnings.push(match gain + LEAST_GAIN * error > MAY_MATTER {
            true => format!(
                "held-out simulations cannot tell whether anything was learnt: {numbers}. A few of them \
                 decide; more simulations, or more members (training.members), tell, and so does `check`"
            ),
            false => format!(
                "nothing was learnt: {numbers}. Either x says nothing of theta, or the training failed: \
                 look at the other warnings, at the columns of x, and at optimizer.learning_rate"
            ),
        });
    }
    let stayed: Vec<&TrainedMember> =
        trained.iter().filter(|m| m.best_epoch == 0 && m.start_nll.is_some()).collect();
    if stayed.is_empty() {
        return (warnings, notes);
    }
    let astray = stayed.iter().filter(|m| {
        let last = m.history.last().map_or(f64::NAN, |epoch| epoch.validation_nll);
        let stayed_near = m.start_nll.is_some_and(|start| last < start + ASTRAY);
        !stayed_near
    });
    let astray = astray.count();
    let names: Vec<String> = stayed.iter().map(|m| m.member.to_string()).collect();
    let stayed = format!(
        "{} of {} stayed at the start (best epoch 0: {})",
        stayed.len(),
        counted(trained.len(), "flow"),
        names.join(", ")
    );
    match astray {
        0 => notes.push(format!(
            "{stayed}: training did not better the whitening beneath. That is harmless where the \
             whitening describes the posterior well, as it does near-Gaussian ones; else raise \
             training.patience, or training.max_epochs where they ran out"
        )),
        _ => warnings.push(format!(
            "{stayed}, and training led {astray} away from it (by more than {ASTRAY} nat, or \
             to no number): only the whitening beneath was learnt; lower optimizer.learning_rate"
        )),
    }
    (warnings, notes)
}
