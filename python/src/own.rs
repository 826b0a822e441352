//! Laws of one's own: callables.

use crate::errors::Raise;
use freeform_simulators::{Block, OwnLaw, Prior, SimulationRng, Support};
use pyo3::prelude::*;
use rand::Rng;
use std::sync::Arc;

/// Two callables: a draw of a seed, and the log-density of a θ.
struct Callables {
    name: String,
    names: Vec<String>,
    support: Vec<Support>,
    sample: Py<PyAny>,
    log_prob: Py<PyAny>,
}

impl OwnLaw for Callables {
    fn name(&self) -> &str {
        &self.name
    }

    fn names(&self) -> &[String] {
        &self.names
    }

    fn support(&self) -> &[Support] {
        &self.support
    }

    fn sample(&self, rng: &mut SimulationRng, out: &mut [f64]) {
        let seed = rng.next_u64() >> 11;
        let drawn: PyResult<Vec<f64>> =
            Python::attach(|py| self.sample.call1(py, (seed,))?.extract(py));
        match drawn {
            Ok(theta) if theta.len() == out.len() => out.copy_from_slice(&theta),
            // What failed was no failure when the prior was built.
            _ => out.fill(f64::NAN),
        }
    }

    fn log_prob(&self, theta: &[f64]) -> f64 {
        let density: PyResult<f64> =
            Python::attach(|py| self.log_prob.call1(py, (theta.to_vec(),))?.extract(py));
        density.unwrap_or(f64::NAN)
    }
}

/// Makes a law known under its name, once its density is that of its draws.
#[pyfunction]
pub fn register_law(
    name: String,
    names: Vec<String>,
    low: Vec<f64>,
    high: Vec<f64>,
    sample: Py<PyAny>,
    log_prob: Py<PyAny>,
) -> PyResult<()> {
    let support =
        low.into_iter().zip(high).map(|(low, high)| Support::between(low, high)).collect();
    let law = Callables { name, names, support, sample, log_prob };
    Prior::joint(vec![Block::Own(Arc::new(law))]).map_err(Raise::raise)?;
    Ok(())
}
