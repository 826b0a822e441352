//! Can a posterior be trusted? Everything that fresh simulations, and simulations at the posterior of
//! an observation, say of it.

mod files;
mod finding;
mod observed;
mod on_average;
mod pair_file;
mod pairs;
mod says;
mod verdict;

pub(crate) use files::{Found, read as read_check};
pub use finding::Finding;
pub use observed::{ObservedCheck, ToCheck};
pub use on_average::{ConformalLevel, CoverageCurve, ParameterRecovery};
pub use pairs::PairJob;
pub(super) use pairs::{Pair, pairs};

use super::{Calibration, RunError, own};
use files::write;
use freeform_simulators::AnySimulator;
use observed::Observing;
use on_average::OnAverage;
use serde::{Deserialize, Serialize};

/// What to check.
pub struct CheckJob<'a> {
    /// The posterior, and fresh simulations.
    pub pairs: PairJob<'a>,
    /// Observations to look at.
    pub observations: &'a [ToCheck],
    /// Opens what simulates at the posterior's parameters; `None` where there is nothing to.
    pub simulator: Option<&'a dyn Fn() -> Result<AnySimulator, RunError>>,
    /// The command that asks, for the record.
    pub command: &'a str,
}

/// What was found: `check.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// The command that asked.
    pub command: String,
    /// The training of the model, as `model.toml` names it; none of a former version's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Fresh simulations.
    pub simulations: usize,
    /// Simulations that were left out: they failed, or are not finite.
    pub left_out: usize,
    /// Whether all checks that have a verdict passed; `None` where there were too few simulations.
    pub passed: Option<bool>,
    /// The verdict in words.
    pub verdict: String,
    /// The checks, one after the other.
    pub findings: Vec<Finding>,
    /// Rank statistics and expected coverage, as `calibration.json` has them.
    pub calibration: Calibration,
    /// Coverage of balls around random points.
    pub tarp: CoverageCurve,
    /// How well each parameter is found again.
    pub recovery: Vec<ParameterRecovery>,
    /// Credible levels that hold what they say.
    pub conformal: Vec<ConformalLevel>,
    /// The observations.
    pub observations: Vec<ObservedCheck>,
}

/// Checks a posterior; writes `check.json`, `calibration.json` and plots into the model's folder. What
/// is finished is kept: after an interruption the same call goes on.
///
/// # Errors
/// As [`calibrate`](super::calibrate); a simulator that fails at the posterior's parameters.
pub fn check(job: &CheckJob) -> Result<Check, RunError> {
    let _own = own(job.pairs.folder)?;
    let pairs = pairs(&job.pairs)?;
    let model = job.pairs.posterior.model();
    let names = model.prior.names();
    let average = OnAverage::of(&pairs, &job.pairs);
    let observations = Observing::new(job, &pairs)?.observe()?;
    let mut findings = average.findings();
    findings.extend(observations.iter().flat_map(|seen| seen.findings.clone()));
    let (passed, verdict) = verdict::of(&findings, &average.calibration);
    let OnAverage { calibration, tarp, recovery, conformal } = average;
    let check = Check {
        command: job.command.to_owned(),
        run: model.training.run.clone(),
        simulations: pairs.len(),
        left_out: job.pairs.left_out,
        passed,
        verdict,
        findings,
        calibration,
        tarp,
        recovery,
        conformal,
        observations,
    };
    write(job, names, &pairs, &check)?;
    Ok(check)
}
