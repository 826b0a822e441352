//! The law of θ of several rounds' simulations together.

use super::Region;
use crate::posterior::PosteriorError;
use ndarray::{ArrayView2, Axis};

/// The prior times a step function: in the part that is looked at, each round has put as many
/// simulations as it made over what its region holds of the prior, in its region and nowhere else.
#[derive(Clone, Debug, Default)]
pub struct RoundsLaw {
    /// Where the simulations were taken from.
    pub(super) within: Region,
    /// Each round's region, and its simulations over the region's share of the prior.
    pub(super) rounds: Vec<(Region, f64)>,
}

impl RoundsLaw {
    /// Whether it is the prior.
    #[must_use]
    pub fn is_prior(&self) -> bool {
        self.within.is_everything() && self.rounds.iter().all(|(region, _)| region.is_everything())
    }

    /// log of the step function at each row of `theta` `[n, D]`, up to a constant; −∞ outside.
    ///
    /// # Errors
    /// [`PosteriorError`] where the observation does not fit.
    pub fn log_steps(&self, theta: &ArrayView2<f64>) -> Result<Vec<f64>, PosteriorError> {
        let inside = self.within.contains(theta)?;
        let rows: Vec<usize> = (0..inside.len()).filter(|row| inside[*row]).collect();
        let table = theta.select(Axis(0), &rows);
        let mut steps = vec![0.0; rows.len()];
        let mut known = Vec::new();
        for (region, step) in &self.rounds {
            let inside = region.contains_beyond(&self.within, &table.view(), &mut known)?;
            let rows = steps.iter_mut().zip(inside).filter(|(_, inside)| *inside);
            rows.for_each(|(sum, _)| *sum += step);
        }
        let mut out = vec![f64::NEG_INFINITY; inside.len()];
        rows.iter().zip(steps).for_each(|(row, step)| out[*row] = step.ln());
        Ok(out)
    }

    /// A text that is equal for equal laws only.
    #[must_use]
    pub fn identity(&self) -> String {
        let round =
            |(region, step): &(Region, f64)| format!("{} {}", region.identity(), step.to_bits());
        let rounds: Vec<String> = self.rounds.iter().map(round).collect();
        format!("{} of {}", self.within.identity(), rounds.join(", "))
    }
}
