//! An observation as the networks see it, and whether it may be asked about.

use super::admission::admit;
use super::at::At;
use super::{Asking, Posterior, PosteriorError};
use crate::model::Model;
use crate::transform::Distance;
use crate::trials::evenly;
use crate::view::{GapsStanding, is_present};
use std::borrow::Cow;
use std::cmp::Ordering;

/// Larger scores have squares beyond single precision.
const FARTHEST: f32 = 1e18;

/// An observation as the posterior's and the likelihood's networks see it.
pub(super) struct Observed {
    pub context: Vec<f32>,
    target: Vec<f32>,
    /// As in [`At`].
    few: bool,
    /// Where there may be any.
    pub gaps: Option<GapsStanding>,
}

impl Observed {
    pub fn at(&self) -> At<'_> {
        At { context: &self.context, target: &self.target, few: self.few }
    }
}

impl Posterior {
    /// An observation that may be asked about, and where it lies.
    pub(super) fn admitted(
        &self,
        x: &[f64],
        asking: &Asking,
    ) -> Result<(Observed, Option<Distance>), PosteriorError> {
        // First, because where networks have no numbers there is no answer of any worth.
        let observed = self.observed(x)?;
        match self.distance(x)? {
            Some(distance) if distance.is_far() && !asking.anyway => {
                Err(PosteriorError::FarAway { distance: Box::new(distance) })
            }
            distance => Ok((observed, distance)),
        }
    }

    /// An observation as the networks see it.
    pub(super) fn observed(&self, x: &[f64]) -> Result<Observed, PosteriorError> {
        admit(&self.model, x)?;
        let Model { view, data, likelihood, .. } = &self.model;
        let likelihood = likelihood.as_ref();
        let (seen, few) = self.shown_of(x);
        let shown = view.of(&seen);
        let mut context = vec![0.0; data.kept().len()];
        data.apply(&shown, &mut context);
        let target = likelihood.map_or_else(Vec::new, |l| l.target(x, &shown, &context));
        let far = |score: &f32| score.is_nan() || score.abs() > FARTHEST;
        let of_context = || Some(data.kept()[context.iter().position(far)?]);
        let of_target = || {
            let likelihood = likelihood.filter(|l| l.summary.is_none())?;
            let place = target.iter().position(far)?;
            // Of trials, any: they are statistics to the other networks.
            Some(likelihood.data.kept().get(place).copied().unwrap_or(0))
        };
        if let Some(index) = of_context().or_else(of_target) {
            // Of statistics, the number that is most likely to blame.
            let there = (0..x.len()).filter(|at| !x[*at].is_nan());
            let farthest = there.max_by(|a, b| x[*a].abs().total_cmp(&x[*b].abs()));
            let index = if view.is_plain() { index } else { farthest.unwrap_or(0) };
            return Err(PosteriorError::ObservationTooFar { index, value: x[index] });
        }
        let multiplied = likelihood.is_some_and(|l| l.trials.is_some());
        let gaps = view.standing_of_gaps(x).map(|gaps| GapsStanding { multiplied, ..gaps });
        Ok(Observed { context, target, few, gaps })
    }

    /// What the posterior's flows see of x: where the likelihood of each trial is known and x is a set of more
    /// trials than any simulation has, as many of them as these have, spread over all values. And whether it
    /// has fewer.
    fn shown_of<'x>(&self, x: &'x [f64]) -> (Cow<'x, [f64]>, bool) {
        let model = &self.model;
        let known = model.likelihood.as_ref().is_some_and(|l| l.trials.is_some());
        let (Some(gaps), Some(width), true) = (model.view.gaps(), model.view.trial(), known) else {
            return (Cow::Borrowed(x), false);
        };
        let (least, most) = gaps.present();
        let there = |trial: &&[f64]| trial.iter().any(is_present);
        let mut trials: Vec<&[f64]> = x.chunks_exact(width).filter(there).collect();
        if trials.len() <= most {
            return (Cow::Borrowed(x), trials.len() < least);
        }
        // By the last number first: a choice stands behind its time.
        trials.sort_unstable_by(|a, b| {
            let pairs = a.iter().zip(*b).rev();
            pairs.fold(Ordering::Equal, |order, (a, b)| order.then_with(|| a.total_cmp(b)))
        });
        let chosen = evenly(trials.len(), most).flat_map(|at| trials[at]);
        (Cow::Owned(chosen.copied().collect()), false)
    }
}
