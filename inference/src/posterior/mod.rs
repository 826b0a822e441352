//! What a user came for: draws from, and the density of, p(θ | x).

mod correction;
mod diagnostics;
mod error;
mod proposal;
mod strength;

pub use diagnostics::{RANKED_DRAWS, Ranked, Ranks, rank_simulation, rank_simulations};
pub use error::PosteriorError;
pub use proposal::Draws;
pub(crate) use strength::correction_strength;

use crate::engine::{EngineKind, guarded};
use crate::model::{Model, ModelError};
use correction::{At, Corrected};
use proposal::Proposal;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// Larger scores have squares beyond single precision.
const FARTHEST: f32 = 1e18;
/// Draws that estimate the share of the flow's mass inside the prior's support.
const LEAKAGE_DRAWS: usize = 10_000;
/// The flag of those who do not interrupt.
static NEVER: AtomicBool = AtomicBool::new(false);

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

    /// `n` draws from p(θ | x), all inside the prior's support: draws outside it are replaced. Where
    /// the model has a likelihood they are resampled from several times as many, so some occur more
    /// than once. The same seed gives the same draws, whatever the thread count.
    ///
    /// # Errors
    /// [`PosteriorError`] where x has the wrong length or is not finite, or nearly all of the
    /// flow's mass lies outside the support.
    pub fn sample(&self, x: &[f64], n: usize, seed: u64) -> Result<Draws, PosteriorError> {
        self.sample_until(&NEVER, x, n, seed)
    }

    /// The same, unless `stop` is set meanwhile: then it ends within a fraction of a second.
    ///
    /// # Errors
    /// As [`sample`](Self::sample), and [`PosteriorError::Interrupted`].
    pub fn sample_until(
        &self,
        stop: &AtomicBool,
        x: &[f64],
        n: usize,
        seed: u64,
    ) -> Result<Draws, PosteriorError> {
        let observed = self.observed(x)?;
        guarded(self.kind, || match self.corrected(stop) {
            None => self.proposal(stop).draw(&observed.context, n, seed),
            Some(corrected) => corrected.draw(observed.at(), n, seed),
        })?
    }

    /// log p(θ | x) of each row of `theta` `[n, D]`: the encoders' exact density, −∞ outside the
    /// prior's support, corrected as the draws are, and divided by its mass inside the support
    /// (estimated from 10,000 draws with `seed`), so that it is the density that
    /// [`sample`](Self::sample) draws from.
    ///
    /// # Errors
    /// [`PosteriorError`] where x or theta do not fit the model.
    pub fn log_prob(
        &self,
        theta: &ndarray::ArrayView2<f64>,
        x: &[f64],
        seed: u64,
    ) -> Result<Vec<f64>, PosteriorError> {
        self.log_prob_until(&NEVER, theta, x, Some(seed))
    }

    /// The same up to a constant that depends on x alone: not divided by the mass inside the prior's
    /// support, hence much cheaper. Enough to compare rows with each other.
    ///
    /// # Errors
    /// [`PosteriorError`] where x or theta do not fit the model.
    pub fn flow_log_prob(
        &self,
        theta: &ndarray::ArrayView2<f64>,
        x: &[f64],
    ) -> Result<Vec<f64>, PosteriorError> {
        self.log_prob_until(&NEVER, theta, x, None)
    }

    /// [`log_prob`](Self::log_prob) with a seed, [`flow_log_prob`](Self::flow_log_prob) without,
    /// unless `stop` is set meanwhile: then it ends within a fraction of a second.
    ///
    /// # Errors
    /// As theirs, and [`PosteriorError::Interrupted`].
    pub fn log_prob_until(
        &self,
        stop: &AtomicBool,
        theta: &ndarray::ArrayView2<f64>,
        x: &[f64],
        seed: Option<u64>,
    ) -> Result<Vec<f64>, PosteriorError> {
        let dim = self.model.theta_dim();
        if theta.ncols() != dim {
            return Err(PosteriorError::ThetaColumns { columns: theta.ncols(), dim });
        }
        let observed = self.observed(x)?;
        let mut out = guarded(self.kind, || match self.corrected(stop) {
            None => self.proposal(stop).log_prob(theta, &observed.context),
            Some(corrected) => corrected.log_density(theta, observed.at()),
        })?;
        self.proposal(stop).stopped()?;
        let Some(seed) = seed else { return Ok(out) };
        let log_mass = guarded(self.kind, || match self.corrected(stop) {
            None => {
                let proposal = self.proposal(stop);
                let inside = proposal.acceptance(&observed.context, LEAKAGE_DRAWS, seed);
                inside.map(f64::ln)
            }
            Some(corrected) => corrected.log_evidence(observed.at(), LEAKAGE_DRAWS, seed),
        })??;
        self.proposal(stop).stopped()?;
        out.iter_mut().for_each(|log_prob| *log_prob -= log_mass);
        Ok(out)
    }

    fn proposal<'a>(&'a self, stop: &'a AtomicBool) -> Proposal<'a> {
        Proposal { model: &self.model, flows: &self.model.posterior, kind: self.kind, stop }
    }

    fn corrected<'a>(&'a self, stop: &'a AtomicBool) -> Option<Corrected<'a>> {
        let likelihood = self.model.likelihood.as_ref()?;
        Some(Corrected { proposal: self.proposal(stop), likelihood, flows: &likelihood.flows })
    }

    /// An observation as the networks see it.
    fn observed(&self, x: &[f64]) -> Result<Observed, PosteriorError> {
        let expected = self.model.data_dim();
        if x.len() != expected {
            return Err(PosteriorError::ObservationLength { length: x.len(), expected });
        }
        if let Some(index) = x.iter().position(|v| !v.is_finite()) {
            return Err(PosteriorError::ObservationNotFinite { index, value: x[index] });
        }
        let mut context = vec![0.0; self.model.data.kept().len()];
        self.model.data.apply(x, &mut context);
        let likelihood = self.model.likelihood.as_ref();
        let target = likelihood.map_or_else(Vec::new, |l| l.target(x, &context));
        let far = |score: &f32| score.is_nan() || score.abs() > FARTHEST;
        let of_context = || Some(self.model.data.kept()[context.iter().position(far)?]);
        let of_target = || {
            let likelihood = likelihood.filter(|l| l.summary.is_none())?;
            Some(likelihood.data.kept()[target.iter().position(far)?])
        };
        if let Some(index) = of_context().or_else(of_target) {
            return Err(PosteriorError::ObservationTooFar { index, value: x[index] });
        }
        Ok(Observed { context, target })
    }
}

/// An observation as the posterior's and the likelihood's networks see it.
struct Observed {
    context: Vec<f32>,
    target: Vec<f32>,
}

impl Observed {
    fn at(&self) -> At<'_> {
        At { context: &self.context, target: &self.target }
    }
}
