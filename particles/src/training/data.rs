//! What a training is given.

use super::settings::TrainSettings;
use super::train::TrainError;
use crate::space::{center_rows, degrees_of_freedom};
use ndarray::{Array2, ArrayView2, s};

/// Standard deviation of zero-centred coordinates, a degree of freedom: √(Σ|x|² / (rows·dof)).
#[must_use]
pub fn data_scale(x: ArrayView2<'_, f64>, dims: usize) -> f64 {
    let dof = degrees_of_freedom(x.ncols() / dims, dims);
    let square: f64 =
        x.rows().into_iter().map(|row| crate::space::spread(&row.to_vec(), dims)).sum();
    (square / (x.nrows() * dof) as f64).sqrt()
}

/// BLAKE3 of the data.
pub(super) fn fingerprint(x: ArrayView2<'_, f64>) -> String {
    let mut hasher = blake3::Hasher::new();
    for row in x.rows() {
        hasher.update(&row.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>());
    }
    hasher.finalize().to_hex()[..32].to_owned()
}

/// Zero-centred training and validation rows.
pub(super) fn split(
    settings: &TrainSettings,
    x: ArrayView2<'_, f64>,
    dims: usize,
) -> Result<(Array2<f64>, Array2<f64>), TrainError> {
    let (rows, width) = x.dim();
    if dims == 0 || !width.is_multiple_of(dims) || width < 2 * dims {
        let what = format!("{width} coordinates a row are not two or more particles of {dims}");
        return Err(TrainError::Data(what));
    }
    if let Some(((row, column), value)) = x.indexed_iter().find(|(_, v)| !v.is_finite()) {
        let (row, column) = (row + 1, column + 1);
        return Err(TrainError::Data(format!("row {row}, column {column} is {value}")));
    }
    if rows <= settings.validation {
        return Err(TrainError::Data(format!(
            "{rows} rows, of which validation = {} are kept apart: give more rows, or fewer to it, as in \
             --set validation={}",
            settings.validation,
            (rows / 5).max(1)
        )));
    }
    let mut x = x.to_owned();
    center_rows(&mut x, dims);
    let cut = rows - settings.validation;
    Ok((x.slice(s![..cut, ..]).to_owned(), x.slice(s![cut.., ..]).to_owned()))
}
