//! An observation beside the simulations, as the networks see both.

use super::residual::Predicting;
use super::{Asking, Observed, Posterior, PosteriorError};
use crate::model::Model;
use crate::typical::{Standing, learnt_summary};

impl Posterior {
    /// Where `x` lies among the simulations, its columns taken together; `None` where the model is
    /// older than that question, or has nothing to compare with.
    ///
    /// # Errors
    /// [`PosteriorError`] where x does not fit the model.
    pub fn standing(&self, x: &[f64]) -> Result<Option<Standing>, PosteriorError> {
        Ok(self.standing_of(&self.observed(x)?))
    }

    /// D numbers that say what `x` says of θ, learnt with the flows: estimates in the flows' space;
    /// `None` where none were learnt.
    ///
    /// # Errors
    /// [`PosteriorError`] where x does not fit the model.
    pub fn summary(&self, x: &[f64]) -> Result<Option<Vec<f64>>, PosteriorError> {
        let context = self.observed(x)?.context;
        let summary = learnt_summary(&self.model.posterior, &context);
        Ok(summary.map(|summary| summary.into_iter().map(f64::from).collect()))
    }

    pub(super) fn standing_of(&self, observed: &Observed) -> Option<Standing> {
        let Model { posterior, data, prior, typical, .. } = &self.model;
        let typical = typical.as_ref()?;
        let seen = (&observed.context[..], data.kept());
        let residual = match &self.model.likelihood {
            Some(likelihood) if !typical.residuals.is_empty() => {
                let (proposal, flows) = (self.proposal(Asking::default()), &likelihood.flows[..]);
                Predicting { proposal, likelihood, flows }.residual(observed.at())
            }
            _ => None,
        };
        typical.standing(posterior, seen, (prior.names(), residual))
    }
}
