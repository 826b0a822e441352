//! Where numbers cross between numpy and the library, and nowhere else.
//!
//! Tables come in as float32 or float64 with any strides (`_arrays.py` sees to the rest) and are
//! copied once, into the rows that the library owns; what comes out is handed over without a copy.

use freeform_simulators::{DataLayout, Layout};
use ndarray::{Array2, Array3};
use numpy::{Element, IntoPyArray, PyArray2, PyReadonlyArray2};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

/// What tables of the library hold.
pub type Number = f64;

/// A table `[rows, columns]` in the library's numbers.
pub fn table(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Array2<Number>> {
    read(value, name, |v| v as Number, |v| v as Number)
}

/// A table `[rows, columns]` in double precision.
pub fn wide_table(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Array2<f64>> {
    read(value, name, f64::from, |v| v)
}

/// A table `[rows, columns]` in single precision, for scores and plots.
pub fn single_table(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Array2<f32>> {
    read(value, name, |v| v, |v| v as f32)
}

fn read<T>(
    value: &Bound<'_, PyAny>,
    name: &str,
    single: fn(f32) -> T,
    double: fn(f64) -> T,
) -> PyResult<Array2<T>> {
    if let Ok(array) = value.extract::<PyReadonlyArray2<'_, f32>>() {
        let array = array.as_array();
        return rows(array.dim(), array.iter().map(|v| single(*v)).collect());
    }
    let Ok(array) = value.extract::<PyReadonlyArray2<'_, f64>>() else {
        let text = format!("{name} must be a two-dimensional array of float32 or float64");
        return Err(PyTypeError::new_err(text));
    };
    let array = array.as_array();
    rows(array.dim(), array.iter().map(|v| double(*v)).collect())
}

/// Numbers in the order of rows.
fn rows<T>(dim: (usize, usize), values: Vec<T>) -> PyResult<Array2<T>> {
    let shape = |e: ndarray::ShapeError| PyValueError::new_err(e.to_string());
    Array2::from_shape_vec(dim, values).map_err(shape)
}

/// Lengths of an observation of so many numbers that is more than a vector of them: points or trials and
/// channels, or rows and columns of pixels and channels.
pub fn lengths(layout: DataLayout, numbers: usize) -> Option<Vec<usize>> {
    match (layout.layout, layout.shape, layout.channels) {
        (Layout::Image, Some([high, wide]), channels) => Some(vec![high, wide, channels]),
        (Layout::Vector, ..) | (_, _, 0 | 1) => None,
        (.., channels) => Some(vec![numbers / channels, channels]),
    }
}

/// Parameters or data, as the library has them.
pub fn to_numpy<T: Element>(py: Python<'_>, table: Array2<T>) -> Bound<'_, PyArray2<T>> {
    table.into_pyarray(py)
}

/// Draws for several observations, `[m, n, D]`: in single precision, unless that would lose digits.
pub fn draws_to_numpy<'py>(
    py: Python<'py>,
    shape: (usize, usize, usize),
    values: Vec<f64>,
    single: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let wrong = |e: ndarray::ShapeError| PyValueError::new_err(e.to_string());
    if single {
        let values = values.into_iter().map(|v| v as f32).collect();
        return Ok(Array3::from_shape_vec(shape, values)
            .map_err(wrong)?
            .into_pyarray(py)
            .into_any());
    }
    Ok(Array3::from_shape_vec(shape, values).map_err(wrong)?.into_pyarray(py).into_any())
}
