//! Is the posterior as wide as it should be? Simulation-based calibration and expected coverage on
//! fresh simulations.

use super::{Reporter, RunError};
use freeform_benchmark::{
    CalibrationPlot, UniformityTest, calibration_plot, expected_coverage, uniformity,
};
use freeform_inference::{Asking, Posterior};
use freeform_simulators::Simulations;
use freeform_simulators::write_bytes_atomically;
use ndarray::s;
use rayon::prelude::*;
use serde::Serialize;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// Posterior draws that a true parameter is ranked among.
const DRAWS: usize = 399;
/// Of them, those whose density is compared with that of the true parameters.
const DENSITIES: usize = 199;
/// Levels of the coverage curve.
const LEVELS: usize = 100;
/// Level of the test: below it, ranks do not count as uniform.
const SIGNIFICANCE: f64 = 0.01;

/// What to calibrate, and where results go.
pub struct CalibrationJob<'a> {
    /// The posterior.
    pub posterior: &'a Posterior,
    /// Simulations that it was not trained on, parameters from its prior.
    pub simulations: &'a Simulations,
    /// Seed of the draws.
    pub seed: u64,
    /// The model's folder.
    pub folder: &'a Path,
    /// Set by a signal.
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
    /// Fresh simulations.
    pub simulations: usize,
    /// Posterior draws for each.
    pub draws: usize,
    /// Ranks of each parameter.
    pub parameters: Vec<ParameterRanks>,
    /// The least p-value times the number of parameters (Bonferroni), at most 1.
    pub p_value: f64,
    /// Whether that is at least 0.01.
    pub calibrated: bool,
    /// Credible level and expected coverage.
    pub coverage: Vec<(f64, f64)>,
    /// Largest distance between the two.
    pub coverage_deviation: f64,
}

/// Ranks the true parameters of each simulation among posterior draws; writes `calibration.json`
/// and `plots/calibration.svg`.
///
/// # Errors
/// [`RunError`].
pub fn calibrate(job: &CalibrationJob) -> Result<Calibration, RunError> {
    let Simulations { theta, .. } = job.simulations;
    let (n, dim) = theta.dim();
    let bar = Mutex::new((job.reporter.bar("ranking", n, 0), 0));
    let ranked: Vec<(Vec<usize>, f64)> = (0..n)
        .into_par_iter()
        .map(|index| {
            if job.interrupt.load(Ordering::Relaxed) {
                return Err(RunError::CalibrationInterrupted);
            }
            let ranks = rank(job, index)?;
            if let Ok(mut bar) = bar.lock() {
                bar.1 += 1;
                let done = bar.1;
                bar.0.update(done, String::new);
            }
            Ok(ranks)
        })
        .collect::<Result<_, RunError>>()?;
    if let Ok(bar) = bar.lock() {
        bar.0.finish();
    }
    let names = job.posterior.model().prior.names();
    let parameters: Vec<ParameterRanks> = (0..dim)
        .map(|d| {
            let ranks: Vec<usize> = ranked.iter().map(|(ranks, _)| ranks[d]).collect();
            ParameterRanks { name: names[d].clone(), test: uniformity(&ranks, DRAWS) }
        })
        .collect();
    let least = parameters.iter().map(|p| p.test.p_value).fold(1.0, f64::min);
    let shares: Vec<f64> = ranked.iter().map(|(_, share)| *share).collect();
    let coverage = expected_coverage(&shares, LEVELS);
    let p_value = (least * dim as f64).min(1.0);
    let calibration = Calibration {
        simulations: n,
        draws: DRAWS,
        parameters,
        p_value,
        calibrated: p_value >= SIGNIFICANCE,
        coverage_deviation: coverage.iter().map(|(l, c)| (l - c).abs()).fold(0.0, f64::max),
        coverage,
    };
    write(job, names, &calibration)?;
    Ok(calibration)
}

/// Ranks of each parameter of one simulation, and the share of draws with a higher density.
fn rank(job: &CalibrationJob, index: usize) -> Result<(Vec<usize>, f64), RunError> {
    let truth = job.simulations.theta.row(index).to_vec();
    let x = job.simulations.x.row(index).to_vec();
    // Each simulation has draws of its own.
    let seed = job.seed.wrapping_mul(1_000_003).wrapping_add(index as u64);
    // Whatever the flows make of a simulation counts.
    let asking = Asking { anyway: true, ..Asking::default() };
    let draws = job.posterior.sample_as(&x, DRAWS, seed, &asking)?.theta;
    let below = |(d, truth): (usize, &f32)| draws.column(d).iter().filter(|v| *v < truth).count();
    let ranks = truth.iter().enumerate().map(below).collect();
    let mut compared = draws.slice(s![..=DENSITIES, ..]).to_owned();
    compared.row_mut(0).assign(&job.simulations.theta.row(index));
    let densities = job.posterior.flow_log_prob(&compared.view(), &x)?;
    let higher = densities[1..].iter().filter(|d| **d > densities[0]).count();
    // Half a draw more: the level lies between two draws.
    Ok((ranks, (higher as f64 + 0.5) / (DENSITIES as f64 + 1.0)))
}

fn write(
    job: &CalibrationJob,
    names: &[String],
    calibration: &Calibration,
) -> Result<(), RunError> {
    let text = serde_json::to_string_pretty(calibration).map_err(std::io::Error::other)?;
    write_bytes_atomically(&job.folder.join("calibration.json"), (text + "\n").as_bytes())?;
    let plots = job.folder.join("plots");
    std::fs::create_dir_all(&plots)?;
    let plot = CalibrationPlot {
        title: &format!("calibration on {} fresh simulations", calibration.simulations),
        names,
        counts: calibration.parameters.iter().map(|p| &p.test.counts[..]).collect(),
        coverage: &calibration.coverage,
        simulations: calibration.simulations,
    };
    Ok(calibration_plot(&plots.join("calibration.svg"), &plot)?)
}
