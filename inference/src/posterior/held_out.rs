//! What a likelihood brings on held-out simulations.

use super::at::At;
use super::correction::{Corrected, Rows};
use super::proposal::log_sum;
use crate::work::{Halt, Pack, Part, Unpack};
use rayon::prelude::*;

/// Simulations that are judged, and kept, at a time.
const JUDGED_AT_ONCE: usize = 32;
/// The least log-ratio that counts.
const LEAST: f64 = -1e3;

/// log(L·p/q), and log(q/p), at the true parameters of held-out simulations, and at proposals for each.
pub(super) struct HeldOutRatios {
    /// One simulation an entry: the truth's ratio first, then the proposals'; nothing where the flow never
    /// draws the truth: whatever the likelihood says, its pair has no density there.
    pub ratios: Vec<Vec<f64>>,
    /// What the flow has learnt, log(q/p), of the same.
    pub learnt: Vec<Vec<f64>>,
    /// Trials in each, where the likelihood is that of one.
    pub trials: Vec<usize>,
}

/// How much is made of what was learnt.
#[derive(Clone, Copy)]
pub(super) struct Trust {
    /// α.
    pub strength: f64,
    /// s.
    pub power: f64,
    /// Share of a posterior that is what the flow alone says.
    pub left: f64,
}

/// A simulation's number, its point, its context and its target.
type Row<'a> = (usize, (&'a [f32], (&'a [f32], &'a [f32])));

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
        let targets = data.targets(points.len() / dim);
        let rows: Vec<_> =
            points.chunks_exact(dim).zip(contexts.zip(targets)).enumerate().collect();
        let judge = |&(index, (point, (context, target))): &Row| {
            part.go_on()?;
            let at = At::new(context, target);
            let mut truth = vec![0.0; dim];
            model.theta_at(point, &model.cuts(context), &mut truth);
            let seed = seed.wrapping_mul(1_000_003).wrapping_add(index as u64);
            let drawn = corrected.proposal.sketch(context, proposals, seed);
            let of_truth = Rows { theta: &truth, pairs: &[0], log_q: None };
            let log_q = corrected.log_q(of_truth, at);
            if !log_q[0].is_finite() {
                return Ok((Vec::new(), Vec::new()));
            }
            let of_truth = Rows { log_q: Some(&log_q), ..of_truth };
            let of_drawn =
                Rows { theta: &drawn.theta, pairs: &drawn.members, log_q: Some(&drawn.log_own) };
            let mut ratios = corrected.log_ratios(of_truth, at);
            ratios.extend(corrected.log_ratios(of_drawn, at));
            let mut learnt = corrected.log_learnt(of_truth, at);
            learnt.extend(corrected.log_learnt(of_drawn, at));
            Ok((ratios, learnt))
        };
        let count = |target| corrected.likelihood.map_or(0, |likelihood| likelihood.count(target));
        let trials = data.targets(rows.len()).map(count).collect();
        let mut all = Vec::new();
        for (number, rows) in rows.chunks(JUDGED_AT_ONCE).enumerate() {
            let part = part.part(&format!("rows-{number}"));
            let known = part.recall().and_then(|piece| {
                let mut piece = Unpack::new(&piece);
                rows.iter()
                    .map(|_| Some((piece.doubles()?, piece.doubles()?)))
                    .collect::<Option<Vec<_>>>()
            });
            let judged = match known {
                Some(known) => known,
                None => {
                    let judged = rows.par_iter().map(judge).collect::<Result<Vec<_>, Halt>>()?;
                    let add = |pack: Pack, (ratios, learnt): &(Vec<f64>, Vec<f64>)| {
                        pack.doubles(ratios).doubles(learnt)
                    };
                    let pack = || judged.iter().fold(Pack::default(), add);
                    part.keep(|| pack().finish())?;
                    judged
                }
            };
            all.extend(judged);
        }
        let (ratios, learnt) = all.into_iter().unzip();
        Ok(Self { ratios, learnt, trials })
    }

    /// Gains in log p(θ | x) at the truths where what was learnt is trusted so far; the strength that this
    /// means for so many trials is `scaled`'s. The truth counts among the proposals that estimate the
    /// constant, which makes each gain a lower bound in expectation: a correction is not kept by luck.
    pub fn gains(&self, trust: Trust, scaled: impl Fn(f64, usize) -> f64) -> Vec<f64> {
        let Trust { strength, power, left } = trust;
        let gain = |((ratios, learnt), trials): ((&Vec<f64>, &Vec<f64>), &usize)| {
            let alpha = scaled(strength, *trials);
            // At worst the correction gives the truth next to no weight.
            let weight = |(ratio, learnt): (&f64, &f64)| match learnt.is_finite() {
                true => power * alpha * ratio.max(LEAST) - (1.0 - power) * learnt,
                false => power * alpha * LEAST,
            };
            let weights: Vec<f64> = ratios.iter().zip(learnt).map(weight).collect();
            let gain = weights[0] - (log_sum(&weights) - (weights.len() as f64).ln());
            if left > 0.0 { ((1.0 - left) * gain.exp() + left).ln() } else { gain }
        };
        let all = self.ratios.iter().zip(&self.learnt).zip(&self.trials);
        all.filter(|((ratios, _), _)| !ratios.is_empty()).map(gain).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use statrs::distribution::{ContinuousCDF, Normal};

    const PLAIN: Trust = Trust { strength: 1.0, power: 1.0, left: 0.0 };

    fn gains(ratios: &[f64], learnt: &[f64], trust: Trust) -> Vec<f64> {
        let (ratios, learnt) = (vec![ratios.to_vec(), vec![]], vec![learnt.to_vec(), vec![]]);
        HeldOutRatios { ratios, learnt, trials: vec![0; 2] }.gains(trust, |strength, _| strength)
    }

    #[test]
    fn gains_are_zero_without_strength_and_bounded_by_the_number_of_proposals() {
        let of = |trust| gains(&[5.0, 0.0, 0.0, 0.0], &[0.0; 4], trust);
        assert_eq!(of(Trust { strength: 0.0, ..PLAIN }), [0.0]);
        // log of e⁵ over the mean of e⁵, 1, 1, 1.
        let expected = 5.0 - ((5_f64.exp() + 3.0) / 4.0).ln();
        assert!((of(PLAIN)[0] - expected).abs() < 1e-12);
        let left = Trust { left: 0.25, ..PLAIN };
        assert!((of(left)[0] - (0.75 * expected.exp() + 0.25).ln()).abs() < 1e-12);
    }

    /// A normal law that is too narrow by a factor c, whose draws it is judged by: to the power s its spread is
    /// c/√s, and the gain that of one normal density over the other.
    #[test]
    fn a_power_gains_what_a_wider_normal_law_does() {
        let (narrow, power) = (0.5_f64, 0.5_f64);
        let n = 4000;
        let normal = |k: usize| Normal::standard().inverse_cdf((k as f64 + 0.5) / n as f64);
        let draws = std::iter::once(1.3).chain((0..n).map(|k| narrow * normal(k)));
        let density = |x: f64, sd: f64| -0.5 * (x / sd).powi(2) - sd.ln();
        let learnt: Vec<f64> = draws.map(|x| density(x, narrow)).collect();
        let found = gains(&vec![0.0; n + 1], &learnt, Trust { power, ..PLAIN })[0];
        let expected = density(1.3, narrow / power.sqrt()) - density(1.3, narrow);
        assert!((found - expected).abs() < 0.02, "{found} {expected}");
    }
}
