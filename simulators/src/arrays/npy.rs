//! numpy's single-array format.

use std::fs::File;
use std::io::{BufReader, Write};
use std::path::Path;

use ndarray::{Array2, ArrayD, ArrayView2, IxDyn};
use ndarray_npy::{ReadNpyError, ReadNpyExt, WriteNpyExt};

use super::{ArrayError, Orientation};

/// Reads an `.npy` file of f32 or f64 in either memory order.
pub(super) fn read(path: &Path, orientation: Orientation) -> Result<Array2<f32>, ArrayError> {
    let open = || File::open(path).map_err(|source| ArrayError::io("read", path, source));
    let array = match ArrayD::<f32>::read_npy(BufReader::new(open()?)) {
        Err(ReadNpyError::WrongDescriptor(_)) => {
            ArrayD::<f64>::read_npy(BufReader::new(open()?)).map(|array| array.mapv(|v| v as f32))
        }
        other => other,
    };
    let array = array.map_err(|error| explain(path, "npy", error))?;
    to_table(path, array, orientation)
}

pub(super) fn write(
    writer: impl Write,
    path: &Path,
    table: ArrayView2<'_, f32>,
) -> Result<(), ArrayError> {
    // A C-ordered copy only where the view is not one already.
    table
        .as_standard_layout()
        .write_npy(writer)
        .map_err(|error| ArrayError::io("write", path, std::io::Error::other(error)))
}

/// Brings a numpy array of one or two dimensions into a C-ordered table.
pub(super) fn to_table(
    path: &Path,
    array: ArrayD<f32>,
    orientation: Orientation,
) -> Result<Array2<f32>, ArrayError> {
    let shape = array.shape().to_vec();
    let target = match (shape.as_slice(), orientation) {
        (&[n], Orientation::Row) => (1, n),
        (&[n], Orientation::Column) => (n, 1),
        (&[rows, columns], _) => (rows, columns),
        _ => {
            let expected = "one or two dimensions";
            return Err(ArrayError::WrongShape { path: path.to_owned(), found: shape, expected });
        }
    };
    let standard =
        if array.is_standard_layout() { array } else { array.as_standard_layout().into_owned() };
    standard
        .into_shape_with_order(IxDyn(&[target.0, target.1]))
        .and_then(|array| array.into_dimensionality())
        .map_err(|error| ArrayError::malformed(path, "npy", error))
}

/// Turns the reader's error into ours.
pub(super) fn explain(path: &Path, format: &'static str, error: ReadNpyError) -> ArrayError {
    match error {
        ReadNpyError::WrongDescriptor(found) => {
            ArrayError::WrongType { path: path.to_owned(), found: found.to_string() }
        }
        ReadNpyError::Io(source) if source.kind() == std::io::ErrorKind::UnexpectedEof => {
            ArrayError::malformed(path, format, "the file ends early")
        }
        ReadNpyError::Io(source) => ArrayError::io("read", path, source),
        other => ArrayError::malformed(path, format, other),
    }
}
