//! What a user came for: draws from, and the density of, p(θ | x).

mod admission;
mod at;
mod correction;
mod densities;
mod diagnostics;
mod drawn;
mod draws;
mod edges;
mod effective;
mod elsewhere;
mod error;
mod follow;
mod held_out;
mod judges;
mod mixture;
mod moves;
mod observed;
mod pool;
mod proposal;
mod reach;
mod residual;
mod spread;
mod standing;
mod strength;
mod weigh;

pub use admission::check_observation;
pub use diagnostics::{
    RANKED_DRAWS, RANKED_WORTH, Ranked, Ranks, rank_simulation, rank_simulations, rank_with_draws,
};
pub use draws::{Asking, DrawProgress, Draws, LogProb};
pub use edges::EdgeMass;
pub use effective::{effective_number, pareto_k};
pub use error::PosteriorError;
pub(crate) use reach::reach;
pub(crate) use residual::residuals;
pub(crate) use strength::correction_strength;

use crate::engine::{EngineKind, guarded};
use crate::model::{Model, ModelError};
use crate::transform::Distance;
use admission::admit;
use correction::Corrected;
use draws::LEAST_EFFECTIVE;
use elsewhere::elsewhere;
use ndarray::ArrayView2;
use observed::Observed;
use proposal::Proposal;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// Draws that estimate the share of the flow's mass inside the prior's support.
const LEAKAGE_DRAWS: usize = 10_000;

/// An amortised posterior: one trained model, any observation.
pub struct Posterior {
    model: Model,
    kind: EngineKind,
}

impl Posterior {
    /// A posterior that a given engine evaluates.
    #[must_use]
    pub fn new(model: Model, kind: EngineKind) -> Self {
        Self { model, kind }
    }

    /// The posterior of the model in `folder`.
    ///
    /// # Errors
    /// [`ModelError`] where a file is missing, damaged, foreign, or of another version.
    pub fn load(folder: &Path, kind: EngineKind) -> Result<Self, ModelError> {
        Ok(Self::new(Model::load(folder)?, kind))
    }

    /// Writes the model into `folder`, made where it is missing.
    ///
    /// # Errors
    /// [`ModelError::Io`] with the path.
    pub fn save(&self, folder: &Path) -> Result<(), ModelError> {
        self.model.save(folder)
    }

    /// The trained model.
    #[must_use]
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Where `x` lies among the simulations; `None` where the model is older than that question.
    ///
    /// # Errors
    /// [`PosteriorError`] where x has the wrong length or is not finite.
    pub fn distance(&self, x: &[f64]) -> Result<Option<Distance>, PosteriorError> {
        admit(&self.model, x)?;
        Ok(self
            .model
            .span
            .as_ref()
            .map(|span| span.distance(x, self.model.view.is_plain().then_some(&self.model.data))))
    }

    /// `n` draws from p(θ | x), all inside the prior's support: draws outside it are replaced. Where
    /// the model has a likelihood they are resampled from several times as many, so some occur more
    /// than once: [`Draws::effective`] says how many they are worth. The same seed gives the same
    /// draws, whatever the thread count.
    ///
    /// # Errors
    /// [`PosteriorError`] where x has the wrong length, is not finite or lies far from everything
    /// simulated, nearly all of the flow's mass lies outside the support, or the draws are worth
    /// fewer than ten.
    pub fn sample(&self, x: &[f64], n: usize, seed: u64) -> Result<Draws, PosteriorError> {
        self.sample_as(x, n, seed, &Asking::default())
    }

    /// [`sample`](Self::sample), unless `stop` is set meanwhile: then it ends within a fraction of a
    /// second.
    ///
    /// # Errors
    /// As [`sample_as`](Self::sample_as).
    pub fn sample_until(
        &self,
        stop: &AtomicBool,
        x: &[f64],
        n: usize,
        seed: u64,
    ) -> Result<Draws, PosteriorError> {
        self.sample_as(x, n, seed, &Asking::until(stop))
    }

    /// [`sample`](Self::sample), asked in another way: watched, stoppable, or answered even where the
    /// answer is worth next to nothing.
    ///
    /// # Errors
    /// As [`sample`](Self::sample); [`PosteriorError::Interrupted`].
    pub fn sample_as(
        &self,
        x: &[f64],
        n: usize,
        seed: u64,
        asking: &Asking,
    ) -> Result<Draws, PosteriorError> {
        let (observed, distance) = self.admitted(x, asking)?;
        let draws = self.drawn(&observed, n, seed, asking)?;
        let edges = EdgeMass::of(&self.model.prior, draws.theta.view());
        let (standing, elsewhere) = (self.stands(&observed, asking)?, elsewhere(&self.model, x));
        Ok(Draws { distance, standing, edges, elsewhere, ..draws })
    }

    /// Draws alone, without a look at the observation.
    fn drawn(
        &self,
        observed: &Observed,
        n: usize,
        seed: u64,
        asking: &Asking,
    ) -> Result<Draws, PosteriorError> {
        let draws = guarded(self.kind, || match self.corrected(*asking) {
            None => self.proposal(*asking).draw(&observed.context, n, seed),
            Some(corrected) => corrected.draw(observed.at(), n, seed),
        })??;
        let (effective, proposals) = (draws.effective, draws.proposals);
        if effective < LEAST_EFFECTIVE.min(n as f64) && !asking.anyway {
            return Err(PosteriorError::Collapsed { effective, proposals });
        }
        Ok(draws)
    }

    /// log p(θ | x) of each row of `theta` `[n, D]`: the encoders' exact density where each flow's draws
    /// lie, −∞ where none do and outside the prior's support, corrected as the draws are, and divided by
    /// its mass inside the support (estimated from 10,000 draws with `seed`), so that it is the density
    /// that [`sample`](Self::sample) draws from.
    ///
    /// # Errors
    /// [`PosteriorError`] where x or theta do not fit the model, and as [`sample`](Self::sample).
    pub fn log_prob(
        &self,
        theta: &ArrayView2<f64>,
        x: &[f64],
        seed: u64,
    ) -> Result<Vec<f64>, PosteriorError> {
        Ok(self.log_prob_as(theta, x, seed, &Asking::default())?.values)
    }

    /// [`log_prob`](Self::log_prob) with what it rests on, asked in another way.
    ///
    /// # Errors
    /// As [`log_prob`](Self::log_prob); [`PosteriorError::Interrupted`].
    pub fn log_prob_as(
        &self,
        theta: &ArrayView2<f64>,
        x: &[f64],
        seed: u64,
        asking: &Asking,
    ) -> Result<LogProb, PosteriorError> {
        let (observed, distance) = self.admitted(x, asking)?;
        let mut values = self.density(theta, &observed, asking)?;
        let n = LEAKAGE_DRAWS;
        let constant = guarded(self.kind, || match self.corrected(*asking) {
            None => {
                let inside = self.proposal(*asking).acceptance(&observed.context, n, seed);
                inside.map(|inside| (inside.ln(), n as f64, inside))
            }
            Some(corrected) => corrected.log_evidence(observed.at(), seed),
        })?;
        let (log_mass, effective, acceptance) = constant?;
        // Without any weight there is no constant to divide by.
        if effective < LEAST_EFFECTIVE && !(asking.anyway && effective > 0.0) {
            return Err(PosteriorError::Collapsed { effective, proposals: n });
        }
        values.iter_mut().for_each(|log_prob| *log_prob -= log_mass);
        let standing = self.stands(&observed, asking)?;
        let elsewhere = elsewhere(&self.model, x);
        Ok(LogProb { values, acceptance, effective, distance, standing, elsewhere })
    }

    fn proposal<'a>(&'a self, asking: Asking<'a>) -> Proposal<'a> {
        let (model, flows) = (&self.model, &self.model.posterior[..]);
        Proposal { model, flows, kind: self.kind, asking, folds: false }
    }

    /// What corrects the flows, if anything does.
    fn corrected<'a>(&'a self, asking: Asking<'a>) -> Option<Corrected<'a>> {
        let likelihood = self.model.likelihood.as_ref();
        if likelihood.is_none() && !self.model.law.is_shifted() {
            return None;
        }
        let proposal = self.proposal(asking);
        Some(Corrected { proposal, likelihood, member: None, as_simulated: false })
    }
}
