//! Fresh simulations with what the posterior makes of each: what every check on average rests on.

use super::pair_file::PairFile;
use crate::run::{Reporter, RunError};
use freeform_benchmark::{outside, tarp_share};
use freeform_inference::{EngineKind, Posterior, RANKED_DRAWS, Ranked, rank_with_draws};
use freeform_simulators::{Prior, Simulations};
use ndarray::{Array2, Axis};
use rayon::prelude::*;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// Where finished pairs are kept, in the model's folder.
const PAIRS: &str = "calibration/ranks.txt";
/// Its multiples fill the unit interval evenly.
const GOLDEN: f64 = 0.618_033_988_749_894_9;
/// Draws of the prior that say what the unit of each parameter is.
const PRIOR_DRAWS: usize = 1000;

/// What to pair, and where the pairs are kept.
pub struct PairJob<'a> {
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
    /// Set by a signal: stop, with every finished pair kept.
    pub interrupt: &'a AtomicBool,
    /// Who tells the user.
    pub reporter: Reporter,
}

/// A simulation's true parameters beside the posterior of its data.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pair {
    /// Ranks among the draws.
    pub ranked: Ranked,
    /// TARP's credible level, from a point drawn from the prior.
    pub tarp: f64,
    /// Posterior mean of each parameter, `[D]`.
    pub mean: Vec<f64>,
    /// Posterior standard deviation of each parameter, `[D]`.
    pub std: Vec<f64>,
    /// One posterior draw, `[D]`.
    pub draw: Vec<f64>,
}

/// The pairs of all simulations; those that an earlier call made, for this verb or another, are
/// known already.
///
/// # Errors
/// [`RunError`]: θ outside the prior that the model was trained with, an observation that the
/// posterior gives up on, an interruption, files that cannot be written.
pub(crate) fn pairs(job: &PairJob) -> Result<Vec<Pair>, RunError> {
    let (simulations, prior) = (job.simulations, &job.posterior.model().prior);
    if let Some(found) = outside(prior, simulations.theta.view()) {
        return Err(RunError::OutsidePrior { simulations: simulations.len(), found });
    }
    let path = job.folder.join(PAIRS);
    let (file, mut pairs) = PairFile::open(&path, identity(job)?, simulations)?;
    let open: Vec<usize> = (0..pairs.len()).filter(|&i| pairs[i].is_none()).collect();
    let known = pairs.len() - open.len();
    if known > 0 {
        job.reporter.say(&format!("{known} of {} simulations are ranked already", pairs.len()));
    }
    let bar = Mutex::new((job.reporter.bar("ranking", pairs.len(), known), known));
    let scale = widths(prior);
    let new: Vec<Pair> = open
        .par_iter()
        .map(|&index| {
            if job.interrupt.load(Ordering::Relaxed) {
                let path = file.path().display().to_string();
                return Err(RunError::CalibrationInterrupted { path });
            }
            let wrong = |source| RunError::Ranking { simulation: index + 1, source };
            let drawn = rank_with_draws(job.posterior, simulations, job.seed, index);
            let (ranked, draws) = drawn.map_err(wrong)?;
            let pair = pair(job, (index, &scale), ranked, &draws);
            file.keep(index, &pair, simulations)?;
            if let Ok(mut bar) = bar.lock() {
                bar.1 += 1;
                let done = bar.1;
                bar.0.update(done, String::new);
            }
            Ok(pair)
        })
        .collect::<Result<_, RunError>>()?;
    if let Ok(bar) = bar.lock() {
        bar.0.finish();
    }
    open.iter().zip(new).for_each(|(&index, new)| pairs[index] = Some(new));
    Ok(pairs.into_iter().flatten().collect())
}

fn pair(
    job: &PairJob,
    (index, scale): (usize, &[f64]),
    ranked: Ranked,
    draws: &Array2<f64>,
) -> Pair {
    let prior = &job.posterior.model().prior;
    let truth = job.simulations.theta.row(index).to_vec();
    // A point of its own for each simulation, which knows nothing of its truth.
    let seed = job.seed.wrapping_mul(1_000_003).wrapping_add(index as u64);
    let reference = prior.sample_n(seed ^ 0x7461_7270, 1).row(0).to_vec();
    let tie = (index as f64 * GOLDEN).fract();
    // Of differences from the first draw, which keeps their digits.
    let offsets = draws - &draws.row(0);
    let means = offsets.mean_axis(Axis(0)).unwrap_or_default();
    Pair {
        ranked,
        tarp: tarp_share(draws.view(), &truth, &reference, scale, tie),
        mean: (&means + &draws.row(0)).to_vec(),
        std: offsets.std_axis(Axis(0), 1.0).to_vec(),
        draw: draws.row(0).to_vec(),
    }
}

/// The width of the middle half of the prior in each parameter.
fn widths(prior: &Prior) -> Vec<f64> {
    let draws = prior.sample_n(1, PRIOR_DRAWS);
    let width = |column: ndarray::ArrayView1<f64>| {
        let mut sorted = column.to_vec();
        sorted.sort_by(f64::total_cmp);
        match sorted[3 * PRIOR_DRAWS / 4] - sorted[PRIOR_DRAWS / 4] {
            // Most of a category may be one.
            width if width > 0.0 => width,
            _ => 1.0,
        }
    };
    draws.columns().into_iter().map(width).collect()
}

/// Names everything that pairs depend on, except the simulation.
fn identity(job: &PairJob) -> Result<[u8; 32], RunError> {
    let mut hasher = blake3::Hasher::new();
    // It has the checksum of the weights.
    hasher.update(&std::fs::read(job.folder.join("model.toml"))?);
    let how = format!("ranks 2 {} {RANKED_DRAWS} {}", job.engine.name(), job.seed);
    hasher.update(how.as_bytes());
    Ok(hasher.finalize().into())
}
