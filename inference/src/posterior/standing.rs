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

    /// Where an observation stands; an error where that is so far out that nothing is known.
    pub(super) fn stands(
        &self,
        observed: &Observed,
        asking: &Asking,
    ) -> Result<Option<Standing>, PosteriorError> {
        match self.standing_of(observed) {
            Some(standing) if standing.is_far() && !asking.anyway => {
                Err(PosteriorError::Unlike { standing: Box::new(standing) })
            }
            standing => Ok(standing),
        }
    }

    pub(super) fn standing_of(&self, observed: &Observed) -> Option<Standing> {
        let Model { posterior, view, data, prior, typical, .. } = &self.model;
        let typical = typical.as_ref()?;
        // Statistics are no columns of the observation.
        let word = if view.is_plain() { "column" } else { "statistic" };
        let column = |at: usize| format!("{word} {}", data.kept()[at] + 1);
        let seen = (&observed.context[..], &column as &dyn Fn(usize) -> String);
        let residual = match &self.model.likelihood {
            Some(likelihood) if !typical.residuals.is_empty() => {
                let proposal = self.proposal(Asking::default());
                Predicting { proposal, likelihood, member: None }.residual(observed.at())
            }
            _ => None,
        };
        let standing = typical.standing(posterior, seen, (prior.names(), residual));
        match &observed.gaps {
            None => standing,
            gaps => Some(Standing { gaps: gaps.clone(), ..standing.unwrap_or_default() }),
        }
    }
}
