//! Is the posterior as wide as it should be? Simulation-based calibration and expected coverage on
//! fresh simulations.

use super::directory::create_folder;
use super::ranks::RankFile;
use super::{Reporter, RunError, own};
use freeform_benchmark::{
    CalibrationPlot, SIGNIFICANCE, UniformityTest, calibration_plot, coverage_band,
    coverage_p_value, expected_coverage, least_ranks, outside, uniformity,
};
use freeform_inference::{EngineKind, Posterior, RANKED_DRAWS, Ranked, rank_simulation};
use freeform_simulators::Simulations;
use freeform_simulators::write_bytes_atomically;
use rayon::prelude::*;
use serde::Serialize;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// Levels of the coverage curve.
const LEVELS: usize = 100;
/// Where finished ranks are kept.
const RANKS: &str = "calibration/ranks.txt";

/// What to calibrate, and where results go.
pub struct CalibrationJob<'a> {
    /// The posterior.
    pub posterior: &'a Posterior,
    /// Simulations that it was not trained on, parameters from its prior.
    pub simulations: &'a Simulations,
    /// Simulations that were left out before: they failed, or are not finite.
    pub left_out: usize,
    /// Seed of the draws.
    pub seed: u64,
    /// Who does the arithmetic of the posterior.
    pub engine: EngineKind,
    /// The model's folder.
    pub folder: &'a Path,
    /// Set by a signal: stop, with every finished rank kept.
    pub interrupt: &'a AtomicBool,
    /// Who tells the user.
    pub reporter: Reporter,
}

/// The ranks of one parameter.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ParameterRanks {
    /// The parameter.
    pub name: String,
    /// χ² test of its ranks.
    #[serde(flatten)]
    pub test: UniformityTest,
}

/// How well a posterior is calibrated.
#[derive(Clone, Debug, PartialEq, Serialize)]
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
pub fn calibrate(job: &CalibrationJob) -> Result<Calibration, RunError> {
    let _own = own(job.folder)?;
    let (simulations, prior) = (job.simulations, &job.posterior.model().prior);
    let (n, dim) = simulations.theta.dim();
    if let Some(found) = outside(prior, simulations.theta.view()) {
        return Err(RunError::OutsidePrior { simulations: n, found });
    }
    let (file, known) = RankFile::open(&job.folder.join(RANKS), identity(job)?, simulations)?;
    let ranked = rank_all(job, &file, known)?;
    let parameters: Vec<ParameterRanks> = (0..dim)
        .map(|d| {
            let ranks: Vec<usize> = ranked.iter().map(|ranked| ranked.ranks[d]).collect();
            ParameterRanks {
                name: prior.names()[d].clone(),
                test: uniformity(&ranks, RANKED_DRAWS),
            }
        })
        .collect();
    let shares: Vec<f64> = ranked.iter().map(Ranked::share).collect();
    let coverage = expected_coverage(&shares, LEVELS);
    let deviation = coverage.iter().map(|(l, c)| (l - c).abs()).fold(0.0, f64::max);
    let mut calibration = Calibration {
        simulations: n,
        left_out: job.left_out,
        draws: RANKED_DRAWS,
        p_value: least(&parameters).map(|p| (p * dim as f64).min(1.0)),
        parameters,
        coverage,
        coverage_deviation: deviation,
        coverage_band: coverage_band(n),
        coverage_p_value: coverage_p_value(deviation, n),
        calibrated: None,
        reason: None,
    };
    judge(&mut calibration);
    write(job, prior.names(), &calibration)?;
    Ok(calibration)
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
            "too few simulations for a verdict: {n}, and the rank tests need at least {needed}"
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

/// Names everything that ranks depend on, except the simulation.
fn identity(job: &CalibrationJob) -> Result<[u8; 32], RunError> {
    let mut hasher = blake3::Hasher::new();
    // It has the checksum of the weights.
    hasher.update(&std::fs::read(job.folder.join("model.toml"))?);
    let how = format!("ranks 1 {} {RANKED_DRAWS} {}", job.engine.name(), job.seed);
    hasher.update(how.as_bytes());
    Ok(hasher.finalize().into())
}

/// Ranks of all simulations, those that are known included.
fn rank_all(
    job: &CalibrationJob,
    file: &RankFile,
    mut ranked: Vec<Option<Ranked>>,
) -> Result<Vec<Ranked>, RunError> {
    let open: Vec<usize> = (0..ranked.len()).filter(|&i| ranked[i].is_none()).collect();
    let known = ranked.len() - open.len();
    if known > 0 {
        job.reporter.say(&format!("{known} of {} simulations are ranked already", ranked.len()));
    }
    let bar = Mutex::new((job.reporter.bar("ranking", ranked.len(), known), known));
    let new: Vec<Ranked> = open
        .par_iter()
        .map(|&index| {
            if job.interrupt.load(Ordering::Relaxed) {
                let path = file.path().display().to_string();
                return Err(RunError::CalibrationInterrupted { path });
            }
            let wrong = |source| RunError::Ranking { simulation: index + 1, source };
            let ranked = rank_simulation(job.posterior, job.simulations, job.seed, index);
            let ranked = ranked.map_err(wrong)?;
            file.keep(index, &ranked, job.simulations)?;
            if let Ok(mut bar) = bar.lock() {
                bar.1 += 1;
                let done = bar.1;
                bar.0.update(done, String::new);
            }
            Ok(ranked)
        })
        .collect::<Result<_, RunError>>()?;
    if let Ok(bar) = bar.lock() {
        bar.0.finish();
    }
    open.iter().zip(new).for_each(|(&index, new)| ranked[index] = Some(new));
    Ok(ranked.into_iter().flatten().collect())
}

fn write(
    job: &CalibrationJob,
    names: &[String],
    calibration: &Calibration,
) -> Result<(), RunError> {
    let text = serde_json::to_string_pretty(calibration).map_err(std::io::Error::other)?;
    write_bytes_atomically(&job.folder.join("calibration.json"), (text + "\n").as_bytes())?;
    let plots = job.folder.join("plots");
    create_folder(&plots)?;
    let plot = CalibrationPlot {
        title: &format!("calibration on {} fresh simulations", calibration.simulations),
        names,
        counts: calibration.parameters.iter().map(|p| &p.test.counts[..]).collect(),
        coverage: &calibration.coverage,
        simulations: calibration.simulations,
    };
    Ok(calibration_plot(&plots.join("calibration.svg"), &plot)?)
}
