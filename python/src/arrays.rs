//! Where numbers cross between numpy and the library, and nowhere else.
//!
//! Tables come in as float32 or float64 with any strides (`_arrays.py` sees to the rest) and are
//! copied once, into the rows that the library owns; what comes out is handed over without a copy.

use ndarray::{Array1, Array2, Array3};
use numpy::{IntoPyArray, PyArray1, PyArray2, PyArray3, PyReadonlyArray2};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

/// What tables of the library hold.
pub type Number = f32;

/// A table `[rows, columns]` in the library's numbers.
pub fn table(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Array2<Number>> {
    if let Ok(array) = value.extract::<PyReadonlyArray2<'_, f32>>() {
        return rows(array.as_array().dim(), array.as_array().iter().copied());
    }
    wide(value, name, |v| v as Number)
}

/// A table `[rows, columns]` in double precision.
pub fn wide_table(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Array2<f64>> {
    if let Ok(array) = value.extract::<PyReadonlyArray2<'_, f32>>() {
        return rows(array.as_array().dim(), array.as_array().iter().map(|v| f64::from(*v)));
    }
    wide(value, name, |v| v)
}

fn wide<T>(value: &Bound<'_, PyAny>, name: &str, narrow: fn(f64) -> T) -> PyResult<Array2<T>> {
    let Ok(array) = value.extract::<PyReadonlyArray2<'_, f64>>() else {
        let text = format!("{name} must be a two-dimensional array of float32 or float64");
        return Err(PyTypeError::new_err(text));
    };
    rows(array.as_array().dim(), array.as_array().iter().map(|v| narrow(*v)))
}

/// Numbers in the order of rows.
fn rows<T>(dim: (usize, usize), values: impl Iterator<Item = T>) -> PyResult<Array2<T>> {
    let shape = |e: ndarray::ShapeError| PyValueError::new_err(e.to_string());
    Array2::from_shape_vec(dim, values.collect()).map_err(shape)
}

/// Draws, parameters or data, as numpy knows them: float32.
pub fn to_numpy(py: Python<'_>, table: Array2<Number>) -> Bound<'_, PyArray2<f32>> {
    table.into_pyarray(py)
}

/// Draws for several observations.
pub fn stack_to_numpy(py: Python<'_>, table: Array3<Number>) -> Bound<'_, PyArray3<f32>> {
    table.into_pyarray(py)
}

/// One observation as a row.
pub fn vector_to_numpy(py: Python<'_>, values: Vec<Number>) -> Bound<'_, PyArray1<f32>> {
    Array1::from_vec(values).into_pyarray(py)
}
