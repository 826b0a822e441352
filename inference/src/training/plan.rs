//! Which flows are trained, and in what order.

use super::{Choice, Member, Role, TrainedMember, TrainingData};
use crate::config::{Config, Correction, WhiteningKind};

/// Held-out simulations that tell two whitenings apart, where two folds hold so many.
const JUDGES: usize = 1000;
/// Folds that they are told apart on at most.
const MOST_TRIED: usize = 2;

/// The flows that a configuration asks for. Where it leaves the whitening open, flows over either kind are
/// trained on the first folds, and those of the other folds over the kind that is better there, by the
/// held-out simulations, each role by its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnsemblePlan {
    roles: Vec<Role>,
    /// Flows of each role that the model has.
    members: usize,
    /// Folds that both kinds of whitening are tried on; none where there is nothing to choose.
    tried: usize,
}

impl EnsemblePlan {
    /// The flows that `config` asks for, given the tables.
    #[must_use]
    pub fn of(config: &Config, data: &TrainingData) -> Self {
        let corrected = config.posterior.correction != Correction::Off;
        let has_likelihood = corrected && data.likelihood().is_some();
        let likelihood = has_likelihood.then_some(Role::Likelihood);
        let members = config.training.members;
        let held_out = data.fold(Role::Posterior, 0).validation.len();
        let tried = match config.whitening.kind {
            WhiteningKind::Auto => JUDGES.div_ceil(held_out.max(1)).min(MOST_TRIED).min(members),
            _ => 0,
        };
        Self { roles: std::iter::once(Role::Posterior).chain(likelihood).collect(), members, tried }
    }

    /// How many flows are trained.
    #[must_use]
    pub fn trainings(&self) -> usize {
        self.roles.len() * (self.members + self.tried)
    }

    /// All flows that may be trained, of which those over the worse whitening are not, but for the first.
    #[must_use]
    pub fn possible(&self) -> Vec<Member> {
        let linear = if self.tried == 0 { 0 } else { self.members };
        self.each(0..self.members, 0..linear)
    }

    /// The flows to begin with: all, or those that are tried.
    #[must_use]
    pub fn first(&self) -> Vec<Member> {
        let first = if self.tried == 0 { self.members } else { self.tried };
        self.each(0..first, 0..self.tried)
    }

    /// The flows that are left to train after [`first`](Self::first).
    #[must_use]
    pub fn rest(&self, choice: &Choice) -> Vec<Member> {
        if self.tried == 0 {
            return Vec::new();
        }
        let of = |role: &Role| {
            let (role, linear) = (*role, choice.is_linear(*role));
            (self.tried..self.members).map(move |index| Member { role, index, linear })
        };
        self.roles.iter().flat_map(of).collect()
    }

    /// Of all that were trained, the flows that make the model, in order.
    #[must_use]
    pub fn chosen(&self, mut trained: Vec<TrainedMember>, choice: &Choice) -> Vec<TrainedMember> {
        trained.retain(|t| self.tried == 0 || t.member.linear == choice.is_linear(t.member.role));
        trained.sort_by_key(|flow| (flow.member.role, flow.member.index));
        trained
    }

    fn each(&self, plain: std::ops::Range<usize>, linear: std::ops::Range<usize>) -> Vec<Member> {
        let of = |role: &Role| {
            let role = *role;
            let plain = plain.clone().map(move |index| Member { role, index, linear: false });
            plain.chain(linear.clone().map(move |index| Member { role, index, linear: true }))
        };
        self.roles.iter().flat_map(of).collect()
    }
}
