//! Which whitening flows of a role do better over.

use super::{Member, Role, TrainedMember, TrainingData};
use crate::config::Config;
use crate::engine::EngineKind;

/// Held-out rows of a flow that judge it.
const MOST_ROWS: usize = 1000;
/// Share of the prior in what a posterior flow is judged by: the model has others for truths that one of
/// them never draws, which cost it a few nats and not everything.
const REST: f64 = 0.05;

/// The roles whose flows are those over the linear whitening.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    linear: Vec<Role>,
}

impl Choice {
    /// Of either role the whitening over which flows make held-out simulations likelier, on the folds on which
    /// flows over both were trained; the network's where there are none.
    pub(super) fn of(
        trained: &[TrainedMember],
        data: &TrainingData,
        config: &Config,
        kind: EngineKind,
    ) -> Self {
        Self::of_roles(|role| {
            let of = |linear: bool| {
                let of =
                    move |t: &&TrainedMember| (t.member.role, t.member.linear) == (role, linear);
                trained.iter().filter(of)
            };
            let gain = of(true).filter_map(|linear| {
                let plain = of(false).find(|plain| plain.member.index == linear.member.index)?;
                let [linear, plain] = [linear, plain].map(|t| score(t, data, config, kind));
                Some(linear - plain)
            });
            gain.sum::<f64>() > 0.0
        })
    }

    /// Of the roles whose whitening can be chosen those for which `is_linear`.
    fn of_roles(is_linear: impl Fn(Role) -> bool) -> Self {
        let roles = [Role::Posterior, Role::Likelihood].into_iter();
        Self { linear: roles.filter(|role| is_linear(*role)).collect() }
    }

    /// What a training chose, by the names of its model's flows.
    pub(crate) fn of_names(names: &[&str]) -> Self {
        Self::of_roles(|role| {
            let mut linear =
                (0..names.len()).map(|index| Member { role, index, linear: true }.to_string());
            linear.any(|name| names.contains(&&*name))
        })
    }

    /// Whether flows of a role are those over the linear whitening.
    #[must_use]
    pub fn is_linear(&self, role: Role) -> bool {
        self.linear.contains(&role)
    }
}

/// Mean log-density of a flow's held-out rows: of a posterior flow where its draws lie, since an encoder that
/// folds has more than that, and the prior's for a part.
fn score(trained: &TrainedMember, data: &TrainingData, config: &Config, kind: EngineKind) -> f64 {
    // What is no number is no density.
    let known = |log: f64| if log.is_nan() { -1e6 } else { log.max(-1e6) };
    if trained.member.role == Role::Likelihood {
        return known(-trained.quality.encoder_nll);
    }
    let fold = data.fold(trained.member.role, trained.member.index);
    let (points, contexts) = fold.judges(MOST_ROWS);
    let mut flow = trained.flow.evaluator(kind);
    let densities = flow.branch_log_density(&points, &contexts, config.posterior.polish_steps);
    let with_rest = densities.into_iter().zip(&fold.validation).map(|(density, row)| {
        let (log_det, log_prior) = data.log_terms(*row);
        let (own, rest) = (density + log_det + (1.0 - REST).ln(), log_prior + REST.ln());
        let most = own.max(rest);
        known(most + ((own - most).exp() + (rest - most).exp()).ln())
    });
    with_rest.sum::<f64>() / fold.validation.len().clamp(1, MOST_ROWS) as f64
}
