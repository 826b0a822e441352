//! What a round's posterior says at the observation.

use super::{BEYOND, Region};
use crate::posterior::{Asking, Draws, Posterior, PosteriorError};
use freeform_simulators::Prior;
use ndarray::{Array2, ArrayView2, s};

/// Draws that a region's bound and the movement of the posterior are judged by.
const DRAWS: usize = 4_000;
/// Draws at which densities of two rounds are compared.
const COMPARED: usize = 1_000;

/// A round's posterior at the observation.
#[derive(Clone, Debug)]
pub struct Outlook {
    /// Draws `[n, D]`.
    pub draws: Draws,
    /// The bound of the region that holds nearly all of its mass: a log-density ([`Region::within`]).
    pub threshold: f64,
    /// How far that lies below the draws' median, in nats.
    pub fall: f64,
    /// Share of the draws outside the region that the simulations were made in, where the flows of the round
    /// before say that the parameters may well lie: much, and the region was too narrow. (Where they do not, no
    /// simulation tells of these draws, but a likelihood far from all that it learnt from.)
    pub outside: f64,
}

impl Outlook {
    /// Of `posterior`, whose simulations were made in `region`, which the one `before` bounds, with the fall
    /// that it allowed for.
    ///
    /// # Errors
    /// [`PosteriorError`] where nothing can be drawn at x.
    pub fn of(
        posterior: &Posterior,
        x: &[f64],
        region: &Region,
        before: Option<(&Posterior, f64)>,
        seed: u64,
        asking: &Asking,
    ) -> Result<Self, PosteriorError> {
        let draws = posterior.sample_as(x, DRAWS, seed, &Asking { anyway: true, ..*asking })?;
        let theta = draws.theta.view();
        let inside = region.contains_until(&theta, asking)?;
        let of_inside = |densities: &[f64]| -> Vec<f64> {
            let all = densities.iter().zip(&inside).filter(|(d, inside)| **inside && d.is_finite());
            let mut own: Vec<f64> = all.map(|(density, _)| *density).collect();
            own.sort_by(f64::total_cmp);
            own
        };
        let densities = of_inside(&posterior.region_log_prob(&theta, x, asking)?);
        let (median, low) = match densities.len() {
            0 => (0.0, f64::NEG_INFINITY),
            n => (densities[n / 2], densities[(n as f64 * BEYOND) as usize]),
        };
        let reach = posterior.model().training.local.as_ref().and_then(|local| local.reach);
        let fall = (median - low).max(reach.unwrap_or(0.0));
        let outside = match before {
            None => 0.0,
            Some((before, allowed)) => {
                let densities = before.uncorrected_log_prob(&theta, x, asking)?;
                let own = of_inside(&densities);
                let bound = own.get(own.len() / 2).map_or(f64::NEG_INFINITY, |m| m - allowed);
                let may_well = |(density, inside): &(&f64, &bool)| !**inside && **density >= bound;
                let count = densities.iter().zip(&inside).filter(may_well).count();
                count as f64 / inside.len() as f64
            }
        };
        Ok(Self { threshold: median - fall, draws, fall, outside })
    }

    /// How far the posterior moved from draws `before`, as many: the largest mean distance of the
    /// parameters' quantiles (Wasserstein's), in standard deviations; of a category the probability that went from
    /// one to another. A median between two modes does not
    /// count for more than the mass that crosses it. `None` where the draws are one point, and so have no
    /// standard deviation.
    #[must_use]
    pub fn moved(&self, prior: &Prior, before: &ArrayView2<f64>) -> Option<f64> {
        let mut most: f64 = 0.0;
        let new = prior.probabilities(self.draws.theta.view());
        for (old, new) in prior.probabilities(*before).iter().zip(new) {
            let pairs = old.probabilities.iter().zip(&new.probabilities);
            most = most.max(0.5 * pairs.map(|(old, new)| (old - new).abs()).sum::<f64>());
        }
        for column in (0..before.ncols()).filter(|column| prior.category(*column).is_none()) {
            let sorted = |table: &ArrayView2<f64>| {
                let mut values = table.column(column).to_vec();
                values.sort_by(f64::total_cmp);
                values
            };
            let (old, new) = (sorted(before), sorted(&self.draws.theta.view()));
            if new.first() == new.last() {
                return None;
            }
            let spread = self.draws.theta.column(column).std(0.0);
            let apart: f64 = old.iter().zip(&new).map(|(old, new)| (old - new).abs()).sum();
            most = most.max(apart / new.len() as f64 / spread);
        }
        Some(most).filter(|most| most.is_finite())
    }

    /// Kullback and Leibler's divergence of `posterior` from the one `before`, in nats: the mean of
    /// log p(θ | x) / p_before(θ | x) over some of the draws. It sees what single parameters do not: how they hang
    /// together. `None` where either has no density.
    ///
    /// # Errors
    /// [`PosteriorError::Interrupted`].
    pub fn divergence(
        &self,
        posterior: &Posterior,
        before: &Posterior,
        x: &[f64],
        seed: u64,
        asking: &Asking,
    ) -> Result<Option<f64>, PosteriorError> {
        let theta = &self.draws.theta;
        let theta = theta.slice(s![..theta.nrows().min(COMPARED), ..]);
        let density = |of: &Posterior| match of.log_prob_as(&theta, x, seed, asking) {
            Ok(found) => Ok(Some(found.values)),
            Err(PosteriorError::Interrupted) => Err(PosteriorError::Interrupted),
            Err(_) => Ok(None),
        };
        let (Some(new), Some(old)) = (density(posterior)?, density(before)?) else {
            return Ok(None);
        };
        let sum: f64 = new.iter().zip(&old).map(|(new, old)| new - old).sum();
        Ok(Some(sum / theta.nrows() as f64).filter(|mean| mean.is_finite()))
    }

    /// The draws.
    #[must_use]
    pub fn theta(&self) -> &Array2<f64> {
        &self.draws.theta
    }
}
