//! Posteriors.

use crate::arrays::{draws_to_numpy, lengths, table};
use crate::errors::Raise;
use crate::prior::Prior;
use crate::work::quietly;
use freeform_inference as inference;
use freeform_inference::{Asking, EngineKind, PosteriorError};
use freeform_simulators::single_holds;
use numpy::{IntoPyArray, PyArray1};
use pyo3::exceptions::{PyMemoryError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use std::path::PathBuf;
use std::sync::Arc;

/// A posterior of the library; `freeform_sbi.Posterior` wraps it.
#[pyclass(frozen, module = "freeform_sbi._native")]
pub struct Posterior(pub Arc<inference::Posterior>);

/// A device by its name, once it is known to be there.
pub fn open_device(name: &str) -> PyResult<EngineKind> {
    let kind: EngineKind =
        name.parse().map_err(|e| PyValueError::new_err(format!("device: {e}")))?;
    kind.open().map_err(|e| PyRuntimeError::new_err(e.to_string()))?;
    Ok(kind)
}

#[pymethods]
impl Posterior {
    /// The posterior in a folder.
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf, device: &str) -> PyResult<Self> {
        let kind = open_device(device)?;
        let loaded = quietly(py, move |_| inference::Posterior::load(&path, kind))?;
        Ok(Self(Arc::new(loaded.map_err(Raise::raise)?)))
    }

    /// Writes it into a folder.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        let posterior = Arc::clone(&self.0);
        quietly(py, move |_| posterior.save(&path))?.map_err(Raise::raise)
    }

    /// `n` draws for each row of x, `[m, n, D]`, and what there is to warn of. Row i has the draws of
    /// `seed` + i. `anyway` gives draws that are worth next to nothing too.
    fn sample<'py>(
        &self,
        py: Python<'py>,
        x: &Bound<'py, PyAny>,
        n: usize,
        seed: u64,
        anyway: bool,
    ) -> PyResult<(Bound<'py, PyAny>, Vec<String>)> {
        let x = table(x, "x")?;
        let posterior = Arc::clone(&self.0);
        let (m, dim) = (x.nrows(), posterior.model().theta_dim());
        let room = m.checked_mul(n).and_then(|rows| rows.checked_mul(dim));
        let mut all: Vec<f64> = Vec::new();
        if room.is_none_or(|numbers| all.try_reserve_exact(numbers).is_err()) {
            let text = format!("{m} × {n} draws of {dim} parameters do not fit into memory");
            return Err(PyMemoryError::new_err(text));
        }
        let drawn = quietly(py, move |stop| -> Result<_, PosteriorError> {
            let asking = Asking { anyway, ..Asking::until(stop) };
            let (mut single, mut warnings) = (true, Vec::new());
            for (row, x) in x.rows().into_iter().enumerate() {
                let seed = seed.wrapping_add(row as u64);
                let draws = posterior.sample_as(&x.to_vec(), n, seed, &asking)?;
                single &= single_holds(&posterior.model().prior, draws.theta.view());
                let place = if m > 1 { format!("observation {row}: ") } else { String::new() };
                warnings.extend(draws.warnings().iter().map(|text| format!("{place}{text}")));
                all.extend(draws.theta);
            }
            Ok((all, single, warnings))
        })?;
        let (all, single, warnings) = drawn.map_err(Raise::raise)?;
        Ok((draws_to_numpy(py, (m, n, dim), all, single)?, warnings))
    }

    /// log p(θ | x) of each row of theta, for one x `[1, C]`.
    fn log_prob<'py>(
        &self,
        py: Python<'py>,
        theta: &Bound<'py, PyAny>,
        x: &Bound<'py, PyAny>,
        seed: u64,
        normalized: bool,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let (theta, x) = (table(theta, "theta")?, table(x, "x")?.into_iter().collect::<Vec<_>>());
        let posterior = Arc::clone(&self.0);
        let seed = normalized.then_some(seed);
        let work = move |stop: &_| posterior.log_prob_until(stop, &theta.view(), &x, seed);
        let densities = quietly(py, work)?;
        Ok(densities.map_err(Raise::raise)?.into_pyarray(py))
    }

    /// Numbers in an observation.
    #[getter]
    fn data_dim(&self) -> usize {
        self.0.model().data_dim()
    }

    /// Numbers of a trial, where an observation may have any number of them.
    #[getter]
    fn trial_dim(&self) -> Option<usize> {
        let expected = self.0.model().expected();
        expected.any_number.then_some(expected.layout.channels)
    }

    /// Lengths of an observation that is more than a vector.
    #[getter]
    fn x_shape(&self) -> Option<Vec<usize>> {
        let model = self.0.model();
        lengths(model.layout(), model.data_dim())
    }

    /// The prior.
    #[getter]
    fn prior(&self) -> Prior {
        Prior(self.0.model().prior.clone())
    }

    /// How the training went, as JSON.
    fn training(&self) -> PyResult<String> {
        let text = serde_json::to_string(&self.0.model().training);
        text.map_err(|e| PyRuntimeError::new_err(e.to_string()))
    }

    /// Every setting, as JSON.
    fn settings(&self) -> PyResult<String> {
        let text = serde_json::to_string(&self.0.model().config);
        text.map_err(|e| PyRuntimeError::new_err(e.to_string()))
    }
}
