//! Short trainings, and their posteriors beside exact ones.

// Every test program compiles its own copy and uses a part of it.
#![allow(dead_code)]

use freeform_inference::{Fit, FitError, Posterior};
use freeform_simulators::{Prior, Simulations};
use ndarray::Array2;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// A training with the settings of a test program, `short`, and more of them.
pub fn fit(
    short: &[&str],
    prior: &Prior,
    simulations: Simulations,
    settings: &[&str],
) -> Result<Posterior, FitError> {
    let settings = short.iter().chain(settings);
    let fit = settings.fold(Fit::new(prior), |fit, setting| fit.set(setting).unwrap());
    fit.run(simulations)
}

/// Whether a model's file has this version, or that of all models whose likelihood has a power.
pub fn is_of_version(text: &str, version: u64) -> bool {
    let version = if text.contains("\npower = ") { 14 } else { version };
    text.contains(&format!("\nformat_version = {version}\n"))
}

pub fn normal(rng: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(rng)
}

/// Mean and deviation of a column of draws.
pub fn moments(draws: &Array2<f64>, column: usize) -> (f64, f64) {
    let mean = draws.column(column).mean().unwrap();
    (mean, draws.column(column).mapv(|v| (v - mean).powi(2)).mean().unwrap().sqrt())
}

/// Mean and deviation of the law whose log-density on a grid is this, up to a constant.
pub fn on_grid(grid: &[f64], log: impl Fn(&f64) -> f64) -> (f64, f64) {
    let log: Vec<f64> = grid.iter().map(log).collect();
    let most = log.iter().copied().fold(f64::MIN, f64::max);
    let weights: Vec<f64> = log.iter().map(|l| (l - most).exp()).collect();
    let total: f64 = weights.iter().sum();
    let mean = |f: &dyn Fn(f64) -> f64| {
        grid.iter().zip(&weights).map(|(v, w)| f(*v) * w / total).sum::<f64>()
    };
    let center = mean(&|v| v);
    (center, mean(&|v| (v - center).powi(2)).sqrt())
}

/// Root mean square of (mean − exact mean) / exact width, and mean of width / exact width, over pairs of
/// found and exact moments.
pub fn compare(pairs: &[[(f64, f64); 2]]) -> (f64, f64) {
    let n = pairs.len() as f64;
    let square = |[(m, _), (exact, sd)]: &[(f64, f64); 2]| ((m - exact) / sd).powi(2);
    let ratio = |[(_, w), (_, sd)]: &[(f64, f64); 2]| w / sd;
    let error = pairs.iter().map(square).sum::<f64>() / n;
    (error.sqrt(), pairs.iter().map(ratio).sum::<f64>() / n)
}
