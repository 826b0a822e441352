//! What several test files share.
#![allow(dead_code)]

use freeform_simulators::{Simulator, Task, simulate_at};
use ndarray::{Array2, ArrayView2};

/// Seed of [`repeated`].
pub const SEED: u64 = 20_240_601;

/// `n` simulations at one θ.
pub fn repeated<S: Simulator + ?Sized>(simulator: &S, theta: &[f64], n: usize) -> Array2<f64> {
    let theta = Array2::from_shape_fn((n, theta.len()), |(_, column)| theta[column]);
    let batch = simulate_at(simulator, theta.view(), SEED).unwrap();
    assert_eq!(batch.failures.total(), 0);
    batch.simulations.x
}

/// Sample mean and its standard error.
pub fn mean_and_error(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let n = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / n;
    let variance = values.map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}

/// Asserts that a sample mean lies within `SIGMAS` standard errors of what it should be.
pub fn assert_mean(label: &str, values: impl Iterator<Item = f64> + Clone, expected: f64) {
    const SIGMAS: f64 = 5.0;
    let (mean, error) = mean_and_error(values);
    let slack = SIGMAS * error + 1e-6 * (1.0 + expected.abs());
    assert!((mean - expected).abs() <= slack, "{label}: {mean} ± {error}, expected {expected}");
}

/// Asserts mean and variance of every column.
pub fn assert_columns(label: &str, x: ArrayView2<'_, f64>, mean: &[f64], variance: &[f64]) {
    assert_eq!((x.ncols(), x.ncols()), (mean.len(), variance.len()));
    for (column, values) in x.columns().into_iter().enumerate() {
        let values = values.iter().copied();
        let label = format!("{label}, column {column}");
        assert_mean(&label, values.clone(), mean[column]);
        let squares = values.map(|v| (v - mean[column]).powi(2));
        assert_mean(&format!("{label}, variance"), squares, variance[column]);
    }
}

/// Asserts the covariance of two columns with known means.
pub fn assert_covariance(
    label: &str,
    x: ArrayView2<'_, f64>,
    (i, j): (usize, usize),
    mean: &[f64],
    covariance: f64,
) {
    let products = x.rows().into_iter().map(|r| (r[i] - mean[i]) * (r[j] - mean[j]));
    assert_mean(&format!("{label}, covariance {i} {j}"), products, covariance);
}

/// Asserts that two numbers agree to a relative tolerance.
pub fn assert_close(label: &str, found: f64, expected: f64, relative: f64) {
    let slack = relative * (1.0 + expected.abs());
    assert!((found - expected).abs() <= slack, "{label}: {found}, expected {expected}");
}

/// The rows of a fixture in double precision; a first field that is no number is left out.
pub fn fixture(text: &str) -> Vec<Vec<f64>> {
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    rows.map(|line| line.split(',').filter_map(|field| field.parse().ok()).collect()).collect()
}

/// The true parameters and data of an official observation, rounded to single precision, from which
/// the figures to compare with were computed.
pub fn official(task: &Task, number: usize) -> (Vec<f64>, Vec<f64>) {
    let observation = task.observation(number).unwrap();
    let rounded = |values: Vec<f64>| values.into_iter().map(|v| f64::from(v as f32)).collect();
    (rounded(observation.true_parameters), rounded(observation.x))
}
