//! What can go wrong with a table on disk.

use std::path::{Path, PathBuf};

use thiserror::Error;

/// A table could not be read or written.
#[derive(Debug, Error)]
pub enum ArrayError {
    /// The operating system refused.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// `read`, `write` or `replace`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The name's ending is not one that this library knows.
    #[error("{path}: unknown table format; use a name that ends in {expected}")]
    UnknownExtension {
        /// The file.
        path: PathBuf,
        /// The endings that would do.
        expected: &'static str,
    },
    /// The content is not what the name's ending promises.
    #[error("{path} is not a readable {format} file: {reason}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// `npy`, `npz` or `csv`.
        format: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The numbers are of a type other than f32 and f64.
    #[error(
        "{path} holds numbers of type {found}, not float32 or float64; in numpy, save \
         `array.astype(np.float32)`"
    )]
    WrongType {
        /// The file.
        path: PathBuf,
        /// numpy's descriptor of the type found.
        found: String,
    },
    /// The array has more than two dimensions, or none.
    #[error("{path} has shape {found:?}; expected {expected}")]
    WrongShape {
        /// The file.
        path: PathBuf,
        /// The shape found.
        found: Vec<usize>,
        /// The shape that would do.
        expected: &'static str,
    },
    /// A CSV line has more or fewer fields than the first.
    #[error("{path}, line {line}: {found} fields where the first line has {expected}")]
    RaggedCsv {
        /// The file.
        path: PathBuf,
        /// Line, counted from 1.
        line: u64,
        /// Fields in this line.
        found: usize,
        /// Fields in the first line.
        expected: usize,
    },
    /// A CSV field is not a number.
    #[error("{path}, line {line}, field {field}: \"{text}\" is not a number")]
    NotANumber {
        /// The file.
        path: PathBuf,
        /// Line, counted from 1.
        line: u64,
        /// Field, counted from 1.
        field: usize,
        /// The field's text.
        text: String,
    },
    /// An `.npz` file lacks one of the arrays asked for.
    #[error(
        "{path} has no array \"{name}\" (it holds {found}); save with np.savez(path, theta=theta, x=x)"
    )]
    MissingArray {
        /// The file.
        path: PathBuf,
        /// The array asked for.
        name: String,
        /// The arrays that are there.
        found: String,
    },
    /// Parameters and data have different numbers of rows.
    #[error("theta has {theta} rows but x has {x}: row i of both must be the same simulation")]
    RowCounts {
        /// Rows of θ.
        theta: usize,
        /// Rows of x.
        x: usize,
    },
    /// A table has no rows or no columns.
    #[error("{what} is empty (shape {rows} × {columns})")]
    Empty {
        /// Which table.
        what: String,
        /// Its rows.
        rows: usize,
        /// Its columns.
        columns: usize,
    },
}

impl ArrayError {
    pub(crate) fn io(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }

    pub(crate) fn malformed(path: &Path, format: &'static str, reason: impl ToString) -> Self {
        Self::Malformed { path: path.to_owned(), format, reason: reason.to_string() }
    }
}
