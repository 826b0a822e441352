//! Corrected draws: proposals, first of the flows and, where hardly any of them have weight, of a
//! mixture that follows those that have; as many as it takes, and not more.

use super::PosteriorError;
use super::at::At;
use super::correction::{Corrected, Rows};
use super::drawn::Drawn;
use super::draws::{Draws, LEAST_EFFECTIVE};
use super::effective::{effective_number, merged, pareto_k};
use super::follow::Law;
use super::moves::Copies;
use super::pool::{Goal, Pool, Stage, cut_off, systematic, truncated};
use super::proposal::{CHUNK, log_sum, table};
use crate::random::{Purpose, stream};
use ndarray::Axis;
use rand::RngExt;
use rand::seq::SliceRandom;

/// Fewest and most proposals of the flows that tell how many are needed.
const FIRST: (usize, usize) = (CHUNK, 4 * CHUNK);
/// The flows go on alone where they need no more proposals a draw.
const FLOWS_SUFFICE: f64 = 4.0;
/// Effective draws that a mixture may follow, for each number of its mean.
const FOLLOWED: f64 = 10.0;
/// Rounds of a mixture at most, every other twice as large, and how many of them in vain.
const ROUNDS: u64 = 8;
const IN_VAIN: usize = 2;
/// How much fewer proposals a round must need than the best before it, not to be in vain.
const GAIN: f64 = 0.9;
/// Where few have any weight, at most so many times `posterior.proposals` for each draw, and no more
/// than memory should have to hold.
const PATIENCE: usize = 8;
const LEAST_LIMIT: usize = 16_384;
const MOST_PROPOSALS: usize = 1 << 22;
/// Independent draws that a normalising constant's estimate should be worth.
const CONSTANT_WORTH: f64 = 2500.0;

/// How proposals are asked for.
pub(super) struct Plan<'a> {
    pub at: At<'a>,
    pub goal: Goal,
    pub seed: u64,
    pub limit: usize,
}

impl Plan<'_> {
    /// What is wanted, and how many proposals tell how many that takes.
    fn first(&self) -> (f64, usize) {
        let wanted = match self.goal {
            Goal::Draws(n) => n as f64,
            Goal::Worth(effective) => effective,
        };
        (wanted, (wanted as usize).clamp(FIRST.0, FIRST.1))
    }
}

impl Corrected<'_> {
    /// log of the target's integral: the constant that [`log_density`](Self::log_density) leaves out.
    /// With it, how many effective draws it rests on, and the share of the flows' draws inside the
    /// support.
    pub fn log_evidence(&self, at: At, seed: u64) -> Result<(f64, f64, f64), PosteriorError> {
        let limit = self.limit(CONSTANT_WORTH as usize);
        let plan = Plan { at, goal: Goal::Worth(CONSTANT_WORTH), seed, limit };
        let (pool, acceptance) = self.weigh(&plan)?;
        let log_weights = pool.log_weights();
        let effective = truncated(&log_weights).map_or(0.0, |w| effective_number(&w));
        Ok((log_sum(&log_weights), effective, acceptance))
    }

    /// `n` corrected draws, of which hardly any occur twice, or as often as `worth` allows; an error
    /// where they would be a few points repeated. Where such are asked for and no proposal has any
    /// weight, those of the flows, worth none.
    pub fn draw(&self, at: At, n: usize, seed: u64) -> Result<Draws, PosteriorError> {
        let asking = &self.proposal.asking;
        let goal = asking.worth.map_or(Goal::Draws(n), Goal::Worth);
        let plan = Plan { at, goal, seed, limit: self.limit(n) };
        let (pool, acceptance) = self.weigh(&plan)?;
        let (theta, log_weights) = (pool.theta(), pool.log_weights());
        let (weights, proposals) = (truncated(&log_weights), pool.rows());
        let dim = self.model().theta_dim();
        let theta = table(theta, dim);
        let repeats = self.model().is_categories_alone();
        let worth = |weights: &Vec<f64>| {
            effective_number(&merged(&theta, weights.iter().copied(), repeats))
        };
        let effective = weights.as_ref().map_or(0.0, worth);
        if effective < LEAST_EFFECTIVE && !asking.anyway {
            return Err(PosteriorError::Collapsed { effective, proposals });
        }
        let Some(weights) = weights else {
            let draws = self.proposal.draw(at.context, n, seed)?;
            return Ok(Draws { effective: 0.0, proposals, ..draws });
        };
        let rng = &mut stream(seed, Purpose::Resampling, 0);
        let chosen = systematic(&weights, n, rng.random_range(0.0..1.0));
        let mut theta = theta.select(Axis(0), &chosen);
        // A few points moved apart would be no more than they are.
        if asking.worth.is_none() && effective >= LEAST_EFFECTIVE && !repeats {
            let copies = Copies::of(&chosen, &pool);
            self.move_apart(&plan, &self.floors(&pool.stages[0], at), &copies, &mut theta)?;
        }
        // Any run of them is then as good as any other.
        let mut order: Vec<usize> = (0..n).collect();
        order.shuffle(rng);
        Ok(Draws {
            effective: effective.min(n as f64),
            proposals,
            pareto_k: pareto_k(&log_weights),
            truncated: cut_off(&log_weights),
            ..Draws::plain(theta.select(Axis(0), &order), acceptance, repeats)
        })
    }

    fn limit(&self, n: usize) -> usize {
        let most = PATIENCE * self.model().config.posterior.proposals;
        n.saturating_mul(most).clamp(LEAST_LIMIT, MOST_PROPOSALS).max(n)
    }

    /// Proposals with their weights, enough for the goal if the limit allows; and the share of the
    /// flows' draws inside the support.
    fn weigh(&self, plan: &Plan) -> Result<(Pool, f64), PosteriorError> {
        let mut drawn = Drawn::default();
        let (mut pool, enough) = self.by_flows(plan, &mut drawn)?;
        if !enough {
            self.by_mixture(plan, &mut pool)?;
        }
        Ok((pool, drawn.acceptance()))
    }

    /// The flows' own draws, as long as they are all that is needed or too little to be followed;
    /// whether they are enough.
    fn by_flows(&self, plan: &Plan, drawn: &mut Drawn) -> Result<(Pool, bool), PosteriorError> {
        let (wanted, least) = plan.first();
        let follow = FOLLOWED * (self.model().theta_dim() + 1) as f64;
        let (mut stage, mut count) = (Stage::default(), least);
        loop {
            self.draw_by_flows(plan, drawn, count, &mut stage)?;
            let have = stage.log_weights.len();
            // Of those inside.
            let needed = stage.needed(plan.goal) * drawn.acceptance();
            let is_enough = needed <= have as f64;
            let is_hopeless = 2 * count > plan.limit;
            let can_follow = needed > FLOWS_SUFFICE * wanted && stage.effective() >= follow;
            if is_enough || is_hopeless || can_follow {
                // Even few effective draws are better followed than repeated.
                let enough = is_enough || stage.effective() < LEAST_EFFECTIVE;
                return Ok((Pool { stages: vec![stage] }, enough));
            }
            count = match needed <= FLOWS_SUFFICE * wanted {
                true => (needed.ceil() as usize).max(have + CHUNK).min(plan.limit),
                false => 2 * count,
            };
        }
    }

    fn draw_by_flows(
        &self,
        plan: &Plan,
        drawn: &mut Drawn,
        count: usize,
        stage: &mut Stage,
    ) -> Result<(), PosteriorError> {
        self.proposal.draw_to(drawn, plan.at.context, count, plan.seed)?;
        let (known, dim, kept) = (stage.pairs.len(), self.model().theta_dim(), drawn.kept());
        let theta = &kept.theta[known * dim..];
        // Every flow's draws take turns with the likelihood's flows.
        let (flows, likelihoods) = (self.proposal.flows.len(), self.likelihoods().max(1));
        let pair = |row: usize| kept.members[row] + row / flows % likelihoods * flows;
        let pairs: Vec<usize> = (known..kept.members.len()).map(pair).collect();
        let log_q = &kept.log_own[known..];
        let targets = self.log_target(Rows { theta, pairs: &pairs, log_q: Some(log_q) }, plan.at);
        self.proposal.asking.check()?;
        stage.log_weights.extend(targets.iter().zip(log_q).map(|(t, q)| minus(*t, *q)));
        stage.theta.extend_from_slice(theta);
        stage.pairs.extend(pairs);
        stage.log_own.extend_from_slice(log_q);
        stage.made = drawn.made;
        Ok(())
    }

    /// Rounds of mixtures that follow all weighted points so far, until the next needs hardly fewer
    /// proposals; then as many of the best as the goal asks for.
    fn by_mixture(&self, plan: &Plan, pool: &mut Pool) -> Result<(), PosteriorError> {
        let (wanted, size) = plan.first();
        let size_of = |round: u64| size << (round / 2);
        let floors = self.floors(&pool.stages[0], plan.at);
        let mut best: Option<(usize, f64, Law)> = None;
        let mut in_vain = 0;
        for round in 0..ROUNDS {
            let Some(law) = self.follow(plan, pool, &floors, round) else { break };
            let mut stage = Stage::default();
            self.extend(plan, &law, &mut stage, size_of(round))?;
            let needed = stage.needed(plan.goal);
            pool.stages.push(stage);
            let before = best.as_ref().map_or(f64::INFINITY, |(_, needed, _)| *needed);
            in_vain = if needed < GAIN * before { 0 } else { in_vain + 1 };
            if needed < before {
                best = Some((pool.stages.len() - 1, needed, law));
            }
            // A further round must be worth its own proposals.
            if in_vain == IN_VAIN || needed <= (2.0 * wanted).max(4.0 * size_of(round + 1) as f64) {
                break;
            }
        }
        let Some((index, _, law)) = best else { return Ok(()) };
        loop {
            let stage = &mut pool.stages[index];
            let (needed, have) = (stage.needed(plan.goal), stage.made);
            if needed <= have as f64 || have >= plan.limit {
                return Ok(());
            }
            let count = (needed.ceil() as usize).clamp(have + CHUNK, plan.limit.max(have + CHUNK));
            self.extend(plan, &law, stage, count)?;
        }
    }
}

/// log(t/q), −∞ where that is no number.
pub(super) fn minus(log_target: f64, log_proposal: f64) -> f64 {
    match log_target - log_proposal {
        weight if weight.is_finite() => weight,
        _ => f64::NEG_INFINITY,
    }
}
