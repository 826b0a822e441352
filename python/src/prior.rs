//! Priors.

use crate::arrays::{to_numpy, wide_table};
use crate::errors::Raise;
use crate::work::quietly;
use freeform_simulators as simulators;
use freeform_simulators::{MultivariateNormal, counted};
use numpy::{IntoPyArray, PyArray1, PyArray2};
use pyo3::exceptions::{PyMemoryError, PyValueError};
use pyo3::prelude::*;
use std::path::PathBuf;
use toml::{Table, Value};

/// What a key of an entry can be.
#[derive(FromPyObject)]
enum Field {
    Flag(bool),
    Number(f64),
    Text(String),
    Numbers(Vec<f64>),
    Rows(Vec<Vec<f64>>),
    Texts(Vec<String>),
}

impl From<Field> for Value {
    fn from(field: Field) -> Self {
        match field {
            Field::Flag(flag) => flag.into(),
            Field::Number(number) => number.into(),
            Field::Text(text) => text.into(),
            Field::Numbers(numbers) => numbers.into(),
            Field::Rows(rows) => rows.into(),
            Field::Texts(texts) => texts.into(),
        }
    }
}

/// A parameter that is a category: its name, labels and shares of draws.
type Shares = (String, Vec<String>, Vec<f64>);

/// A prior of the library; `freeform_sbi.Prior` wraps it.
#[pyclass(frozen, module = "freeform_sbi._native")]
pub struct Prior(pub simulators::Prior);

#[pymethods]
impl Prior {
    /// The entries of a `prior.toml`, by their keys.
    #[staticmethod]
    fn entries(entries: Vec<Vec<(String, Field)>>) -> PyResult<Self> {
        let entries = entries.into_iter().map(|entry| {
            Value::Table(entry.into_iter().map(|(key, field)| (key, field.into())).collect())
        });
        let mut root = Table::new();
        root.insert("parameter".to_owned(), Value::Array(entries.collect()));
        Ok(Self(simulators::Prior::try_from(root).map_err(Raise::raise)?))
    }

    /// A multivariate normal.
    #[staticmethod]
    fn multivariate_normal(
        mean: Vec<f64>,
        covariance: Vec<Vec<f64>>,
        names: Option<Vec<String>>,
    ) -> PyResult<Self> {
        let law = MultivariateNormal::new(mean, covariance).map_err(Raise::raise)?;
        Ok(Self(simulators::Prior::multivariate_normal(law, names).map_err(Raise::raise)?))
    }

    /// The prior that `to_toml` wrote.
    #[staticmethod]
    fn from_toml(text: &str) -> PyResult<Self> {
        Ok(Self(simulators::Prior::from_toml_str(text).map_err(Raise::raise)?))
    }

    /// The prior in a file `prior.toml`.
    #[staticmethod]
    fn read(path: PathBuf) -> PyResult<Self> {
        Ok(Self(simulators::Prior::read(path).map_err(Raise::raise)?))
    }

    /// The file's text.
    fn to_toml(&self) -> String {
        self.0.to_toml()
    }

    /// Names of the parameters.
    #[getter]
    fn names(&self) -> Vec<String> {
        self.0.names().to_vec()
    }

    /// Lower and upper bound of each parameter.
    #[getter]
    fn support(&self) -> Vec<(f64, f64)> {
        self.0.support().iter().map(|support| support.bounds()).collect()
    }

    /// Of draws `[n, D]`, how likely each category of the parameters that are such is: names, labels, shares.
    fn probabilities(&self, draws: &Bound<'_, PyAny>) -> PyResult<Vec<Shares>> {
        let draws = wide_table(draws, "draws")?;
        let found = self.0.probabilities(draws.view()).into_iter();
        Ok(found.map(|own| (own.parameter, own.labels, own.probabilities)).collect())
    }

    /// n draws `[n, D]`.
    fn sample<'py>(
        &self,
        py: Python<'py>,
        n: usize,
        seed: u64,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let prior = self.0.clone();
        if n.checked_mul(prior.dim()).is_none_or(|numbers| numbers > isize::MAX as usize / 8) {
            return Err(PyMemoryError::new_err(format!("n = {n} draws do not fit into memory")));
        }
        Ok(to_numpy(py, quietly(py, move |_| prior.sample_n(seed, n))?))
    }

    /// log p(θ) of each row.
    fn log_prob<'py>(
        &self,
        py: Python<'py>,
        theta: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let theta = wide_table(theta, "theta")?;
        let (prior, columns) = (self.0.clone(), theta.ncols());
        if columns != prior.dim() {
            let dim = prior.dim();
            let text = format!(
                "theta has {}, but the prior has {}",
                counted(columns, "column"),
                counted(dim, "parameter")
            );
            return Err(PyValueError::new_err(text));
        }
        let densities = quietly(py, move |_| {
            theta.rows().into_iter().map(|row| prior.log_prob(&row.to_vec())).collect::<Vec<_>>()
        })?;
        Ok(densities.into_pyarray(py))
    }
}
