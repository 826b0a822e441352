//! Where numbers cross between numpy and the library, and nowhere else.
//!
//! Tables come in as float32 or float64 with any strides (`_arrays.py` sees to the rest) and are
//! copied once, into the rows that the library owns; what comes out is handed over without a copy.

use ndarray::{Array2, Array3};
use numpy::{IntoPyArray, PyArray1, PyArray2, PyArray3, PyReadonlyArray2};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

/// What tables of the library hold.
pub type Number = f64;

/// A number of the library, which Python is given in single precision.
pub trait Single {
    /// Rounded.
    fn single(self) -> f32;
}

impl Single for f32 {
    fn single(self) -> f32 {
        self
    }
}

impl Single for f64 {
    fn single(self) -> f32 {
        self as f32
    }
}

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

/// A table's numbers row by row in single precision; the same memory where that is what they are.
fn flat<T: Single>(table: Array2<T>) -> Vec<f32> {
    if !table.is_standard_layout() {
        return table.into_iter().map(Single::single).collect();
    }
    let length = table.len();
    let (values, offset) = table.into_raw_vec_and_offset();
    values.into_iter().skip(offset.unwrap_or(0)).take(length).map(Single::single).collect()
}

/// Draws, parameters or data, as numpy knows them.
pub fn to_numpy<T: Single>(py: Python<'_>, table: Array2<T>) -> PyResult<Bound<'_, PyArray2<f32>>> {
    Ok(rows(table.dim(), flat(table))?.into_pyarray(py))
}

/// Draws for several observations, `[m, n, D]`.
pub fn stack_to_numpy(
    py: Python<'_>,
    shape: (usize, usize, usize),
    values: Vec<f32>,
) -> PyResult<Bound<'_, PyArray3<f32>>> {
    let stack = Array3::from_shape_vec(shape, values);
    Ok(stack.map_err(|e| PyValueError::new_err(e.to_string()))?.into_pyarray(py))
}

/// One observation.
pub fn vector_to_numpy<T: Single>(py: Python<'_>, values: Vec<T>) -> Bound<'_, PyArray1<f32>> {
    values.into_iter().map(Single::single).collect::<Vec<_>>().into_pyarray(py)
}
