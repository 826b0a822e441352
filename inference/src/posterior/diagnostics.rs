//! Is a posterior as wide as it should be? True parameters of simulations that it was not trained on,
//! ranked among its draws.

use super::{Posterior, PosteriorError};
use freeform_simulators::Simulations;
use ndarray::s;
use rayon::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

/// Posterior draws that a true parameter is ranked among.
const DRAWS: usize = 399;
/// Of them, those whose density is compared with that of the true parameters.
const DENSITIES: usize = 199;

/// True parameters among posterior draws; both statistics are uniform for an exact posterior.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranks {
    /// For each simulation, how many draws lie below each true parameter: 0 to `draws`.
    pub ranks: Vec<Vec<usize>>,
    /// For each simulation, the share of draws with a higher density than the true parameters: the
    /// smallest credible level whose highest-density region has them.
    pub shares: Vec<f64>,
    /// Draws for each simulation.
    pub draws: usize,
}

/// Ranks the true parameters of each simulation, in parallel; `progress` is called after each, from
/// any thread. `None` where `interrupt` was set.
///
/// # Errors
/// [`PosteriorError`] where the simulations do not fit the posterior.
pub fn rank_simulations(
    posterior: &Posterior,
    simulations: &Simulations,
    seed: u64,
    interrupt: &AtomicBool,
    progress: &(dyn Fn() + Sync),
) -> Result<Option<Ranks>, PosteriorError> {
    let ranked = (0..simulations.len())
        .into_par_iter()
        .map(|index| {
            if interrupt.load(Ordering::Relaxed) {
                return Ok(None);
            }
            let ranks = rank(posterior, simulations, seed, index)?;
            progress();
            Ok(Some(ranks))
        })
        .collect::<Result<Option<Vec<_>>, PosteriorError>>()?;
    Ok(ranked.map(|ranked| {
        let (ranks, shares) = ranked.into_iter().unzip();
        Ranks { ranks, shares, draws: DRAWS }
    }))
}

/// Ranks of each parameter of one simulation, and the share of draws with a higher density.
fn rank(
    posterior: &Posterior,
    simulations: &Simulations,
    seed: u64,
    index: usize,
) -> Result<(Vec<usize>, f64), PosteriorError> {
    let theta = simulations.theta.row(index);
    let x = simulations.x.row(index).to_vec();
    // Each simulation has draws of its own.
    let seed = seed.wrapping_mul(1_000_003).wrapping_add(index as u64);
    let draws = posterior.sample(&x, DRAWS, seed)?.theta;
    if theta.len() != draws.ncols() {
        return Err(PosteriorError::ThetaColumns { columns: theta.len(), dim: draws.ncols() });
    }
    let below = |(d, truth)| draws.column(d).iter().filter(|v| *v < truth).count();
    let ranks = theta.iter().enumerate().map(below).collect();
    let mut compared = draws.slice(s![..=DENSITIES, ..]).to_owned();
    compared.row_mut(0).assign(&theta);
    let densities = posterior.flow_log_prob(&compared.view(), &x)?;
    let higher = densities[1..].iter().filter(|d| **d > densities[0]).count();
    // Half a draw more: the level lies between two draws.
    Ok((ranks, (higher as f64 + 0.5) / (DENSITIES as f64 + 1.0)))
}
