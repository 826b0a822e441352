//! Laws of proposals that follow weighted points: a mixture in the flows' space.

use super::PosteriorError;
use super::at::At;
use super::correction::{Corrected, Rows};
use super::draws::DrawProgress;
use super::effective::effective_number;
use super::mixture::Mixture;
use super::pool::{Pool, Stage, systematic, truncated};
use super::proposal::CHUNK;
use super::weigh::{Plan, minus};
use crate::random::{Purpose, stream};
use rand::RngExt;
use rayon::prelude::*;

/// A mixture's draw counts where the pair's posterior flow is no less dense than at the least dense of
/// its own draws, by so many nats: beyond, a likelihood learnt near the simulations may say anything.
const BEYOND: f64 = 4.0;
/// Chunks of a first batch.
const FIRST_CHUNKS: usize = 16;
/// Points that a mixture is fitted to at most.
const FITTED: usize = 3000;
/// Share of a law's draws that ask every pair as often.
const EVEN: f64 = 0.1;

/// What is proposed from: a mixture in the flows' space, and a share of the draws for each pair.
pub(super) struct Law {
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

impl Corrected<'_> {
    /// The least density, in the flows' space, that the mixture's draws may have in each posterior flow.
    pub fn floors(&self, stage: &Stage, at: At) -> Vec<f64> {
        let (model, dim) = (self.model(), self.model().theta_dim());
        let cuts = model.cuts(at.context);
        let mut floors = vec![f64::INFINITY; self.proposal.flows.len()];
        let mut point = vec![0.0; dim];
        let rows = stage.theta.chunks_exact(dim).zip(stage.pairs.iter().zip(&stage.log_own));
        for (row, (pair, log_own)) in rows {
            let log_det = model.point_of(row, &cuts, &mut point);
            let floor = &mut floors[pair % self.proposal.flows.len()];
            if log_own.is_finite() {
                *floor = floor.min(log_own - log_det - BEYOND);
            }
        }
        floors
    }

    /// A law that follows the weighted points so far; `None` where they are too few.
    pub fn follow(&self, plan: &Plan, pool: &Pool, floors: &[f64], round: u64) -> Option<Law> {
        let (model, dim) = (self.model(), self.model().theta_dim());
        let cuts = model.cuts(plan.at.context);
        let weights = truncated(&pool.log_weights())?;
        let theta = pool.theta();
        let mut point = vec![0.0; dim];
        let (mut points, mut kept, mut shares) = (Vec::new(), Vec::new(), vec![0.0; self.pairs()]);
        let rows = theta.chunks_exact(dim).zip(weights.iter().zip(pool.pairs()));
        for (row, (weight, pair)) in rows.filter(|(_, (weight, _))| **weight > 0.0) {
            model.point_of(row, &cuts, &mut point);
            if point.iter().all(|v| v.is_finite()) {
                points.extend(point.iter().map(|v| f64::from(*v)));
                kept.push(*weight);
                shares[pair] += *weight;
            }
        }
        let rng = &mut stream(plan.seed, Purpose::Mixture, round << 32);
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
    pub fn extend(
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
        let dim = self.model().theta_dim();
        let index = (law.round << 32) + 1 + chunk;
        let rng = &mut stream(plan.seed, Purpose::Mixture, index);
        let (mut drawn, mut points) = (vec![0.0; dim], Vec::with_capacity(CHUNK * dim));
        let (mut pairs, mut log_own) = (Vec::with_capacity(CHUNK), Vec::with_capacity(CHUNK));
        for _ in 0..CHUNK {
            law.mixture.draw(rng, &mut drawn);
            let pair = law.pair(rng.random_range(0.0..1.0));
            for value in &mut drawn {
                points.push(*value as f32);
                *value = f64::from(*value as f32);
            }
            // Each pair is a share of the average, and is drawn as often as the law says.
            let log_pair = (law.shares[pair] * self.pairs() as f64).ln();
            log_own.push(law.mixture.log_density(&drawn) + log_pair);
            pairs.push(pair);
        }
        let counted = self.counted(plan.at, &law.floors, &points, &pairs);
        let rows = counted.rows.iter().zip(&counted.log_dets);
        let log_own: Vec<f64> = rows.map(|(row, log_det)| log_own[*row] + log_det).collect();
        let weights = counted.log_targets.iter().zip(&log_own);
        Stage {
            log_weights: weights.map(|(target, own)| minus(*target, *own)).collect(),
            theta: counted.theta,
            pairs: counted.rows.iter().map(|row| pairs[*row]).collect(),
            log_own,
            made: CHUNK,
        }
    }

    /// Asks points of the flows' space, each of its pair.
    pub fn counted(&self, at: At, floors: &[f64], points: &[f32], pairs: &[usize]) -> Counted {
        let (model, dim) = (self.model(), self.model().theta_dim());
        let (mut row, mut back, cuts) = (vec![0.0; dim], vec![0.0; dim], model.cuts(at.context));
        let (mut theta, mut log_dets, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        for (index, point) in points.chunks_exact(dim).enumerate() {
            model.theta_at(point, &cuts, &mut row);
            let is_inside = row.iter().all(|v| v.is_finite())
                && model.prior.contains(&row)
                && model.parameters.reaches(&model.prior, &row);
            if is_inside {
                log_dets.push(model.point_of(&row, &cuts, &mut back));
                theta.extend_from_slice(&row);
                rows.push(index);
            }
        }
        let pairs: Vec<usize> = rows.iter().map(|row| pairs[*row]).collect();
        let log_q = self.log_q(Rows { theta: &theta, pairs: &pairs, log_q: None }, at);
        let floor = |row: usize| floors[pairs[row] % floors.len()];
        let counts = |row: &usize| log_q[*row] - log_dets[*row] >= floor(*row);
        let kept: Vec<usize> = (0..rows.len()).filter(counts).collect();
        let theta: Vec<f64> =
            kept.iter().flat_map(|row| &theta[row * dim..(row + 1) * dim]).copied().collect();
        let pairs: Vec<usize> = kept.iter().map(|row| pairs[*row]).collect();
        let log_q: Vec<f64> = kept.iter().map(|row| log_q[*row]).collect();
        let asked = Rows { theta: &theta, pairs: &pairs, log_q: Some(&log_q) };
        Counted {
            log_targets: self.log_target(asked, at),
            log_dets: kept.iter().map(|row| log_dets[*row]).collect(),
            rows: kept.into_iter().map(|row| rows[row]).collect(),
            theta,
        }
    }
}

/// Points of the flows' space that lie inside the support, and where their posterior flow is not too
/// thin.
pub(super) struct Counted {
    /// Which they are.
    pub rows: Vec<usize>,
    /// Rows of θ.
    pub theta: Vec<f64>,
    /// log |∂u/∂θ| of each, u the flows' space.
    pub log_dets: Vec<f64>,
    /// log t_jk of each.
    pub log_targets: Vec<f64>,
}
