//! Judging posteriors: C2ST, ranks, coverage.

use crate::arrays::{single_table, table};
use crate::errors::Raise;
use crate::posterior::Posterior;
use crate::work::{quietly, run};
use freeform_benchmark as benchmark;
use freeform_benchmark::{C2stSettings, Classifier};
use freeform_inference::{Ranks, rank_simulations};
use freeform_simulators::Simulations;
use ndarray::Array2;
use numpy::{IntoPyArray, PyArray1, PyArray2};
use pyo3::exceptions::{PyKeyboardInterrupt, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Held-out accuracy of a classifier that tells rows of x from rows of y: the mean, and each fold's.
#[pyfunction]
pub fn c2st(
    py: Python<'_>,
    x: &Bound<'_, PyAny>,
    y: &Bound<'_, PyAny>,
    seed: u64,
    folds: usize,
    classifier: &str,
) -> PyResult<(f64, Vec<f64>)> {
    let classifier = match classifier {
        "mlp" => Classifier::Mlp,
        "logistic" => Classifier::Logistic,
        other => {
            let text = format!("classifier: \"{other}\" is none; choose \"mlp\" or \"logistic\"");
            return Err(PyValueError::new_err(text));
        }
    };
    let (x, y) = (single_table(x, "x")?, single_table(y, "y")?);
    let settings = C2stSettings { classifier, seed, folds };
    let score = quietly(py, move |stop| benchmark::c2st(x.view(), y.view(), &settings, stop))?;
    let score = score.map_err(Raise::raise)?;
    Ok((score.accuracy, score.folds))
}

type Ranked<'py> = (Bound<'py, PyArray2<usize>>, Bound<'py, PyArray1<f64>>, usize);

/// Ranks `[n, D]` of each row of theta among posterior draws given its row of x; the share of draws
/// with a higher density; how many draws there were.
#[pyfunction]
#[pyo3(signature = (posterior, theta, x, seed, progress))]
pub fn rank<'py>(
    py: Python<'py>,
    posterior: &Posterior,
    theta: &Bound<'py, PyAny>,
    x: &Bound<'py, PyAny>,
    seed: u64,
    progress: Option<Bound<'py, PyAny>>,
) -> PyResult<Ranked<'py>> {
    let simulations = Simulations::new(table(theta, "theta")?, table(x, "x")?);
    let simulations = simulations.map_err(Raise::raise)?;
    let posterior = Arc::clone(&posterior.0);
    let missing = posterior.model().config.transform.missing;
    let mut rows = simulations.usable_rows(missing);
    rows.retain(|row| missing.is_success(&simulations.x.row(*row).to_vec()));
    let simulations = simulations.rows(&rows);
    let done = Arc::new(AtomicUsize::new(0));
    let heard = Arc::clone(&done);
    let work = move |stop: &_| {
        let hear = || {
            heard.fetch_add(1, Ordering::Relaxed);
        };
        rank_simulations(&posterior, &simulations, seed, stop, &hear)
    };
    let news = |_: Python<'_>| match &progress {
        None => Ok(()),
        Some(progress) => progress.call1((done.load(Ordering::Relaxed),)).map(drop),
    };
    let ranked = run(py, news, work)?.map_err(Raise::raise)?;
    let Some(Ranks { ranks, shares, draws }) = ranked else {
        return Err(PyKeyboardInterrupt::new_err("the ranking was interrupted"));
    };
    let (rows, columns) = (ranks.len(), ranks.first().map_or(0, Vec::len));
    let flat = ranks.into_iter().flatten().collect();
    let ranks = Array2::from_shape_vec((rows, columns), flat)
        .map_err(|e| PyRuntimeError::new_err(e.to_string()))?;
    Ok((ranks.into_pyarray(py), shares.into_pyarray(py), draws))
}

/// χ² test of ranks from 0 to `draws` against uniformity: counts in bins, χ², and the p-value, which
/// too few ranks do not have.
#[pyfunction]
pub fn uniformity(ranks: Vec<usize>, draws: usize) -> (Vec<usize>, f64, Option<f64>) {
    let test = benchmark::uniformity(&ranks, draws);
    (test.counts, test.chi_square, test.p_value)
}

/// The fewest ranks that the test of [`uniformity`] has a p-value for.
#[pyfunction]
pub fn least_ranks(draws: usize) -> usize {
    benchmark::least_ranks(draws)
}

/// How far the coverage of an exact posterior, over n simulations, is off by at most: 99 times of 100.
#[pyfunction]
pub fn coverage_band(n: usize) -> f64 {
    benchmark::coverage_band(n)
}
