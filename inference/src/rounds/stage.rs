//! Where rounds simulate and train, and what comes of each.

use super::{Locality, Outlook, Proposals, ProposedBy};
use crate::posterior::{Asking, Posterior, PosteriorError};
use freeform_simulators::{CategoryProbabilities, Simulations};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

/// One round's simulations to be made.
#[derive(Clone, Copy, Debug)]
pub struct Round<'a> {
    /// From 1.
    pub number: usize,
    /// How many.
    pub size: usize,
    /// Seed of its simulations and of its training.
    pub seed: u64,
    /// The parameters to simulate at; the prior's draws of that seed where there are none.
    pub proposals: Option<&'a Proposals>,
}

/// What came of a round's simulations.
#[derive(Clone, Debug)]
pub struct Simulated {
    /// Those that succeeded, all finite.
    pub simulations: Simulations,
    /// Parameters of those that failed `[m, D]`.
    pub failed: Array2<f64>,
}

/// One round in short.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoundReport {
    /// From 1.
    pub round: usize,
    /// Whether its posterior was only to bound the next round's region, with half as many flows.
    #[serde(default)]
    pub interim: bool,
    /// Simulations asked for, and those that failed.
    pub simulations: usize,
    /// Of these, those that failed.
    pub failed: usize,
    /// Simulations that it was trained on, of all rounds: those in its region or in one up to three times as
    /// wide.
    pub trained_on: usize,
    /// How its parameters were drawn.
    pub proposed_by: ProposedBy,
    /// Share of what was drawn for them that was accepted.
    pub acceptance: f64,
    /// Share of the prior's draws inside the region.
    pub prior_share: f64,
    /// Posterior mean of each parameter at the observation, `[D]`.
    pub mean: Vec<f64>,
    /// Posterior standard deviation of each, `[D]`.
    pub std: Vec<f64>,
    /// How likely each category is, of parameters that are such.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub probabilities: Vec<CategoryProbabilities>,
    /// How many independent draws 4,000 of them are worth.
    pub effective: f64,
    /// Nats from the median of the posterior's log-density to the bound of the next region.
    pub fall: f64,
    /// Share of the posterior's draws outside its region.
    pub outside: f64,
    /// The largest mean distance of a parameter's quantiles from those of the round before, in standard
    /// deviations; none in the first round, and where the draws are one point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<f64>,
    /// Where that is little, the divergence from the posterior of the round before, in nats
    /// ([`Outlook::divergence`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diverged: Option<f64>,
    /// What a user should know, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
}

/// Where rounds simulate, train and keep what they make.
pub trait RoundStage {
    /// What can go wrong.
    type Error: From<PosteriorError>;

    /// The proposals of a round: those kept by an earlier process, or else `make`'s, which are kept, where it keeps any.
    ///
    /// # Errors
    /// Its own, and those of `make`.
    fn proposals(
        &self,
        round: usize,
        make: &dyn Fn() -> Result<Proposals, PosteriorError>,
    ) -> Result<Proposals, Self::Error> {
        let _ = round;
        Ok(make()?)
    }

    /// Simulates a round.
    ///
    /// # Errors
    /// Its own.
    fn simulate(&self, round: &Round<'_>) -> Result<Simulated, Self::Error>;

    /// Trains on simulations of all rounds so far, whose law `local` says.
    ///
    /// # Errors
    /// Its own.
    fn train(
        &self,
        round: &Round<'_>,
        simulated: Simulated,
        local: &Locality,
    ) -> Result<Posterior, Self::Error>;

    /// Told of each round at its end.
    ///
    /// # Errors
    /// Its own.
    fn finished(&self, report: &RoundReport, outlook: &Outlook) -> Result<(), Self::Error> {
        let _ = (report, outlook);
        Ok(())
    }

    /// How posteriors are asked; with [`anyway`](Asking::anyway), rounds go on where the first finds the
    /// observation far from everything simulated.
    fn asking(&self) -> Asking<'_>;
}
