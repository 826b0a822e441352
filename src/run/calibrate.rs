//! Is the posterior as wide as it should be? Simulation-based calibration and expected coverage on
//! fresh simulations.

use super::check::{Pair, PairJob, pairs};
use super::directory::create_folder;
use super::{Plots, RunError, own, plot as draw, plots_wanted};
use freeform_benchmark::{
    CalibrationPlot, EcdfEnvelope, SIGNIFICANCE, UniformityTest, calibration_plot, coverage_band,
    coverage_p_value, expected_coverage, least_ranks, uniformity,
};
use freeform_inference::RANKED_DRAWS;
use freeform_simulators::{counted, write_bytes_atomically};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Levels of the coverage curve.
pub(super) const LEVELS: usize = 100;

/// The ranks of one parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ParameterRanks {
    /// The parameter.
    pub name: String,
    /// χ² test of its ranks.
    #[serde(flatten)]
    pub test: UniformityTest,
    /// The probability under calibration of a distribution function of the ranks that leaves the
    /// envelope as far.
    pub ecdf_p_value: f64,
    /// That distribution function, at the places of [`Calibration::ecdf_band`].
    pub ecdf: Vec<(f64, f64)>,
}

/// How well a posterior is calibrated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Fresh simulations that were ranked.
    pub simulations: usize,
    /// Simulations that were left out: they failed, or are not finite.
    pub left_out: usize,
    /// Posterior draws for each.
    pub draws: usize,
    /// Ranks of each parameter.
    pub parameters: Vec<ParameterRanks>,
    /// The least p-value of the ranks times the number of parameters (Bonferroni), at most 1;
    /// `None` for too few ranks.
    pub p_value: Option<f64>,
    /// The 99% envelope of the distribution function of one parameter's ranks: place, least and
    /// largest share of ranks below it.
    pub ecdf_band: Vec<(f64, f64, f64)>,
    /// Credible level and expected coverage.
    pub coverage: Vec<(f64, f64)>,
    /// Largest distance between the two.
    pub coverage_deviation: f64,
    /// What that distance may be: the 99% band of the whole curve.
    pub coverage_band: f64,
    /// The probability of at least that distance under calibration.
    pub coverage_p_value: f64,
    /// Whether ranks are uniform at the 1% level and the coverage stays in its band; `None` where
    /// the simulations are too few to say.
    pub calibrated: Option<bool>,
    /// Why not, in words, where that is not `Some(true)`.
    pub reason: Option<String>,
}

/// Ranks the true parameters of each simulation among posterior draws; writes `calibration.json`
/// and `plots/calibration.svg`. Finished ranks are kept as they come: after an interruption the same
/// call goes on, and one with more simulations goes on from one with fewer.
///
/// # Errors
/// [`RunError`]: θ outside the prior that the model was trained with, an observation that the
/// posterior gives up on, an interruption, files that cannot be written.
pub fn calibrate(job: &PairJob) -> Result<Calibration, RunError> {
    let _own = own(job.folder)?;
    let pairs = pairs(job)?;
    let names = job.posterior.model().prior.names();
    let calibration = Calibration::of(&pairs, names, job.left_out);
    calibration.write(job.folder, names)?;
    Ok(calibration)
}

impl Calibration {
    /// Judges the pairs of fresh simulations.
    pub(super) fn of(pairs: &[Pair], names: &[String], left_out: usize) -> Self {
        let (n, dim) = (pairs.len(), names.len());
        let envelope = EcdfEnvelope::new(n, RANKED_DRAWS);
        let parameter = |(d, name): (usize, &String)| {
            let ranks: Vec<usize> = pairs.iter().map(|pair| pair.ranked.ranks[d]).collect();
            ParameterRanks {
                name: name.clone(),
                test: uniformity(&ranks, RANKED_DRAWS),
                ecdf_p_value: envelope.p_value(&ranks),
                ecdf: envelope.curve(&ranks),
            }
        };
        let parameters: Vec<ParameterRanks> = names.iter().enumerate().map(parameter).collect();
        let shares: Vec<f64> = pairs.iter().map(|pair| pair.ranked.share()).collect();
        let coverage = expected_coverage(&shares, LEVELS);
        let deviation = coverage.iter().map(|(l, c)| (l - c).abs()).fold(0.0, f64::max);
        let mut calibration = Self {
            simulations: n,
            left_out,
            draws: RANKED_DRAWS,
            p_value: least(&parameters).map(|p| (p * dim as f64).min(1.0)),
            parameters,
            ecdf_band: envelope.band(),
            coverage,
            coverage_deviation: deviation,
            coverage_band: coverage_band(n),
            coverage_p_value: coverage_p_value(deviation, n),
            calibrated: None,
            reason: None,
        };
        judge(&mut calibration);
        calibration
    }

    /// The least p-value of the envelopes times the number of parameters (Bonferroni), at most 1.
    pub(super) fn ranks_p_value(&self) -> f64 {
        let least = self.parameters.iter().map(|p| p.ecdf_p_value).fold(1.0, f64::min);
        (least * self.parameters.len() as f64).min(1.0)
    }

    /// Writes `calibration.json` and `plots/calibration.svg` into a model's folder.
    pub(super) fn write(&self, folder: &Path, names: &[String]) -> Result<(), RunError> {
        let text = serde_json::to_string_pretty(self).map_err(std::io::Error::other)?;
        write_bytes_atomically(&folder.join("calibration.json"), (text + "\n").as_bytes())?;
        if plots_wanted() == Plots::None {
            return Ok(());
        }
        let plots = folder.join("plots");
        create_folder(&plots)?;
        let plot = CalibrationPlot {
            title: &format!("calibration on {} fresh simulations", self.simulations),
            names,
            counts: self.parameters.iter().map(|p| &p.test.counts[..]).collect(),
            coverage: &self.coverage,
            simulations: self.simulations,
        };
        Ok(draw(&plots.join("calibration.svg"), |path| calibration_plot(path, &plot))?)
    }
}

/// The least p-value; `None` where there is none for one of the parameters.
fn least(parameters: &[ParameterRanks]) -> Option<f64> {
    parameters.iter().try_fold(1.0, |least: f64, p| Some(least.min(p.test.p_value?)))
}

/// Both tests must pass, on evidence enough.
fn judge(calibration: &mut Calibration) {
    let (n, needed) = (calibration.simulations, least_ranks(RANKED_DRAWS));
    let Some(p_value) = calibration.p_value else {
        calibration.reason = Some(format!(
            "{} are too few for the rank tests, which need at least {needed}",
            counted(n, "simulation")
        ));
        return;
    };
    let mut reasons = Vec::new();
    if p_value < SIGNIFICANCE {
        reasons.push(format!("the ranks are not uniform (p {p_value:.2e} over all parameters)"));
    }
    let (deviation, band) = (calibration.coverage_deviation, calibration.coverage_band);
    if deviation > band {
        reasons.push(format!(
            "the expected coverage leaves its 99% band (it is off by {deviation:.3}, the band \
             allows {band:.3})"
        ));
    }
    calibration.calibrated = Some(reasons.is_empty());
    calibration.reason = (!reasons.is_empty()).then(|| reasons.join("; "));
}
