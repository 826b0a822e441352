//! Tables of numbers on disk, in the formats of the numpy world.

pub(crate) mod csv;
mod error;
mod npy;
mod simulations;

use std::path::Path;

use ndarray::{Array2, ArrayView2};

use crate::files::write_atomically;
pub use error::ArrayError;
pub use simulations::Simulations;

/// How a one-dimensional array becomes a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Orientation {
    /// `[n]` becomes `[1, n]`: one observation of n numbers.
    Row,
    /// `[n]` becomes `[n, 1]`: n values of one quantity.
    Column,
}

enum Format {
    Npy,
    Csv,
}

fn format_of(path: &Path) -> Result<Format, ArrayError> {
    let extension = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
    match extension.as_deref() {
        Some("npy") => Ok(Format::Npy),
        Some("csv") => Ok(Format::Csv),
        _ => {
            let expected = ".npy or .csv";
            Err(ArrayError::UnknownExtension { path: path.to_owned(), expected })
        }
    }
}

/// Reads a table `[rows, columns]` from `.npy` (f32 or f64, C or Fortran order) or `.csv`
/// (header optional). A one-dimensional array becomes a column.
///
/// # Errors
/// See [`ArrayError`]; every variant names the file.
pub fn read_table(path: impl AsRef<Path>) -> Result<Array2<f32>, ArrayError> {
    read_table_oriented(path, Orientation::Column)
}

/// Reads a table as [`read_table`] does, with the caller's choice for one-dimensional arrays.
///
/// # Errors
/// See [`ArrayError`].
pub fn read_table_oriented(
    path: impl AsRef<Path>,
    orientation: Orientation,
) -> Result<Array2<f32>, ArrayError> {
    let path = path.as_ref();
    match format_of(path)? {
        Format::Npy => npy::read(path, orientation),
        Format::Csv => csv::read(path),
    }
}

/// Reads one vector, such as an observation: an array `[n]`, or a table of one row or column.
///
/// # Errors
/// [`ArrayError::WrongShape`] for a table of several rows and columns, else as [`read_table`].
pub fn read_vector(path: impl AsRef<Path>) -> Result<Vec<f32>, ArrayError> {
    let path = path.as_ref();
    let table = read_table_oriented(path, Orientation::Row)?;
    if table.nrows() != 1 && table.ncols() != 1 {
        let (path, found) = (path.to_owned(), table.shape().to_vec());
        return Err(ArrayError::WrongShape { path, found, expected: "one row or one column" });
    }
    Ok(table.into_iter().collect())
}

/// Writes a table to `.npy` (f32, C order) or `.csv` (no header), whole or not at all.
///
/// # Errors
/// [`ArrayError::UnknownExtension`] or [`ArrayError::Io`].
pub fn write_table(path: impl AsRef<Path>, table: ArrayView2<'_, f32>) -> Result<(), ArrayError> {
    let path = path.as_ref();
    let format = format_of(path)?;
    write_atomically(path, |writer| match format {
        Format::Npy => npy::write(writer, path, table),
        Format::Csv => csv::write(writer, path, table, None),
    })
}

/// Writes a table to `.csv` under a header of column names, whole or not at all.
///
/// # Errors
/// [`ArrayError::Io`], or [`ArrayError::Malformed`] if the names do not match the columns.
pub fn write_csv(
    path: impl AsRef<Path>,
    names: &[String],
    table: ArrayView2<'_, f32>,
) -> Result<(), ArrayError> {
    let path = path.as_ref();
    write_atomically(path, |writer| csv::write(writer, path, table, Some(names)))
}
