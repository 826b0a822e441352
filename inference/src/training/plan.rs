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
    /// What was chosen before.
    known: Choice,
}

impl EnsemblePlan {
    /// The flows that `config` asks for, given the tables.
    #[must_use]
    pub fn of(config: &Config, data: &TrainingData) -> Self {
        let corrected = config.posterior.correction != Correction::Off;
        let if_any = |any: bool, role| (corrected && any).then_some(role);
        let likelihood = if_any(data.likelihood().is_some(), Role::Likelihood);
        let trials = if_any(data.trials().is_some(), Role::Trials);
        let members = config.training.members;
        let held_out = data.fold(Role::Posterior, 0).validation.len();
        let (tried, known) = match (config.whitening.kind, data.whitenings()) {
            (WhiteningKind::Auto, None) => {
                let tried = JUDGES.div_ceil(held_out.max(1)).min(MOST_TRIED).min(members);
                (tried, Choice::default())
            }
            (WhiteningKind::Auto, Some(known)) => (0, known.clone()),
            _ => (0, Choice::default()),
        };
        let roles = std::iter::once(Role::Posterior).chain(likelihood).chain(trials).collect();
        Self { roles, members, tried, known }
    }

    /// Folds that both kinds are tried on for a role. Of single trials there are many, and a perceptron learns
    /// from them no more than is there.
    fn tried(&self, role: Role) -> usize {
        if role == Role::Trials { 0 } else { self.tried }
    }

    /// How many flows are trained.
    #[must_use]
    pub fn trainings(&self) -> usize {
        self.roles.iter().map(|role| self.members + self.tried(*role)).sum()
    }

    /// All flows that may be trained, of which those over the worse whitening are not, but for the first.
    #[must_use]
    pub fn possible(&self) -> Vec<Member> {
        self.each(|_| self.members, |tried| if tried == 0 { 0 } else { self.members })
    }

    /// The flows to begin with: all, or those that are tried.
    #[must_use]
    pub fn first(&self) -> Vec<Member> {
        self.each(|tried| if tried == 0 { self.members } else { tried }, |tried| tried)
    }

    /// The flows that are left to train after [`first`](Self::first).
    #[must_use]
    pub fn rest(&self, choice: &Choice) -> Vec<Member> {
        let of = |role: &Role| {
            let (role, linear, tried) = (*role, choice.is_linear(*role), self.tried(*role));
            let first = if tried == 0 { self.members } else { tried };
            (first..self.members).map(move |index| Member { role, index, linear })
        };
        self.roles.iter().flat_map(of).collect()
    }

    /// Of all that were trained, the flows that make the model, in order.
    #[must_use]
    pub fn chosen(&self, mut trained: Vec<TrainedMember>, choice: &Choice) -> Vec<TrainedMember> {
        let counts = |member: &Member| {
            self.tried(member.role) == 0 || member.linear == choice.is_linear(member.role)
        };
        trained.retain(|t| counts(&t.member));
        trained.sort_by_key(|flow| (flow.member.role, flow.member.index));
        trained
    }

    /// Of each role so many flows over the plain whitening (or the one known to be better), and over the linear
    /// one, by the folds that are tried.
    fn each(&self, plain: impl Fn(usize) -> usize, linear: impl Fn(usize) -> usize) -> Vec<Member> {
        let of = |role: &Role| {
            let (role, tried, known) = (*role, self.tried(*role), self.known.is_linear(*role));
            let of = move |linear| move |index| Member { role, index, linear };
            (0..plain(tried)).map(of(known)).chain((0..linear(tried)).map(of(true)))
        };
        self.roles.iter().flat_map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Overrides, Preset, Problem};
    use crate::rounds::{Locality, RoundsLaw};
    use crate::training::ThetaOrigin;
    use crate::work::Unwatched;
    use freeform_simulators::{Task, simulate};

    /// Without a choice both kinds are tried on the first two folds of either role; with one nothing is tried.
    #[test]
    fn what_an_earlier_round_chose_is_kept_to() {
        let task = Task::by_name("two_moons").unwrap();
        let simulations = simulate(task.simulator(), 200, 1).unwrap().simulations;
        let resolved =
            Overrides::default().resolve(Preset::Recommended, &Problem::of(&simulations));
        let config = resolved.unwrap();
        let plan = |whitenings: Option<Choice>| {
            let simulations = simulations.clone();
            let (observation, law) = (vec![0.0, 0.0], RoundsLaw::default());
            let local = Locality { observation, round: 2, law, whitenings, interim: false };
            let origin = ThetaOrigin { local: Some(&local), ..ThetaOrigin::prior(task.prior()) };
            let data = TrainingData::prepare(simulations, &origin, &config, 1, &Unwatched).unwrap();
            EnsemblePlan::of(&config, &data)
        };
        let names = |members: Vec<Member>| -> Vec<String> {
            members.iter().map(ToString::to_string).collect()
        };
        let open = plan(None);
        assert_eq!((open.first().len(), open.trainings()), (8, 12));
        let known = plan(Some(Choice::of_names(&["posterior-2-linear", "likelihood-1"])));
        assert_eq!(known.trainings(), 8);
        let first = names(known.first());
        assert_eq!(first[..2], ["posterior-1-linear", "posterior-2-linear"]);
        assert_eq!(first[4..], ["likelihood-1", "likelihood-2", "likelihood-3", "likelihood-4"]);
        assert_eq!(names(known.possible()), first);
        assert!(known.rest(&Choice::default()).is_empty());
    }
}
