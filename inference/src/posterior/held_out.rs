//! What a likelihood brings on held-out simulations.

use super::at::At;
use super::correction::{Corrected, Rows};
use super::proposal::log_sum;
use crate::work::{Halt, Pack, Part, Unpack};
use rayon::prelude::*;

/// Simulations that are judged, and kept, at a time.
const JUDGED_AT_ONCE: usize = 32;

/// log(L·p/q) at the true parameters of held-out simulations, and at proposals for each.
pub(super) struct HeldOutRatios {
    /// One simulation an entry: the truth's ratio first, then the proposals'; nothing where the flow never
    /// draws the truth: whatever the likelihood says, its pair has no density there.
    pub ratios: Vec<Vec<f64>>,
    /// Trials in each, where the likelihood is that of one.
    pub trials: Vec<usize>,
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
                return Ok(Vec::new());
            }
            let of_truth = Rows { log_q: Some(&log_q), ..of_truth };
            let of_drawn =
                Rows { theta: &drawn.theta, pairs: &drawn.members, log_q: Some(&drawn.log_own) };
            let mut ratios = corrected.log_ratios(of_truth, at);
            ratios.extend(corrected.log_ratios(of_drawn, at));
            Ok(ratios)
        };
        let count = |target| corrected.likelihood.map_or(0, |likelihood| likelihood.count(target));
        let trials = data.targets(rows.len()).map(count).collect();
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
        Ok(Self { ratios, trials })
    }

    /// Gains in log p(θ | x) at the truths under strength `alpha`, which may depend on the number of trials, of
    /// a posterior of which the share `left` is what the flow alone says. The truth counts among the proposals that estimate the constant, which
    /// makes each gain a lower bound in expectation: a correction is not kept by luck.
    pub fn gains(&self, alpha: impl Fn(usize) -> f64, left: f64) -> Vec<f64> {
        let gain = |(ratios, trials): (&Vec<f64>, &usize)| {
            let alpha = alpha(*trials);
            // At worst the correction gives the truth next to no weight.
            let scaled: Vec<f64> = ratios.iter().map(|r| alpha * r.max(-1e3)).collect();
            let gain = scaled[0] - (log_sum(&scaled) - (scaled.len() as f64).ln());
            if left > 0.0 { ((1.0 - left) * gain.exp() + left).ln() } else { gain }
        };
        let all = self.ratios.iter().zip(&self.trials);
        all.filter(|(ratios, _)| !ratios.is_empty()).map(gain).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gains_are_zero_without_strength_and_bounded_by_the_number_of_proposals() {
        let ratios =
            HeldOutRatios { ratios: vec![vec![5.0, 0.0, 0.0, 0.0], vec![]], trials: vec![0; 2] };
        assert_eq!(ratios.gains(|_| 0.0, 0.0), [0.0]);
        // log of e⁵ over the mean of e⁵, 1, 1, 1.
        let expected = 5.0 - ((5_f64.exp() + 3.0) / 4.0).ln();
        assert!((ratios.gains(|_| 1.0, 0.0)[0] - expected).abs() < 1e-12);
        assert!(
            (ratios.gains(|_| 1.0, 0.25)[0] - (0.75 * expected.exp() + 0.25).ln()).abs() < 1e-12
        );
    }
}
