//! Corrected draws: proposals, first of the flows and, where hardly any of them have weight, of a
//! mixture that follows those that have; as many as it takes, and not more.

use super::PosteriorError;
use super::correction::{At, Corrected, Rows};
use super::draws::{DrawProgress, Draws, LEAST_EFFECTIVE};
use super::effective::{effective_number, merged, pareto_k};
use super::mixture::Mixture;
use super::pool::{Goal, Pool, Stage, systematic, truncated};
use super::proposal::{CHUNK, Drawn, log_sum, table};
use crate::random::{Purpose, stream};
use ndarray::Axis;
use rand::RngExt;
use rand::seq::SliceRandom;
use rayon::prelude::*;

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
/// A mixture's draw counts where the pair's posterior flow is no less dense than at the least dense of
/// its own draws, by so many nats: beyond, a likelihood learnt near the simulations may say anything.
const BEYOND: f64 = 4.0;
/// Where few have any weight, at most so many times `posterior.proposals` for each draw, and no more
/// than memory should have to hold.
const PATIENCE: usize = 8;
const LEAST_LIMIT: usize = 16_384;
const MOST_PROPOSALS: usize = 1 << 22;
/// Independent draws that a normalising constant's estimate should be worth.
const CONSTANT_WORTH: f64 = 2500.0;

/// How proposals are asked for.
struct Plan<'a> {
    at: At<'a>,
    goal: Goal,
    seed: u64,
    limit: usize,
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

    /// `n` corrected draws; an error where they would be a few points repeated. Where such are asked
    /// for and no proposal has any weight, those of the flows, worth none.
    pub fn draw(&self, at: At, n: usize, seed: u64) -> Result<Draws, PosteriorError> {
        let plan = Plan { at, goal: Goal::Draws(n), seed, limit: self.limit(n) };
        let (pool, acceptance) = self.weigh(&plan)?;
        let log_weights = pool.log_weights();
        let weights = truncated(&log_weights);
        let (proposals, dim) = (pool.rows(), self.model().theta_dim());
        let theta = table(pool.theta(), dim);
        let worth = |weights: &Vec<f64>| effective_number(&merged(&theta, weights.iter().copied()));
        let effective = weights.as_ref().map_or(0.0, worth);
        if effective < LEAST_EFFECTIVE && !self.proposal.asking.anyway {
            return Err(PosteriorError::Collapsed { effective, proposals });
        }
        let Some(weights) = weights else {
            let draws = self.proposal.draw(at.context, n, seed)?;
            return Ok(Draws { effective: 0.0, proposals, ..draws });
        };
        let rng = &mut stream(seed, Purpose::Resampling, 0);
        let mut chosen = systematic(&weights, n, rng.random_range(0.0..1.0));
        // Any run of them is then as good as any other.
        chosen.shuffle(rng);
        Ok(Draws {
            effective: effective.min(n as f64),
            proposals,
            pareto_k: pareto_k(&log_weights),
            truncated: 1.0 - weights.iter().sum::<f64>(),
            ..Draws::plain(theta.select(Axis(0), &chosen), acceptance)
        })
    }

    fn limit(&self, n: usize) -> usize {
        let most = PATIENCE * self.model().config.posterior.proposals;
        n.saturating_mul(most).min(MOST_PROPOSALS).max(LEAST_LIMIT).max(n)
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
        let (wanted, least) = match plan.goal {
            Goal::Draws(n) => (n as f64, n.clamp(FIRST.0, FIRST.1)),
            Goal::Worth(effective) => (effective, FIRST.1),
        };
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
        let (flows, likelihoods) = (self.proposal.flows.len(), self.flows.len().max(1));
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
        let (size, wanted) = match plan.goal {
            Goal::Draws(n) => (n.clamp(FIRST.0, FIRST.1), n as f64),
            Goal::Worth(effective) => (FIRST.1, effective),
        };
        let size_of = |round: u64| size << (round / 2);
        let floors = self.floors(&pool.stages[0]);
        let mut best: Option<(usize, f64, Law)> = None;
        let mut in_vain = 0;
        for round in 0..ROUNDS {
            let Some(law) = self.follow(pool, &floors, plan.seed, round) else { break };
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

    /// The least density, in the flows' space, that the mixture's draws may have in each posterior flow.
    fn floors(&self, stage: &Stage) -> Vec<f64> {
        let (model, dim) = (self.model(), self.model().theta_dim());
        let mut floors = vec![f64::INFINITY; self.proposal.flows.len()];
        let mut point = vec![0.0; dim];
        let rows = stage.theta.chunks_exact(dim).zip(stage.pairs.iter().zip(&stage.log_own));
        for (row, (pair, log_own)) in rows {
            let log_det = model.parameters.apply(&model.prior, row, &mut point);
            let floor = &mut floors[pair % self.proposal.flows.len()];
            *floor = floor.min(log_own - log_det - BEYOND);
        }
        floors
    }

    /// A law that follows the weighted points so far; `None` where they are too few.
    fn follow(&self, pool: &Pool, floors: &[f64], seed: u64, round: u64) -> Option<Law> {
        let (model, dim) = (self.model(), self.model().theta_dim());
        let weights = truncated(&pool.log_weights())?;
        let theta = pool.theta();
        let mut point = vec![0.0; dim];
        let (mut points, mut kept, mut shares) = (Vec::new(), Vec::new(), vec![0.0; self.pairs()]);
        let rows = theta.chunks_exact(dim).zip(weights.iter().zip(pool.pairs()));
        for (row, (weight, pair)) in rows.filter(|(_, (weight, _))| **weight > 0.0) {
            model.parameters.apply(&model.prior, row, &mut point);
            if point.iter().all(|v| v.is_finite()) {
                points.extend(point.iter().map(|v| f64::from(*v)));
                kept.push(*weight);
                shares[pair] += *weight;
            }
        }
        let rng = &mut stream(seed, Purpose::Mixture, round << 32);
        let effective = effective_number(&kept);
        if kept.len() > FITTED {
            let chosen = systematic(&kept, FITTED, rng.random_range(0.0..1.0));
            let of = |row: &usize| points[row * dim..(row + 1) * dim].iter().copied();
            points = chosen.iter().flat_map(of).collect();
            kept = vec![1.0 / FITTED as f64; FITTED];
        }
        let mixture = Mixture::fit(dim, &points, &kept, effective.min(FITTED as f64), rng)?;
        let (total, even) = (shares.iter().sum::<f64>(), 1.0 / shares.len() as f64);
        let share = |own: f64| (1.0 - EVEN) * own / total + EVEN * even;
        let shares = shares.into_iter().map(share).collect();
        Some(Law { mixture, shares, floors: floors.to_vec(), round })
    }

    /// Draws of a law until a stage has `count` rows, chunk after chunk.
    fn extend(
        &self,
        plan: &Plan,
        law: &Law,
        stage: &mut Stage,
        count: usize,
    ) -> Result<(), PosteriorError> {
        let asking = &self.proposal.asking;
        while stage.made < count {
            asking.check()?;
            let first = stage.made / CHUNK;
            // A share at a time, so that progress is seen.
            let chunks = (count - stage.made).div_ceil(CHUNK).min(first.max(FIRST_CHUNKS));
            let of = |chunk| self.propose(plan, law, chunk as u64);
            let made: Vec<Stage> = (first..first + chunks).into_par_iter().map(of).collect();
            asking.check()?;
            for mut more in made {
                stage.theta.append(&mut more.theta);
                stage.pairs.append(&mut more.pairs);
                stage.log_own.append(&mut more.log_own);
                stage.log_weights.append(&mut more.log_weights);
                stage.made += more.made;
            }
            if let Some(progress) = asking.progress {
                let (accepted, wanted) = (stage.made.min(count), count);
                progress(DrawProgress { accepted, wanted, drawn: stage.made });
            }
        }
        Ok(())
    }

    /// One chunk of a law's draws.
    fn propose(&self, plan: &Plan, law: &Law, chunk: u64) -> Stage {
        let (model, dim) = (self.model(), self.model().theta_dim());
        let index = (law.round << 32) + 1 + chunk;
        let rng = &mut stream(plan.seed, Purpose::Mixture, index);
        let (mut drawn, mut point) = (vec![0.0; dim], vec![0.0; dim]);
        let mut row = vec![0.0; dim];
        let mut stage = Stage { made: CHUNK, ..Stage::default() };
        let mut log_dets = Vec::with_capacity(CHUNK);
        for _ in 0..CHUNK {
            law.mixture.draw(rng, &mut drawn);
            let pair = law.pair(rng.random_range(0.0..1.0));
            point.iter_mut().zip(&mut drawn).for_each(|(p, d)| {
                *p = *d as f32;
                *d = f64::from(*p);
            });
            model.parameters.invert(&model.prior, &point, &mut row);
            let is_inside = row.iter().all(|v| v.is_finite())
                && model.prior.contains(&row)
                && model.parameters.reaches(&model.prior, &row);
            if is_inside {
                // Each pair is a share of the average, and is drawn as often as the law says.
                let log_pair = (law.shares[pair] * self.pairs() as f64).ln();
                log_dets.push(model.parameters.apply(&model.prior, &row, &mut point));
                stage.log_own.push(law.mixture.log_density(&drawn) + log_pair);
                stage.theta.extend_from_slice(&row);
                stage.pairs.push(pair);
            }
        }
        let log_q = self.log_q(stage.rows(None), plan.at);
        let floor = |row: usize| law.floors[stage.pairs[row] % law.floors.len()];
        let counts = |row: usize| log_q[row] - log_dets[row] >= floor(row);
        let kept: Vec<usize> = (0..log_q.len()).filter(|row| counts(*row)).collect();
        let of = |row: &usize| stage.theta[row * dim..(row + 1) * dim].iter().copied();
        let mut stage = Stage {
            theta: kept.iter().flat_map(of).collect(),
            pairs: kept.iter().map(|row| stage.pairs[*row]).collect(),
            log_own: kept.iter().map(|row| stage.log_own[*row] + log_dets[*row]).collect(),
            ..stage
        };
        let log_q: Vec<f64> = kept.iter().map(|row| log_q[*row]).collect();
        let targets = self.log_target(stage.rows(Some(&log_q)), plan.at);
        stage.log_weights =
            targets.iter().zip(&stage.log_own).map(|(t, p)| minus(*t, *p)).collect();
        stage
    }
}

/// Chunks of a first batch.
const FIRST_CHUNKS: usize = 16;
/// Points that a mixture is fitted to at most.
const FITTED: usize = 3000;
/// Share of a law's draws that ask every pair as often.
const EVEN: f64 = 0.1;

/// What is proposed from: a mixture in the flows' space, and a share of the draws for each pair.
struct Law {
    mixture: Mixture,
    shares: Vec<f64>,
    /// Of each posterior flow, in the flows' space: less dense draws do not count.
    floors: Vec<f64>,
    round: u64,
}

impl Law {
    /// The pair that a number between 0 and 1 stands for.
    fn pair(&self, at: f64) -> usize {
        let mut left = at;
        for (pair, share) in self.shares.iter().enumerate() {
            left -= share;
            if left < 0.0 {
                return pair;
            }
        }
        self.shares.len() - 1
    }
}

/// log(t/q), −∞ where that is no number.
fn minus(log_target: f64, log_proposal: f64) -> f64 {
    match log_target - log_proposal {
        weight if weight.is_finite() => weight,
        _ => f64::NEG_INFINITY,
    }
}
