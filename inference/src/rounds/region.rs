//! The part of the prior's support that a round simulates in.

use crate::posterior::{Asking, Posterior, PosteriorError};
use ndarray::{ArrayView2, Axis};
use std::fmt;
use std::sync::Arc;

/// Where the log-densities of posteriors at one observation reach their thresholds, all of them: regions
/// are nested.
#[derive(Clone, Default)]
pub struct Region {
    bounds: Vec<Arc<Bound>>,
}

/// Where one of them does.
pub(super) struct Bound {
    posterior: Arc<Posterior>,
    x: Vec<f64>,
    threshold: f64,
}

impl Bound {
    fn holds(&self, theta: &ArrayView2<f64>, asking: &Asking) -> Result<Vec<bool>, PosteriorError> {
        let densities = self.posterior.region_log_prob(theta, &self.x, asking)?;
        Ok(densities.into_iter().map(|density| density >= self.threshold).collect())
    }
}

/// Bounds that rows of a table were compared with before.
pub(super) type Known = Vec<(Arc<Bound>, Vec<bool>)>;

impl Region {
    /// All of the prior's support.
    #[must_use]
    pub fn everything() -> Self {
        Self::default()
    }

    /// Whether it is all of the prior's support.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.bounds.is_empty()
    }

    /// The part of this region where `posterior`'s log-density at `x` is at least `threshold`:
    /// [`Posterior::flow_log_prob`], but of the encoders even where they fold, and no draws come to.
    #[must_use]
    pub fn within(&self, posterior: Arc<Posterior>, x: &[f64], threshold: f64) -> Self {
        let mut bounds = self.bounds.clone();
        bounds.push(Arc::new(Bound { posterior, x: x.to_vec(), threshold }));
        Self { bounds }
    }

    /// Whether it is a part of `outer` by construction.
    pub(super) fn is_part_of(&self, outer: &Self) -> bool {
        let is_own = |bound: &Arc<Bound>| self.bounds.iter().any(|own| Arc::ptr_eq(own, bound));
        outer.bounds.iter().all(is_own)
    }

    /// The region that this one is the last part of: all of the support, of all of it.
    #[must_use]
    pub fn outer(&self) -> Self {
        let mut bounds = self.bounds.clone();
        bounds.pop();
        Self { bounds }
    }

    /// Whether each row of `theta` `[n, D]` lies in it.
    ///
    /// # Errors
    /// [`PosteriorError`] where the observation does not fit.
    pub fn contains(&self, theta: &ArrayView2<f64>) -> Result<Vec<bool>, PosteriorError> {
        self.contains_until(theta, &Asking::default())
    }

    /// The same, stoppable.
    pub(super) fn contains_until(
        &self,
        theta: &ArrayView2<f64>,
        asking: &Asking,
    ) -> Result<Vec<bool>, PosteriorError> {
        let mut inside = vec![true; theta.nrows()];
        // The last leaves fewest rows for the others.
        for bound in self.bounds.iter().rev() {
            let left: Vec<usize> = (0..inside.len()).filter(|row| inside[*row]).collect();
            let rows = theta.select(Axis(0), &left);
            let holds = bound.holds(&rows.view(), asking)?;
            left.into_iter().zip(holds).for_each(|(row, holds)| inside[row] = holds);
        }
        Ok(inside)
    }

    /// [`contains`](Self::contains) of rows that lie in `outer`; each bound is compared with once.
    pub(super) fn contains_beyond(
        &self,
        outer: &Self,
        theta: &ArrayView2<f64>,
        known: &mut Known,
    ) -> Result<Vec<bool>, PosteriorError> {
        let is_of_outer = |bound: &Arc<Bound>| outer.bounds.iter().any(|o| Arc::ptr_eq(o, bound));
        let mut inside = vec![true; theta.nrows()];
        for bound in self.bounds.iter().filter(|bound| !is_of_outer(bound)) {
            if !known.iter().any(|(k, _)| Arc::ptr_eq(k, bound)) {
                known.push((bound.clone(), bound.holds(theta, &Asking::default())?));
            }
            let holds = known.iter().find(|(k, _)| Arc::ptr_eq(k, bound)).map(|(_, holds)| holds);
            let rows = inside.iter_mut().zip(holds.into_iter().flatten());
            rows.for_each(|(inside, holds)| *inside &= holds);
        }
        Ok(inside)
    }

    /// A text that is equal for equal regions only.
    #[must_use]
    pub fn identity(&self) -> String {
        let bound = |b: &Arc<Bound>| {
            let training = &b.posterior.model().training;
            format!("{:?} {:?} {:?}", training.run, training.members, b.threshold.to_bits())
        };
        let text: Vec<String> = self.bounds.iter().map(bound).collect();
        blake3::hash(text.join("; ").as_bytes()).to_hex()[..32].to_owned()
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let thresholds: Vec<f64> = self.bounds.iter().map(|bound| bound.threshold).collect();
        f.debug_struct("Region").field("thresholds", &thresholds).finish_non_exhaustive()
    }
}
