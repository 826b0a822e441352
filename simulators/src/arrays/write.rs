//! Writing tables, whole or not at all.

use std::io;
use std::path::Path;

use ndarray::{ArrayView, ArrayView2, Dimension};

use super::format::Format;
use super::npy::{self, Number};
use super::{ArrayError, npz, text};
use crate::write_atomically;

/// Writes a table of `f32` or `f64` to `.npy`, `.npz` (as the array `name`) or text without a
/// header (`.csv` with commas, `.tsv` with tabs, `.txt` and `.dat` with spaces), whole or not at all.
///
/// # Errors
/// [`ArrayError::UnknownExtension`] or [`ArrayError::Io`].
pub fn write_table<N: Number>(
    path: impl AsRef<Path>,
    name: &str,
    table: ArrayView2<'_, N>,
) -> Result<(), ArrayError> {
    let path = path.as_ref();
    let format = Format::of(path)?;
    let io = |source: io::Error| ArrayError::io("write", path, source);
    write_atomically(path, |writer| match format {
        Format::Npy => npy::write(writer, table.shape(), table.iter().copied()).map_err(io),
        Format::Npz => npz::write(writer, &[(name, table)]).map_err(io),
        Format::Text { separator } => text::write(writer, path, separator, None, table),
    })
}

/// Writes a table as text under a header of column names, whole or not at all.
///
/// # Errors
/// [`ArrayError::UnknownExtension`] where the name does not end as text does, [`ArrayError::Io`],
/// or [`ArrayError::Malformed`] if the names do not match the columns.
pub fn write_csv<N: Number>(
    path: impl AsRef<Path>,
    names: &[String],
    table: ArrayView2<'_, N>,
) -> Result<(), ArrayError> {
    let path = path.as_ref();
    let Format::Text { separator } = Format::of(path)? else {
        return Err(ArrayError::unknown_extension(path, ".csv, .tsv, .txt or .dat"));
    };
    write_atomically(path, |writer| text::write(writer, path, separator, Some(names), table))
}

/// Writes several tables into one `.npz`, by name, as [`write_table`] writes one.
///
/// # Errors
/// [`ArrayError`] for another extension, or a failed write.
pub fn write_arrays<N: Number, D: Dimension>(
    path: impl AsRef<Path>,
    arrays: &[(&str, ArrayView<'_, N, D>)],
) -> Result<(), ArrayError> {
    let path = path.as_ref();
    if Format::of(path)? != Format::Npz {
        return Err(ArrayError::unknown_extension(path, ".npz"));
    }
    let io = |source: io::Error| ArrayError::io("write", path, source);
    write_atomically(path, |writer| npz::write(writer, arrays).map_err(io))
}
