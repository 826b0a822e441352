//! Correction of the posterior flows by a likelihood learnt from the same simulations.
//!
//! With q(θ | x) the flows' average and L(x | θ) the learnt likelihood, the corrected posterior is
//! the geometric mean q^(1 − α) · (L·p)^α up to a constant. Draws from q are resampled by their
//! weights (L·p/q)^α, truncated (Ionides 2008). Where θ of the simulations was not drawn from p but
//! from r, q learnt what follows from r: q·p/r stands in its place. Where simulations fail, both know
//! θ of those that succeeded only, so that p is multiplied by P(success | θ), which q has learnt.

use super::PosteriorError;
use super::draws::{Draws, LEAST_EFFECTIVE};
use super::effective::{effective_number, merged, pareto_k};
use super::proposal::{Drawn, Inside, Proposal, average_density, in_chunks, log_sum};
use crate::flow::ConditionalFlow;
use crate::model::{LikelihoodModel, Model};
use crate::random::{Purpose, stream};
use ndarray::{ArrayView2, Axis};
use rand::RngExt;

/// Fewest proposals to resample from, for weights worth the name.
const LEAST_PROPOSALS: usize = 2048;
/// Where few of them have any weight, up to so many times as many are made, and no more than
/// memory should have to hold.
const MOST_ROUNDS: usize = 8;
const MOST_PROPOSALS: usize = 1 << 22;
/// Effective draws that are enough for a constant, and their share of the draws asked for.
const ENOUGH_FOR_A_CONSTANT: f64 = 100.0;
const ENOUGH_SHARE: f64 = 0.5;

/// An observation as the two kinds of flow see it.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    /// The posterior flows' context.
    pub context: &'a [f32],
    /// The likelihood's target.
    pub target: &'a [f32],
}

/// A proposal, and what corrects it.
#[derive(Clone, Copy)]
pub(super) struct Corrected<'a> {
    pub proposal: Proposal<'a>,
    pub likelihood: Option<&'a LikelihoodModel>,
    /// Of the likelihood's flows, those that count.
    pub flows: &'a [ConditionalFlow],
    /// Whether simulations as they were made are asked about, not the posterior: the law that θ was
    /// drawn from then stands in for the prior.
    pub as_simulated: bool,
}

/// Proposals with their log-weights.
#[derive(Default)]
struct Weighed {
    drawn: Drawn,
    log_weights: Vec<f64>,
}

impl Weighed {
    /// Weights over their sum, none above the mean times √n; `None` where all are 0.
    fn truncated(&self) -> Option<Vec<f64>> {
        let (total, most) = self.total_and_most();
        let weight = |w: &f64| (w.min(most) - total).exp();
        total.is_finite().then(|| self.log_weights.iter().map(weight).collect())
    }

    /// Share of the weights' sum that [`Self::truncated`] cuts off; 0 where no weight is too large.
    fn cut_off(&self) -> f64 {
        let (total, most) = self.total_and_most();
        let cut = |w: &f64| (w.max(most) - total).exp() - (most - total).exp();
        self.log_weights.iter().map(cut).sum()
    }

    /// The logarithms of the weights' sum and of the largest that is let be.
    fn total_and_most(&self) -> (f64, f64) {
        let total = log_sum(&self.log_weights);
        (total, total - 0.5 * (self.log_weights.len() as f64).ln())
    }
}

impl Corrected<'_> {
    pub fn model(&self) -> &Model {
        self.proposal.model
    }

    /// Numbers of x that the likelihood describes.
    pub fn target_dim(&self) -> usize {
        self.likelihood.map_or(1, |likelihood| likelihood.data.kept().len())
    }

    fn strength(&self) -> f64 {
        self.likelihood.map_or(0.0, |likelihood| likelihood.strength)
    }

    /// log L(x | θ) p(θ), up to a constant that depends on x alone, of each row of `theta`.
    fn log_joint(&self, theta: &ArrayView2<f64>, at: At) -> Vec<f64> {
        let Some(likelihood) = self.likelihood else { return vec![0.0; theta.nrows()] };
        in_chunks(theta, |rows| self.log_joint_chunk(rows, at, likelihood))
    }

    fn log_joint_chunk(
        &self,
        theta: &ArrayView2<f64>,
        at: At,
        likelihood: &LikelihoodModel,
    ) -> Vec<f64> {
        let (model, dim) = (self.model(), self.model().theta_dim());
        let prior = &model.prior;
        if self.proposal.asking.stopped() {
            return vec![f64::NAN; theta.nrows()];
        }
        let inside = Inside::of(theta, |row| prior.contains(row));
        let rows = || inside.theta.chunks_exact(dim);
        let regressors = likelihood.seen(prior, rows(), at.context);
        let log_prior = |row| model.law.log_prob(prior, row, self.as_simulated);
        let mut log_priors: Vec<f64> = rows().map(log_prior).collect();
        model.law.add_log_valid(prior, &model.parameters, &inside.theta, &mut log_priors);
        if self.as_simulated {
            model.law.add_log_steps(dim, &inside.theta, &mut log_priors);
        }
        let target = at.target.repeat(log_priors.len());
        let kind = self.proposal.kind;
        let mut densities = average_density(self.flows, kind, &target, &regressors);
        densities.iter_mut().zip(log_priors).for_each(|(density, prior)| *density += prior);
        inside.spread(&densities)
    }

    /// log p/r of each row, r the law that θ of the simulations was drawn from: what takes q from one
    /// to the other. `None` where they are the same.
    fn log_shifts(&self, theta: &ArrayView2<f64>) -> Option<Vec<f64>> {
        let (law, prior) = (&self.model().law, &self.model().prior);
        let shift = |row: ndarray::ArrayView1<f64>| law.log_shift(prior, &row.to_vec());
        let shifted = law.is_shifted() && !self.as_simulated;
        shifted.then(|| theta.rows().into_iter().map(shift).collect())
    }

    /// log(L·p/q) of each row of `theta`; −∞ where that is no number.
    pub fn log_ratios(&self, theta: &ArrayView2<f64>, at: At) -> Vec<f64> {
        let proposal = self.proposal.log_prob(theta, at.context);
        let ratio = |(joint, proposal): (f64, f64)| match joint - proposal {
            ratio if ratio.is_finite() => ratio,
            _ => f64::NEG_INFINITY,
        };
        self.log_joint(theta, at).into_iter().zip(proposal).map(ratio).collect()
    }

    /// log of the corrected density, up to a constant that depends on x alone.
    pub fn log_density(&self, theta: &ArrayView2<f64>, at: At) -> Vec<f64> {
        let alpha = self.strength();
        let mut density = self.proposal.log_prob(theta, at.context);
        let shifts = self.log_shifts(theta);
        for (q, shift) in density.iter_mut().zip(shifts.iter().flatten()) {
            *q += shift;
        }
        if alpha > 0.0 {
            let joint = self.log_joint(theta, at);
            let mix = |q: f64, j: f64| match alpha {
                1.0 => j,
                _ => (1.0 - alpha) * q + alpha * j,
            };
            density.iter_mut().zip(joint).for_each(|(q, j)| *q = mix(*q, j));
        }
        // Outside either law's support there is no density, whatever the flows say.
        for (density, shift) in density.iter_mut().zip(shifts.iter().flatten()) {
            *density = if shift.is_finite() { *density } else { f64::NEG_INFINITY };
        }
        density
    }

    /// [`log_density`](Self::log_density) of each row, and the log-weight that makes draws of the
    /// proposal such of it.
    pub fn log_density_and_weights(&self, theta: &ArrayView2<f64>, at: At) -> (Vec<f64>, Vec<f64>) {
        (self.log_density(theta, at), self.log_weights(theta, at))
    }

    /// log of the mean weight of at least `n` proposals: the constant that
    /// [`log_density`](Self::log_density) leaves out. With it, how many effective draws it rests on,
    /// and the share of draws inside the support.
    pub fn log_evidence(
        &self,
        at: At,
        n: usize,
        seed: u64,
    ) -> Result<(f64, f64, f64), PosteriorError> {
        let weighed = self.weigh_until(at, n, ENOUGH_FOR_A_CONSTANT, seed)?;
        let Weighed { drawn, log_weights } = &weighed;
        let effective = weighed.truncated().map_or(0.0, |weights| effective_number(&weights));
        // The draws are those inside the support, the density is that of all.
        let mean = log_sum(log_weights) - (log_weights.len() as f64).ln();
        Ok((mean + drawn.acceptance().ln(), effective, drawn.acceptance()))
    }

    fn log_weights(&self, theta: &ArrayView2<f64>, at: At) -> Vec<f64> {
        let alpha = self.strength();
        let mut weights = match alpha {
            0.0 => vec![0.0; theta.nrows()],
            _ => self.log_ratios(theta, at).into_iter().map(|r| alpha * r).collect(),
        };
        if let Some(shifts) = self.log_shifts(theta) {
            weights.iter_mut().zip(shifts).for_each(|(weight, shift)| {
                *weight = match shift.is_finite() {
                    true => *weight + (1.0 - alpha) * shift,
                    false => f64::NEG_INFINITY,
                };
            });
        }
        weights
    }

    /// Proposals until their effective number is `enough`: `first`, then twice as many and so on, up
    /// to a limit.
    fn weigh_until(
        &self,
        at: At,
        first: usize,
        enough: f64,
        seed: u64,
    ) -> Result<Weighed, PosteriorError> {
        let limit = (MOST_ROUNDS * first).min(MOST_PROPOSALS).max(first);
        let limit = limit.max(MOST_ROUNDS * LEAST_PROPOSALS);
        let (mut weighed, mut count, dim) = (Weighed::default(), first, self.model().theta_dim());
        loop {
            let known = weighed.log_weights.len();
            self.proposal.draw_to(&mut weighed.drawn, at.context, count, seed)?;
            let fresh = weighed.drawn.rows(known, count, dim);
            weighed.log_weights.extend(self.log_weights(&fresh.view(), at));
            self.proposal.asking.check()?;
            let effective = weighed.truncated().map_or(0.0, |weights| effective_number(&weights));
            if effective >= enough || 2 * count > limit {
                return Ok(weighed);
            }
            count *= 2;
        }
    }

    /// `n` corrected draws; an error where they would be a few points repeated. Where such are asked
    /// for and no proposal has any weight, those of the flows, worth none.
    pub fn draw(&self, at: At, n: usize, seed: u64) -> Result<Draws, PosteriorError> {
        let count = (n * self.model().config.posterior.proposals).max(LEAST_PROPOSALS);
        let enough = (n as f64 * ENOUGH_SHARE).max(ENOUGH_FOR_A_CONSTANT);
        let weighed = self.weigh_until(at, count, enough, seed)?;
        let (count, dim) = (weighed.log_weights.len(), self.model().theta_dim());
        let acceptance = weighed.drawn.acceptance();
        let weights = weighed.truncated();
        let proposals = weighed.drawn.rows(0, count, dim);
        let effective = weights
            .as_ref()
            .map_or(0.0, |weights| effective_number(&merged(&proposals, weights.iter().copied())));
        if effective < LEAST_EFFECTIVE && !self.proposal.asking.anyway {
            return Err(PosteriorError::Collapsed { effective, proposals: count });
        }
        let Some(weights) = weights else {
            let draws = Draws::plain(weighed.drawn.rows(0, n, dim), acceptance);
            return Ok(Draws { effective: 0.0, proposals: count, ..draws });
        };
        let offset = stream(seed, Purpose::Resampling, 0).random_range(0.0..1.0);
        let chosen = systematic(&weights, n, offset);
        let theta = proposals.select(Axis(0), &chosen);
        Ok(Draws {
            effective: effective.min(n as f64),
            proposals: count,
            pareto_k: pareto_k(&weighed.log_weights),
            truncated: weighed.cut_off(),
            ..Draws::plain(theta, acceptance)
        })
    }
}

/// Systematic resampling: index i as often as `n` · weight i / Σ weights, give or take one.
fn systematic(weights: &[f64], n: usize, offset: f64) -> Vec<usize> {
    let step = weights.iter().sum::<f64>() / n as f64;
    let (mut index, mut reached) = (0, weights[0]);
    (0..n)
        .map(|k| {
            let at = (k as f64 + offset) * step;
            while reached < at && index + 1 < weights.len() {
                index += 1;
                reached += weights[index];
            }
            index
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systematic_resampling_follows_the_weights() {
        let chosen = systematic(&[0.1, 0.0, 0.6, 0.3], 10, 0.5);
        assert_eq!(chosen, [0, 2, 2, 2, 2, 2, 2, 3, 3, 3]);
        assert_eq!(systematic(&[2.0], 3, 0.0), [0, 0, 0]);
    }
}
