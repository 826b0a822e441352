//! Is a posterior as wide as it should be? True parameters of simulations that it was not trained on,
//! ranked among its draws.

use super::proposal::table;
use super::{Asking, Posterior, PosteriorError};
use crate::random::{Purpose, stream};
use freeform_simulators::Simulations;
use ndarray::Array2;
use rand::RngExt;
use rayon::prelude::*;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

/// Posterior draws that a true parameter is ranked among.
pub const RANKED_DRAWS: usize = 399;
/// Independent draws that they are worth, where proposals suffice for that; rows among them repeat. The
/// ranks' outermost twentieths are then 2% fuller than a twentieth ((1/200 − 1/399)·0.45 more), which a
/// test of uniformity does not hear with a hundred thousand simulations.
pub const RANKED_WORTH: f64 = 200.0;
/// Of them, those whose density is compared with that of the true parameters.
const DENSITIES: usize = 199;

/// One simulation's true parameters among posterior draws.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranked {
    /// For each parameter, how many of [`RANKED_DRAWS`] draws are smaller.
    pub ranks: Vec<usize>,
    /// How many of the draws that were compared have a higher density.
    pub higher: usize,
}

impl Ranked {
    /// The smallest credible level whose highest-density region has the true parameters; half a draw
    /// more, since the level lies between two draws.
    #[must_use]
    pub fn share(&self) -> f64 {
        (self.higher as f64 + 0.5) / (DENSITIES as f64 + 1.0)
    }
}

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
            let ranked = rank_simulation(posterior, simulations, seed, index)?;
            progress();
            Ok(Some(ranked))
        })
        .collect::<Result<Option<Vec<Ranked>>, PosteriorError>>()?;
    Ok(ranked.map(|ranked| Ranks {
        shares: ranked.iter().map(Ranked::share).collect(),
        ranks: ranked.into_iter().map(|ranked| ranked.ranks).collect(),
        draws: RANKED_DRAWS,
    }))
}

/// Ranks the true parameters of simulation `index`.
///
/// # Errors
/// [`PosteriorError`] where the simulations do not fit the posterior.
pub fn rank_simulation(
    posterior: &Posterior,
    simulations: &Simulations,
    seed: u64,
    index: usize,
) -> Result<Ranked, PosteriorError> {
    Ok(rank_with_draws(posterior, simulations, seed, index)?.0)
}

/// [`rank_simulation`] with the draws that the parameters were ranked among, `[RANKED_DRAWS, D]`.
///
/// # Errors
/// As [`rank_simulation`].
pub fn rank_with_draws(
    posterior: &Posterior,
    simulations: &Simulations,
    seed: u64,
    index: usize,
) -> Result<(Ranked, Array2<f64>), PosteriorError> {
    let theta = simulations.theta.row(index);
    let x = simulations.x.row(index).to_vec();
    // Each simulation has draws of its own.
    let seed = seed.wrapping_mul(1_000_003).wrapping_add(index as u64);
    // Whatever the posterior makes of a simulation counts.
    let asking = Asking { anyway: true, worth: Some(RANKED_WORTH), ..Asking::default() };
    let (observed, _) = posterior.admitted(&x, &asking)?;
    let draws = posterior.drawn(&observed, RANKED_DRAWS, seed, &asking)?.theta;
    if theta.len() != draws.ncols() {
        return Err(PosteriorError::ThetaColumns { columns: theta.len(), dim: draws.ncols() });
    }
    let rng = &mut stream(seed, Purpose::Ties, 0);
    // Of categories equal to the truth, as many as chance says lie below it.
    let mut below = |(d, truth): (usize, &f64)| {
        let below = draws.column(d).iter().filter(|v| *v < truth).count();
        match draws.column(d).iter().filter(|v| *v == truth).count() {
            0 => below,
            ties => below + rng.random_range(0..=ties),
        }
    };
    let ranks = theta.iter().enumerate().map(&mut below).collect();
    // The true parameters first; of equal draws, one speaks for all.
    let (mut compared, mut counts) = (theta.to_vec(), Vec::with_capacity(DENSITIES));
    let mut known = HashMap::with_capacity(DENSITIES);
    for row in draws.rows().into_iter().take(DENSITIES) {
        let bits: Vec<u64> = row.iter().map(|v| v.to_bits()).collect();
        let slot = *known.entry(bits).or_insert_with(|| {
            compared.extend(row);
            counts.push(0);
            counts.len() - 1
        });
        counts[slot] += 1;
    }
    let compared = table(compared, theta.len());
    let densities = posterior.density(&compared.view(), &observed, &asking)?;
    let each = densities[1..].iter().zip(counts);
    let (mut higher, mut as_high) = (0, 0);
    for (density, count) in each {
        higher += if *density > densities[0] { count } else { 0 };
        as_high += if *density == densities[0] { count } else { 0 };
    }
    if as_high > 0 {
        higher += rng.random_range(0..=as_high);
    }
    Ok((Ranked { ranks, higher }, draws))
}

#[cfg(test)]
mod tests {
    use super::super::effective::effective_number;
    use super::super::pool::{systematic, truncated};
    use super::*;
    use crate::random::{Purpose, stream};
    use rand::RngExt;
    use rand_distr::StandardNormal;

    /// χ² of the ranks, in twenty bins, of draws of N(0, 1) among those resampled from `proposals` of
    /// N(0, 2²), and what these are worth on average.
    fn test_of_ranks(proposals: usize) -> (f64, f64) {
        let rng = &mut stream(1, Purpose::Resampling, 0);
        let (times, mut bins, mut worth) = (20_000, [0.0; 20], 0.0);
        for _ in 0..times {
            let truth: f64 = rng.sample(StandardNormal);
            let drawn: Vec<f64> =
                (0..proposals).map(|_| 2.0 * rng.sample::<f64, _>(StandardNormal)).collect();
            let log_weights: Vec<f64> = drawn.iter().map(|v| -0.375 * v * v).collect();
            let weights = truncated(&log_weights).unwrap();
            worth += effective_number(&weights) / f64::from(times);
            let chosen = systematic(&weights, RANKED_DRAWS, rng.random_range(0.0..1.0));
            let rank = chosen.iter().filter(|row| drawn[**row] < truth).count();
            bins[rank / 20] += 1.0;
        }
        let expected = f64::from(times) / 20.0;
        (bins.iter().map(|b: &f64| (b - expected).powi(2) / expected).sum(), worth)
    }

    /// Resampled rows repeat; ranks among them are uniform all the same where they are worth enough:
    /// below the 1% point of χ² with 19 degrees of freedom. Twenty independent ones are too few.
    #[test]
    fn ranks_among_repeated_draws_are_uniform() {
        let (square, worth) = test_of_ranks(300);
        assert!((worth - RANKED_WORTH).abs() < 5.0, "{worth}");
        assert!(square < 36.2, "{square}");
        let (square, worth) = test_of_ranks(30);
        assert!(worth < 25.0 && square > 100.0, "{worth} {square}");
    }
}
