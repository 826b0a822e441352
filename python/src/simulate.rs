//! Simulations by the library's own means: benchmark tasks and external programs. Python callables
//! are called from Python (`_callable.py`).

use crate::arrays::{lengths, table, to_numpy};
use crate::errors::Raise;
use crate::work::run;
use freeform_simulators as simulators;
use freeform_simulators::{
    AnySimulator, ArrayError, FailureCount, FailureKind, FailureReport, FirstFailure, FirstLine,
    SetJob, Simulations, SourceError, simulate_set,
};
use numpy::PyArray2;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

type Tables<'py> = (Bound<'py, PyArray2<f64>>, Bound<'py, PyArray2<f64>>);
/// The same, with what the rows of x were.
type Shaped<'py> = (Bound<'py, PyArray2<f64>>, Bound<'py, PyArray2<f64>>, Option<Vec<usize>>);

fn tables(py: Python<'_>, simulations: Simulations) -> Tables<'_> {
    (to_numpy(py, simulations.theta), to_numpy(py, simulations.x))
}

/// Brings the set at `path` to `n` simulations of a task or a `simulator.toml`; returns how many
/// were asked for and failed, and the details of the failures. `progress` is told how many are done
/// and failed.
#[pyfunction]
#[pyo3(signature = (source, path, n, seed, overwrite, progress))]
pub fn simulate(
    py: Python<'_>,
    source: String,
    path: PathBuf,
    n: u64,
    seed: u64,
    overwrite: bool,
    progress: Option<Bound<'_, PyAny>>,
) -> PyResult<(usize, usize, String)> {
    let done = Arc::new((AtomicU64::new(0), AtomicU64::new(0)));
    let heard = Arc::clone(&done);
    let work = move |stop: &_| -> Result<FailureReport, SourceError> {
        let simulator = AnySimulator::open(&source)?;
        let hear = |simulated: u64, failures: &FailureReport| {
            heard.0.store(simulated, Ordering::Relaxed);
            heard.1.store(failures.total() as u64, Ordering::Relaxed);
        };
        let source = simulator.source();
        let job = SetJob { source, n, seed, path: &path, overwrite, stop, progress: &hear };
        Ok(simulate_set(&job)?.failures)
    };
    let news = |_: Python<'_>| match &progress {
        None => Ok(()),
        Some(progress) => {
            let report = (done.0.load(Ordering::Relaxed), done.1.load(Ordering::Relaxed));
            progress.call1(report).map(drop)
        }
    };
    let failures = run(py, news, work)?.map_err(Raise::raise)?;
    Ok((failures.requested, failures.total(), failures.details()))
}

/// Simulates once at each row of theta; returns the rows that succeeded, and the failures as
/// `simulate` does.
#[pyfunction]
pub fn simulate_at<'py>(
    py: Python<'py>,
    source: String,
    theta: &Bound<'py, PyAny>,
    seed: u64,
) -> PyResult<(Tables<'py>, (usize, usize, String))> {
    let theta = table(theta, "theta")?;
    let work = move |_: &_| match AnySimulator::open(&source)? {
        AnySimulator::Task(task) => {
            Ok::<_, SourceError>(simulators::simulate_at(task.simulator(), theta.view(), seed)?)
        }
        AnySimulator::External(program) => program.simulate_at(theta.view(), seed),
    };
    let batch = run(py, |_| Ok(()), work)?.map_err(Raise::raise)?;
    let failures = batch.failures;
    let account = (failures.requested, failures.total(), failures.details());
    Ok((tables(py, batch.simulations), account))
}

/// Reads `.npz`; with the tables comes what the rows of x were in an array of more dimensions.
#[pyfunction]
pub fn read_simulations(py: Python<'_>, path: PathBuf) -> PyResult<Shaped<'_>> {
    let work = move |_: &_| -> Result<_, ArrayError> {
        if path.extension().is_none_or(|extension| extension != "npz") {
            return Ok((Simulations::read(path)?, None));
        }
        Simulations::read_table(path, &[], FirstLine::Auto)
    };
    let (simulations, layout) = run(py, |_| Ok(()), work)?.map_err(Raise::raise)?;
    let lengths = layout.and_then(|layout| lengths(layout, simulations.data_dim()));
    let (theta, x) = tables(py, simulations);
    Ok((theta, x, lengths))
}

/// Writes `.npz`.
#[pyfunction]
pub fn write_simulations(
    py: Python<'_>,
    path: PathBuf,
    theta: &Bound<'_, PyAny>,
    x: &Bound<'_, PyAny>,
) -> PyResult<()> {
    let simulations = Simulations::new(table(theta, "theta")?, table(x, "x")?);
    let simulations = simulations.map_err(Raise::raise)?;
    run(py, |_| Ok(()), move |_| simulations.write(path))?.map_err(Raise::raise)
}

/// The account of failures found elsewhere, in the command line's words: one line a kind. Each
/// entry is kind, how many, and index, θ and message of the first.
#[pyfunction]
pub fn failure_details(
    requested: usize,
    mut kinds: Vec<(String, usize, u64, Vec<f64>, String)>,
) -> PyResult<String> {
    const KINDS: [(&str, FailureKind); 5] = [
        ("reported", FailureKind::Reported),
        ("not_finite", FailureKind::NonFinite),
        ("crash", FailureKind::Crash),
        ("timeout", FailureKind::Timeout),
        ("wrong_length", FailureKind::WrongLength),
    ];
    let mut report = FailureReport { requested, ..FailureReport::default() };
    let place = |name: &str| KINDS.iter().position(|(known, _)| *known == name);
    kinds.sort_by_key(|entry| place(&entry.0));
    for (name, count, index, theta, message) in kinds {
        let Some(at) = place(&name) else {
            return Err(PyValueError::new_err(format!("kinds: no failure is called {name}")));
        };
        let first = FirstFailure { index, theta, message };
        report.kinds.push(FailureCount { kind: KINDS[at].1, count, first });
    }
    Ok(report.details())
}
