//! Exact posteriors by weighing prior draws.

use crate::cases::Case;
use ndarray::Array2;
use rayon::prelude::*;

/// Prior draws that are weighed.
const DRAWS: usize = 2_000_000;

/// `n` draws from the posterior of `x`, by systematic resampling.
pub fn exact_draws(case: &Case, x: &[f64], n: usize) -> Array2<f64> {
    let prior = case.prior();
    let drawn = prior.sample_n(987, DRAWS);
    let log: Vec<f64> = (0..DRAWS)
        .into_par_iter()
        .map(|i| (case.log_likelihood)(&drawn.row(i).to_vec(), x))
        .collect();
    let most = log.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = log.iter().map(|l| (l - most).exp()).collect();
    let (sum, squares) = weights.iter().fold((0.0, 0.0), |(s, q), w| (s + w, q + w * w));
    let effective = sum * sum / squares;
    assert!(effective > 3.0 * n as f64, "{}: {effective} effective draws", case.name);
    let step = sum / n as f64;
    let (mut index, mut reached) = (0, weights[0]);
    let chosen: Vec<usize> = (0..n)
        .map(|k| {
            while reached < (k as f64 + 0.5) * step && index + 1 < DRAWS {
                index += 1;
                reached += weights[index];
            }
            index
        })
        .collect();
    drawn.select(ndarray::Axis(0), &chosen)
}
