//! log-densities up to a constant that depends on x alone, corrected or by the flows alone.

use super::correction::Corrected;
use super::observed::Observed;
use super::proposal::Proposal;
use super::{Asking, Posterior, PosteriorError};
use crate::engine::guarded;
use ndarray::ArrayView2;
use std::sync::atomic::AtomicBool;

impl Posterior {
    /// [`log_prob`](Self::log_prob) up to a constant that depends on x alone: not divided by the mass
    /// inside the prior's support, hence much cheaper. Enough to compare rows with each other.
    ///
    /// # Errors
    /// [`PosteriorError`] where x or theta do not fit the model.
    pub fn flow_log_prob(
        &self,
        theta: &ArrayView2<f64>,
        x: &[f64],
    ) -> Result<Vec<f64>, PosteriorError> {
        self.density(theta, &self.observed(x)?, &Asking::default())
    }

    /// What bounds a region: [`flow_log_prob`](Self::flow_log_prob), but of the encoders even where they fold, and
    /// no flow's draws ever come to. A region that left out those places would have no simulations there from
    /// which later flows could learn better.
    pub(crate) fn region_log_prob(
        &self,
        theta: &ArrayView2<f64>,
        x: &[f64],
        asking: &Asking,
    ) -> Result<Vec<f64>, PosteriorError> {
        let proposal = Proposal { folds: true, ..self.proposal(*asking) };
        self.density_by(proposal, theta, &self.observed(x)?)
    }

    /// log-density by the posterior's flows alone, without what corrects them.
    pub(crate) fn uncorrected_log_prob(
        &self,
        theta: &ArrayView2<f64>,
        x: &[f64],
        asking: &Asking,
    ) -> Result<Vec<f64>, PosteriorError> {
        let observed = self.observed(x)?;
        self.evaluated(theta, asking, |rows| {
            self.proposal(*asking).log_prob(rows, &observed.context)
        })
    }

    /// [`log_prob`](Self::log_prob) with a seed, [`flow_log_prob`](Self::flow_log_prob) without,
    /// unless `stop` is set meanwhile: then it ends within a fraction of a second.
    ///
    /// # Errors
    /// As theirs, and [`PosteriorError::Interrupted`].
    pub fn log_prob_until(
        &self,
        stop: &AtomicBool,
        theta: &ArrayView2<f64>,
        x: &[f64],
        seed: Option<u64>,
    ) -> Result<Vec<f64>, PosteriorError> {
        let asking = Asking::until(stop);
        match seed {
            Some(seed) => Ok(self.log_prob_as(theta, x, seed, &asking)?.values),
            None => self.density(theta, &self.observed(x)?, &asking),
        }
    }

    /// log-densities up to a constant that depends on x alone.
    pub(super) fn density(
        &self,
        theta: &ArrayView2<f64>,
        observed: &Observed,
        asking: &Asking,
    ) -> Result<Vec<f64>, PosteriorError> {
        self.density_by(self.proposal(*asking), theta, observed)
    }

    /// The same, of the flows as `proposal` takes them.
    fn density_by(
        &self,
        proposal: Proposal,
        theta: &ArrayView2<f64>,
        observed: &Observed,
    ) -> Result<Vec<f64>, PosteriorError> {
        let asking = proposal.asking;
        self.evaluated(theta, &asking, |rows| match self.corrected(asking) {
            None => proposal.log_prob(rows, &observed.context),
            Some(corrected) => Corrected { proposal, ..corrected }.log_density(rows, observed.at()),
        })
    }

    /// What `log_density` says of rows of theta.
    fn evaluated(
        &self,
        theta: &ArrayView2<f64>,
        asking: &Asking,
        log_density: impl FnOnce(&[f64]) -> Vec<f64>,
    ) -> Result<Vec<f64>, PosteriorError> {
        let dim = self.model.theta_dim();
        if theta.ncols() != dim {
            return Err(PosteriorError::ThetaColumns { columns: theta.ncols(), dim });
        }
        let rows: Vec<f64> = theta.iter().copied().collect();
        let values = guarded(self.kind, || log_density(&rows))?;
        asking.check()?;
        Ok(values)
    }
}
