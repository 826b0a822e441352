//! How a budget is divided into rounds.

/// Rounds of a budget whose number nobody chose: few where training is most of the time.
const SMALL_BUDGET: usize = 2_000;
const ROUNDS_OF_SMALL: usize = 5;
const ROUNDS_OF_LARGE: usize = 4;
/// Share of the budget that goes into the first round, whose simulations are the only ones that see all
/// of the prior.
const FIRST_SHARE: f64 = 0.3;

/// How many simulations each round makes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoundPlan {
    /// In order.
    pub sizes: Vec<usize>,
    /// Of the first rounds, where they are made already, whether each was interim; of others the rule decides.
    pub interim: Vec<bool>,
}

impl RoundPlan {
    /// Fewer simulations make no round.
    pub const LEAST: usize = 50;

    /// A budget over `rounds` rounds, or over as many as suit it. No round has fewer than 50
    /// simulations, so that there may be fewer rounds than were asked for.
    #[must_use]
    pub fn of(budget: usize, rounds: Option<usize>) -> Self {
        let small = budget <= SMALL_BUDGET;
        let rounds = rounds.unwrap_or(if small { ROUNDS_OF_SMALL } else { ROUNDS_OF_LARGE });
        let rounds = rounds.min(budget / Self::LEAST).max(1);
        if rounds == 1 {
            return Self { sizes: vec![budget], ..Self::default() };
        }
        let first = (budget as f64 * FIRST_SHARE).round() as usize;
        let first = first
            .max(budget.div_ceil(rounds))
            .max(Self::LEAST)
            .min(budget - Self::LEAST * (rounds - 1));
        let mut plan = Self { sizes: vec![first], ..Self::default() };
        plan.extend(budget - first, rounds - 1);
        plan
    }

    /// More simulations, in `rounds` more rounds of nearly one size.
    pub fn extend(&mut self, more: usize, rounds: usize) {
        let share = |k: usize| more * k / rounds;
        self.sizes.extend((0..rounds).map(|k| share(k + 1) - share(k)));
    }

    /// Whether round `number`, from 1, has half as many flows, since its posterior is no answer but only
    /// bounds the next round's region. The last one's is the answer, as may be that of one after which rounds
    /// may `end`; the first two know little, and what they leave out is lost to all others.
    #[must_use]
    pub fn is_interim(&self, number: usize, may_end: bool) -> bool {
        let made = self.interim.get(number - 1).copied();
        made.unwrap_or(2 < number && number < self.sizes.len() && !may_end)
    }

    /// Simulations of all rounds.
    #[must_use]
    pub fn total(&self) -> usize {
        self.sizes.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::RoundPlan;

    #[test]
    fn a_budget_is_spent_to_the_last_simulation() {
        for (budget, rounds) in [(1000, None), (10_000, None), (777, Some(3)), (60, Some(9))] {
            let plan = RoundPlan::of(budget, rounds);
            assert_eq!(plan.total(), budget, "{plan:?}");
            assert!(plan.sizes.iter().all(|n| *n >= 50), "{plan:?}");
        }
        assert_eq!(RoundPlan::of(1000, Some(1)).sizes, [1000]);
        assert_eq!(RoundPlan::of(1000, Some(5)).sizes, [300, 175, 175, 175, 175]);
        assert_eq!(RoundPlan::of(1000, Some(2)).sizes, [500, 500]);
        assert_eq!(RoundPlan::of(120, Some(9)).sizes.len(), 2);
    }

    #[test]
    fn rounds_that_may_be_the_answer_are_not_interim() {
        let mut plan = RoundPlan::of(1000, Some(4));
        let interim = |plan: &RoundPlan, may_end| -> Vec<bool> {
            (1..=plan.sizes.len()).map(|number| plan.is_interim(number, may_end)).collect()
        };
        assert_eq!(interim(&plan, false), [false, false, true, false]);
        assert_eq!(interim(&plan, true), [false; 4]);
        // What is made stays as it was, with more rounds after it.
        plan.interim = vec![false, false, true, false];
        plan.extend(500, 2);
        assert_eq!(interim(&plan, false), [false, false, true, false, true, false]);
    }
}
