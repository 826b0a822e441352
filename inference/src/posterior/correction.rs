//! Correction of the posterior flows by a likelihood learnt from the same simulations.
//!
//! With q(θ | x) the flows' average and L(x | θ) the learnt likelihood, the corrected posterior is
//! the geometric mean q^(1 − α) · (L·p)^α up to a constant. Draws from q are resampled by their
//! weights (L·p/q)^α, truncated (Ionides 2008).

use super::proposal::{Inside, Proposal, average_density, in_chunks, log_sum};
use super::{Draws, PosteriorError};
use crate::flow::ConditionalFlow;
use crate::model::{LikelihoodModel, Model};
use crate::random::{Purpose, stream};
use crate::work::{Halt, Pack, Part, Unpack};
use ndarray::{Array2, ArrayView2, Axis};
use rand::RngExt;
use rayon::prelude::*;

/// Fewest proposals to resample from, for weights worth the name.
const LEAST_PROPOSALS: usize = 2048;

/// Simulations that are judged, and kept, at a time.
const JUDGED_AT_ONCE: usize = 32;

/// A held-out simulation: its number, and its parameters with its data as either kind of flow sees
/// them.
type Judged<'a> = (usize, (&'a [f32], (&'a [f32], &'a [f32])));

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
    pub likelihood: &'a LikelihoodModel,
    /// Of the likelihood's flows, those that count.
    pub flows: &'a [ConditionalFlow],
}

impl Corrected<'_> {
    fn model(&self) -> &Model {
        self.proposal.model
    }

    /// log L(x | θ) p(θ), up to a constant that depends on x alone, of each row of `theta`.
    fn log_joint(&self, theta: &ArrayView2<f32>, at: At) -> Vec<f64> {
        in_chunks(theta, |rows| self.log_joint_chunk(rows, at))
    }

    fn log_joint_chunk(&self, theta: &ArrayView2<f32>, at: At) -> Vec<f64> {
        let (prior, dim) = (&self.model().prior, self.model().theta_dim());
        let inside = Inside::of(theta, |row| prior.contains(row));
        let mut regressors = vec![0.0; inside.theta.len()];
        let rows = inside.theta.chunks_exact(dim).zip(regressors.chunks_exact_mut(dim));
        let log_priors: Vec<f64> = rows
            .map(|(row, out)| {
                self.likelihood.regressors.apply(prior, row, out);
                prior.log_prob(&row.iter().map(|v| f64::from(*v)).collect::<Vec<_>>())
            })
            .collect();
        let target = at.target.repeat(log_priors.len());
        let kind = self.proposal.kind;
        let mut densities = average_density(self.flows, kind, &target, &regressors);
        densities.iter_mut().zip(log_priors).for_each(|(density, prior)| *density += prior);
        inside.spread(&densities)
    }

    /// log(L·p/q) of each row of `theta`; −∞ where that is no number.
    fn log_ratios(&self, theta: &ArrayView2<f32>, at: At) -> Vec<f64> {
        let proposal = self.proposal.log_prob(theta, at.context);
        let ratio = |(joint, proposal): (f64, f64)| match joint - proposal {
            ratio if ratio.is_finite() => ratio,
            _ => f64::NEG_INFINITY,
        };
        self.log_joint(theta, at).into_iter().zip(proposal).map(ratio).collect()
    }

    /// log of the corrected density, up to a constant that depends on x alone.
    pub fn log_density(&self, theta: &ArrayView2<f32>, at: At) -> Vec<f64> {
        let alpha = self.likelihood.strength;
        let proposal = self.proposal.log_prob(theta, at.context);
        if alpha == 0.0 {
            return proposal;
        }
        let joint = self.log_joint(theta, at);
        let mix = |(q, j): (f64, f64)| if alpha == 1.0 { j } else { (1.0 - alpha) * q + alpha * j };
        proposal.into_iter().zip(joint).map(mix).collect()
    }

    /// log of the mean weight of `n` proposals: the constant that
    /// [`log_density`](Self::log_density) leaves out.
    pub fn log_evidence(&self, at: At, n: usize, seed: u64) -> Result<f64, PosteriorError> {
        let Draws { theta, acceptance } = self.proposal.draw(at.context, n, seed)?;
        let weights = self.log_weights(&theta.view(), at);
        // The draws are those inside the support, the density is that of all.
        Ok(log_sum(&weights) - (n as f64).ln() + acceptance.ln())
    }

    fn log_weights(&self, theta: &ArrayView2<f32>, at: At) -> Vec<f64> {
        let alpha = self.likelihood.strength;
        self.log_ratios(theta, at).into_iter().map(|r| alpha * r).collect()
    }

    /// `n` corrected draws. Where no proposal has any weight, those of the flows.
    pub fn draw(&self, at: At, n: usize, seed: u64) -> Result<Draws, PosteriorError> {
        let count = (n * self.model().config.posterior.proposals).max(LEAST_PROPOSALS);
        let Draws { theta, acceptance } = self.proposal.draw(at.context, count, seed)?;
        let weights = self.log_weights(&theta.view(), at);
        let total = log_sum(&weights);
        if !total.is_finite() {
            let theta = theta.select(Axis(0), &(0..n).collect::<Vec<_>>());
            return Ok(Draws { theta, acceptance });
        }
        // No weight above the mean times √count.
        let most = total - 0.5 * (count as f64).ln();
        let weights: Vec<f64> = weights.iter().map(|w| (w.min(most) - total).exp()).collect();
        let offset = stream(seed, Purpose::Resampling, 0).random_range(0.0..1.0);
        let chosen = systematic(&weights, n, offset);
        Ok(Draws { theta: theta.select(Axis(0), &chosen), acceptance })
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

/// log(L·p/q) at the true parameters of held-out simulations, and at proposals for each.
pub(super) struct HeldOutRatios {
    /// One simulation an entry: the truth's ratio first, then the proposals'.
    pub ratios: Vec<Vec<f64>>,
}

impl HeldOutRatios {
    /// Ratios of one pair of flows on rows that neither was trained on: `points` in the flow's
    /// space `[n, D]`, their data as either kind of flow sees them. Kept as pieces of `part`.
    pub fn of(
        corrected: &Corrected,
        points: &[f32],
        data: At,
        proposals: usize,
        seed: u64,
        part: &Part,
    ) -> Result<Self, Halt> {
        let model = corrected.model();
        let dim = model.theta_dim();
        let contexts = data.context.chunks_exact(model.data.kept().len());
        let targets = data.target.chunks_exact(corrected.likelihood.data.kept().len());
        let rows: Vec<_> =
            points.chunks_exact(dim).zip(contexts.zip(targets)).enumerate().collect();
        let judge = |&(index, (point, (context, target))): &Judged| {
            part.go_on()?;
            let at = At { context, target };
            let mut truth = vec![0.0; dim];
            model.parameters.invert(&model.prior, point, &mut truth);
            let seed = seed.wrapping_mul(1_000_003).wrapping_add(index as u64);
            let drawn = corrected.proposal.sketch(context, proposals, seed);
            let mut theta = Array2::zeros((drawn.nrows() + 1, dim));
            theta.row_mut(0).iter_mut().zip(&truth).for_each(|(t, v)| *t = *v as f32);
            theta.slice_mut(ndarray::s![1.., ..]).assign(&drawn);
            Ok(corrected.log_ratios(&theta.view(), at))
        };
        let mut ratios = Vec::new();
        for (number, rows) in rows.chunks(JUDGED_AT_ONCE).enumerate() {
            let part = part.part(&format!("rows-{number}"));
            let known = part.recall().and_then(|piece| {
                let mut piece = Unpack::new(&piece);
                rows.iter().map(|_| piece.doubles()).collect::<Option<Vec<_>>>()
            });
            let judged = match known {
                Some(known) => known,
                None => {
                    let judged = rows.par_iter().map(judge).collect::<Result<Vec<_>, Halt>>()?;
                    let pack =
                        || judged.iter().fold(Pack::default(), |pack, row| pack.doubles(row));
                    part.keep(|| pack().finish())?;
                    judged
                }
            };
            ratios.extend(judged);
        }
        Ok(Self { ratios })
    }

    /// Gains in log p(θ | x) at the truths under strength α. The truth counts among the proposals
    /// that estimate the constant, which makes each gain a lower bound in expectation: a
    /// correction is not kept by luck.
    pub fn gains(&self, alpha: f64) -> Vec<f64> {
        let gain = |ratios: &Vec<f64>| {
            // At worst the correction gives the truth next to no weight.
            let scaled: Vec<f64> = ratios.iter().map(|r| alpha * r.max(-1e3)).collect();
            scaled[0] - (log_sum(&scaled) - (scaled.len() as f64).ln())
        };
        self.ratios.iter().map(gain).collect()
    }
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

    #[test]
    fn gains_are_zero_without_strength_and_bounded_by_the_number_of_proposals() {
        let ratios = HeldOutRatios { ratios: vec![vec![5.0, 0.0, 0.0, 0.0]] };
        assert_eq!(ratios.gains(0.0), [0.0]);
        // log of e⁵ over the mean of e⁵, 1, 1, 1.
        let expected = 5.0 - ((5_f64.exp() + 3.0) / 4.0).ln();
        assert!((ratios.gains(1.0)[0] - expected).abs() < 1e-12);
    }
}
