//! An observation as the networks see it, and whether it may be asked about.

use super::admission::admit;
use super::correction::At;
use super::{Asking, Posterior, PosteriorError};
use crate::model::Model;
use crate::transform::Distance;
use crate::view::GapsStanding;

/// Larger scores have squares beyond single precision.
const FARTHEST: f32 = 1e18;

/// An observation as the posterior's and the likelihood's networks see it.
pub(super) struct Observed {
    pub context: Vec<f32>,
    target: Vec<f32>,
    /// Where there may be any.
    pub gaps: Option<GapsStanding>,
}

impl Observed {
    pub fn at(&self) -> At<'_> {
        At { context: &self.context, target: &self.target }
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
        let shown = view.of(x);
        let mut context = vec![0.0; data.kept().len()];
        data.apply(&shown, &mut context);
        let likelihood = likelihood.as_ref();
        let target = likelihood.map_or_else(Vec::new, |l| l.target(&shown, &context));
        let far = |score: &f32| score.is_nan() || score.abs() > FARTHEST;
        let of_context = || Some(data.kept()[context.iter().position(far)?]);
        let of_target = || {
            let likelihood = likelihood.filter(|l| l.summary.is_none())?;
            Some(likelihood.data.kept()[target.iter().position(far)?])
        };
        if let Some(index) = of_context().or_else(of_target) {
            // Of statistics, the number that is most likely to blame.
            let there = (0..x.len()).filter(|at| !x[*at].is_nan());
            let farthest = there.max_by(|a, b| x[*a].abs().total_cmp(&x[*b].abs()));
            let index = if view.is_plain() { index } else { farthest.unwrap_or(0) };
            return Err(PosteriorError::ObservationTooFar { index, value: x[index] });
        }
        let gaps = view.gaps().map(|gaps| gaps.standing(x));
        Ok(Observed { context, target, gaps })
    }
}
