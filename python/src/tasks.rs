//! Benchmark tasks, their observations and reference posteriors.

use crate::arrays::{table, to_numpy};
use crate::errors::Raise;
use crate::prior::Prior;
use crate::work::quietly;
use freeform_benchmark::reference_draws;
use freeform_simulators as simulators;
use freeform_simulators::{AnySimulator, SourceError, Task};
use numpy::{IntoPyArray, PyArray1, PyArray2};
use pyo3::prelude::*;

/// Name, description, D and C of every task.
#[pyfunction]
pub fn tasks() -> Vec<(&'static str, &'static str, usize, usize)> {
    let infos = simulators::tasks().iter();
    infos.map(|i| (i.name, i.description, i.parameter_dim, i.data_dim)).collect()
}

/// The prior of a task or a `simulator.toml`.
#[pyfunction]
pub fn task_prior(source: &str) -> PyResult<Prior> {
    Ok(Prior(AnySimulator::open(source).map_err(Raise::raise)?.prior().clone()))
}

/// What a NaN in what it gives means: `failed` or `allowed`.
#[pyfunction]
pub fn task_missing(source: &str) -> PyResult<&'static str> {
    Ok(AnySimulator::open(source).map_err(Raise::raise)?.missing().name())
}

type Observed<'py> = (Bound<'py, PyArray1<f64>>, Option<Bound<'py, PyArray1<f64>>>);

/// Observation `number` of a task or a `simulator.toml`, and the true parameters where known.
#[pyfunction]
pub fn observation<'py>(py: Python<'py>, source: &str, number: usize) -> PyResult<Observed<'py>> {
    match AnySimulator::open(source).map_err(Raise::raise)? {
        AnySimulator::Task(task) => {
            let observed = task.observation(number).map_err(|e| SourceError::from(e).raise())?;
            let truth = observed.true_parameters.into_pyarray(py);
            Ok((observed.x.into_pyarray(py), Some(truth)))
        }
        AnySimulator::External(program) => {
            let x = program.observation(number).map_err(Raise::raise)?;
            Ok((x.into_pyarray(py), None))
        }
    }
}

/// `n` draws from a task's true posterior of x `[1, C]`.
#[pyfunction]
pub fn reference<'py>(
    py: Python<'py>,
    task: &str,
    x: &Bound<'py, PyAny>,
    n: usize,
    seed: u64,
) -> PyResult<Bound<'py, PyArray2<f32>>> {
    let task = Task::by_name(task).map_err(|e| SourceError::from(e).raise())?;
    let x: Vec<_> = table(x, "x")?.into_iter().collect();
    let drawn = quietly(py, move |stop| reference_draws(&task, &x, n, seed, stop))?;
    Ok(to_numpy(py, drawn.map_err(Raise::raise)?.theta))
}
