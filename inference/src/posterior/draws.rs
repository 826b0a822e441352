//! What comes out of a question to a posterior, and how it may be asked.

use super::PosteriorError;
use super::edges::EdgeMass;
use super::effective::{effective_number, merged};
use crate::transform::Distance;
use crate::typical::Standing;
use ndarray::Array2;
use std::sync::atomic::{AtomicBool, Ordering};

/// Fewer effective draws than these describe no posterior, whatever their number.
pub(super) const LEAST_EFFECTIVE: f64 = 10.0;
/// Fewer than these, or than this share of the draws, are worth a warning.
const FEW: f64 = 100.0;
const FEW_SHARE: f64 = 0.1;
/// Below this share of draws inside the support a user should wonder.
const LOW_ACCEPTANCE: f64 = 0.01;

/// Above this shape of their tail, averages over weights converge too slowly to be of use (Vehtari et al.
/// 2024).
const UNTRUSTED_K: f64 = 0.7;
/// Where less than this share of the weights is cut off, what the largest ones would be matters little.
const CUT: f64 = 0.01;

/// Draws from a posterior.
#[derive(Clone, Debug, PartialEq)]
pub struct Draws {
    /// `[n, D]`, every row inside the prior's support.
    pub theta: Array2<f64>,
    /// Share of the flows' draws that lay inside it.
    pub acceptance: f64,
    /// How many independent draws these are worth (Kish 1965): from the weights that they were
    /// resampled by, equal rows counted as one point; n where nothing was resampled and no rows are
    /// equal.
    pub effective: f64,
    /// How many different rows `theta` has.
    pub distinct: usize,
    /// Draws of the flows inside the support that these were resampled from; n where none were.
    pub proposals: usize,
    /// Pareto's k̂ of the weights (Vehtari et al. 2024): above 0.7 they are hardly to be trusted.
    /// `None` where nothing was resampled.
    pub pareto_k: Option<f64>,
    /// Share of the weights' sum that was cut off the largest of them, which keeps a few from
    /// speaking for all; 0 where nothing was resampled.
    pub truncated: f64,
    /// Where the observation lies among the simulations; `None` where the model does not know.
    pub distance: Option<Distance>,
    /// Where its columns together do; `None` where the model does not know.
    pub standing: Option<Standing>,
    /// The edge of the prior that most draws lie at.
    pub edges: Option<EdgeMass>,
    /// What is to be said where the model was trained in rounds for another observation.
    pub elsewhere: Option<String>,
}

/// log-densities of a posterior.
#[derive(Clone, Debug, PartialEq)]
pub struct LogProb {
    /// log p(θ | x) of each row, `[n]`; −∞ outside the prior's support.
    pub values: Vec<f64>,
    /// Share of the flows' draws inside the support.
    pub acceptance: f64,
    /// How many independent draws the normalising constant rests on.
    pub effective: f64,
    /// As in [`Draws::distance`].
    pub distance: Option<Distance>,
    /// As in [`Draws::standing`].
    pub standing: Option<Standing>,
    /// As in [`Draws::elsewhere`].
    pub elsewhere: Option<String>,
}

/// How far a question has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DrawProgress {
    /// Draws inside the prior's support so far.
    pub accepted: usize,
    /// Draws wanted.
    pub wanted: usize,
    /// Draws made.
    pub drawn: usize,
}

/// How a question is put: strictly, unwatched by default.
#[derive(Clone, Copy, Default)]
pub struct Asking<'a> {
    /// Answer even where the answer is worth next to nothing: an observation far from all
    /// simulations, a handful of draws repeated.
    pub anyway: bool,
    /// Ends the question with [`PosteriorError::Interrupted`] soon after it is set.
    pub interrupt: Option<&'a AtomicBool>,
    /// Told after each batch of draws.
    pub progress: Option<&'a (dyn Fn(DrawProgress) + Sync)>,
    /// How many independent draws the draws should be worth, where that is all that counts, as for
    /// means and ranks: rows repeat as often as it allows, and a good deal less is computed. `None`:
    /// as many as are asked for, with hardly a row that occurs twice.
    pub worth: Option<f64>,
}

impl<'a> Asking<'a> {
    /// Strictly, until a flag is set.
    #[must_use]
    pub fn until(interrupt: &'a AtomicBool) -> Self {
        Self { interrupt: Some(interrupt), ..Self::default() }
    }
}

impl Asking<'_> {
    pub(super) fn stopped(&self) -> bool {
        self.interrupt.is_some_and(|flag| flag.load(Ordering::Relaxed))
    }

    pub(super) fn check(&self) -> Result<(), PosteriorError> {
        if self.stopped() { Err(PosteriorError::Interrupted) } else { Ok(()) }
    }
}

impl Draws {
    /// Draws that were not resampled.
    pub(super) fn plain(theta: Array2<f64>, acceptance: f64, repeats: bool) -> Self {
        let n = theta.nrows();
        let counts = merged(&theta, std::iter::repeat_n(1.0, n), repeats);
        Self {
            effective: effective_number(&counts),
            distinct: merged(&theta, std::iter::repeat_n(1.0, n), false).len(),
            theta,
            acceptance,
            proposals: n,
            pareto_k: None,
            truncated: 0.0,
            distance: None,
            standing: None,
            edges: None,
            elsewhere: None,
        }
    }

    /// Whether they are worth next to nothing: a few points repeated, or an observation far from all
    /// simulations, in a number or as a whole. [`Posterior::sample`](crate::Posterior::sample) gives an error instead of such.
    #[must_use]
    pub fn are_worthless(&self) -> bool {
        let few = self.effective < LEAST_EFFECTIVE.min(self.theta.nrows() as f64);
        few || self.out_of_reach().is_some()
    }

    /// Why the observation cannot be asked about: it lies far from all simulations, in a number or as a
    /// whole. `None` where it does not.
    #[must_use]
    pub fn out_of_reach(&self) -> Option<PosteriorError> {
        let far = self.distance.clone().filter(Distance::is_far).map(Box::new);
        let unlike = || self.standing.clone().filter(Standing::is_far).map(Box::new);
        far.map(|distance| PosteriorError::FarAway { distance })
            .or_else(|| unlike().map(|standing| PosteriorError::Unlike { standing }))
    }

    /// What a user should know of these draws, in words; empty where nothing is amiss.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let n = self.theta.nrows();
        let mut warnings =
            shared_warnings(self.distance.as_ref(), self.standing.as_ref(), self.acceptance);
        if self.effective < (n as f64).min(FEW).max(FEW_SHARE * n as f64) {
            let k = self.pareto_k.map_or(String::new(), |k| format!(", Pareto k {k:.2}"));
            warnings.push(format!(
                "the {n} draws are worth {:.0} independent ones ({} different{k}): intervals and \
                 tails are rough. Posterior flows and learnt likelihood disagree at this observation: \
                 simulate more, or set posterior.proposals higher",
                self.effective, self.distinct
            ));
        } else if let Some(k) = self.pareto_k.filter(|k| *k > UNTRUSTED_K && self.truncated > 0.0) {
            let worth = match self.truncated > CUT {
                true => "tails are rough, and another seed may give others",
                false => "hardly anything hangs on the largest ones, but tails may be rough",
            };
            warnings.push(format!(
                "a few of the weights that correct the draws stand out (Pareto k {k:.2}, above 0.7; \
                 {:.1}% of their sum is cut off): {worth}. Simulate more, or set posterior.proposals \
                 higher",
                100.0 * self.truncated
            ));
        }
        warnings.extend(self.edges.as_ref().and_then(EdgeMass::warning));
        warnings.extend(self.elsewhere.clone());
        warnings
    }
}

impl LogProb {
    /// What a user should know of these densities, in words; empty where nothing is amiss.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings =
            shared_warnings(self.distance.as_ref(), self.standing.as_ref(), self.acceptance);
        if self.effective < FEW {
            warnings.push(format!(
                "the normalising constant rests on {:.0} effective draws: log-densities are off \
                 by about {:.1} nats together",
                self.effective,
                1.0 / self.effective.max(1.0).sqrt()
            ));
        }
        warnings.extend(self.elsewhere.clone());
        warnings
    }
}

fn shared_warnings(
    distance: Option<&Distance>,
    standing: Option<&Standing>,
    acceptance: f64,
) -> Vec<String> {
    let beyond = distance.filter(|d| d.is_beyond()).map(|d| {
        format!("{d}: the posterior is extrapolated; check units and order of the observation")
    });
    let leaking = (acceptance < LOW_ACCEPTANCE).then(|| {
        format!(
            "only {:.2}% of the flows' draws lie inside the prior: the posterior is poorly learnt \
             at this observation",
            100.0 * acceptance
        )
    });
    let unusual = standing.and_then(Standing::warning);
    beyond.into_iter().chain(unusual).chain(leaking).collect()
}
