//! Plots, written as SVG.

use crate::arrays::wide_table;
use crate::errors::Raise;
use crate::work::quietly;
use freeform_benchmark as benchmark;
use freeform_benchmark::{CalibrationPlot, PairPlot};
use freeform_simulators::counted;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::path::PathBuf;

/// A corner plot of draws `[n, D]`, with reference draws and true parameters `[1, D]` if given.
#[pyfunction]
#[pyo3(signature = (path, title, names, draws, reference, truth))]
pub fn pair_plot(
    py: Python<'_>,
    path: PathBuf,
    title: String,
    names: Vec<String>,
    draws: &Bound<'_, PyAny>,
    reference: Option<Bound<'_, PyAny>>,
    truth: Option<Bound<'_, PyAny>>,
) -> PyResult<()> {
    let draws = wide_table(draws, "draws")?;
    let reference = reference.map(|r| wide_table(&r, "reference")).transpose()?;
    let truth = truth.map(|t| wide_table(&t, "truth")).transpose()?;
    let widths =
        [("draws", Some(&draws)), ("reference", reference.as_ref()), ("truth", truth.as_ref())];
    for (name, given) in widths {
        if let Some(columns) = given.map(|g| g.ncols()).filter(|c| *c != names.len()) {
            let text = format!(
                "{name} has {}, but there are {}",
                counted(columns, "column"),
                counted(names.len(), "name")
            );
            return Err(PyValueError::new_err(text));
        }
    }
    let truth: Option<Vec<_>> = truth.map(|t| t.into_iter().collect());
    quietly(py, move |_| {
        let plot = PairPlot {
            prior: None,
            title: &title,
            names: &names,
            posterior: draws.view(),
            reference: reference.as_ref().map(|r| r.view()),
            truth: truth.as_deref(),
        };
        benchmark::pair_plot(&path, &plot)
    })?
    .map_err(Raise::raise)
}

/// Ranks of each parameter as counts in bins, and (level, coverage).
#[pyfunction]
pub fn calibration_plot(
    py: Python<'_>,
    path: PathBuf,
    title: String,
    names: Vec<String>,
    counts: Vec<Vec<usize>>,
    coverage: Vec<(f64, f64)>,
    simulations: usize,
) -> PyResult<()> {
    quietly(py, move |_| {
        let plot = CalibrationPlot {
            title: &title,
            names: &names,
            counts: counts.iter().map(|c| &c[..]).collect(),
            coverage: &coverage,
            simulations,
        };
        benchmark::calibration_plot(&path, &plot)
    })?
    .map_err(Raise::raise)
}
