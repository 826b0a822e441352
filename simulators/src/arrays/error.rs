//! What can go wrong with a table on disk.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::counted;

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
    /// Columns of data have other names than those of x.
    #[error(
        "{path}: its columns are called {found}, those of x {known}: name them so, in any order, or leave the \
         names out"
    )]
    OtherNames {
        /// The file.
        path: PathBuf,
        /// Its names.
        found: String,
        /// Those of x.
        known: String,
    },
    /// The content is not what the name's ending promises.
    #[error("{path} is not a readable {format} file: {reason}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// `npy`, `npz` or `text`.
        format: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The array is not of plain real numbers.
    #[error("{path} holds an array {found}, not of plain numbers; in numpy, {fix}")]
    WrongType {
        /// The file.
        path: PathBuf,
        /// The type found.
        found: String,
        /// How to make plain numbers of it.
        fix: &'static str,
    },
    /// A number that cannot be taken as it is.
    #[error("{place}, row {row}, column {column}: {reason}")]
    BadNumber {
        /// The file, and its array.
        place: String,
        /// Row, counted from 1.
        row: usize,
        /// Column, counted from 1.
        column: usize,
        /// What is wrong with it, value first.
        reason: String,
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
    /// The first line of a text file may be names or numbers.
    #[error("{path}, line {line}: {reason}; {fix}")]
    FirstLine {
        /// The file.
        path: PathBuf,
        /// Line, counted from 1.
        line: u64,
        /// Why it may be either.
        reason: String,
        /// How to say which.
        fix: &'static str,
    },
    /// A line has more or fewer fields than the first.
    #[error("{path}, line {line}: {found} fields where the first line has {expected}")]
    Ragged {
        /// The file.
        path: PathBuf,
        /// Line, counted from 1.
        line: u64,
        /// Fields in this line.
        found: usize,
        /// Fields in the first line.
        expected: usize,
    },
    /// A field is not a number.
    #[error("{path}, line {line}, field {field}: \"{text}\" {reason}")]
    NotANumber {
        /// The file.
        path: PathBuf,
        /// Line, counted from 1.
        line: u64,
        /// Field, counted from 1.
        field: usize,
        /// The field's text.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// An `.npz` file lacks one of the arrays asked for.
    #[error(
        "{path} has no array \"{name}\" (it holds {found}); name it in numpy: \
         np.savez(path, {name}=array, …)"
    )]
    MissingArray {
        /// The file.
        path: PathBuf,
        /// The array asked for.
        name: &'static str,
        /// The arrays that are there.
        found: String,
    },
    /// An `.npz` file holds several arrays where one is wanted.
    #[error("{path} holds several arrays ({found}); save the one that is meant with np.save")]
    SeveralArrays {
        /// The file.
        path: PathBuf,
        /// The arrays that are there.
        found: String,
    },
    /// A table's columns do not have the names that are needed.
    #[error("{path}: {reason}; {fix}")]
    Columns {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
        /// How to mend it.
        fix: String,
    },
    /// A file of several observations where one is wanted.
    #[error("{path} holds {}; say which, the first as {path}:1", counted(*.rows, "observation"))]
    SeveralObservations {
        /// The file.
        path: PathBuf,
        /// Its rows.
        rows: usize,
    },
    /// Rows that are no observations.
    #[error(
        "{path} has {rows} rows of {}, and an observation has {data_dim}: give these alone, as a row or as a \
         column, without times, labels or an index beside them",
        counted(*.columns, "number")
    )]
    ObservationShape {
        /// The file.
        path: PathBuf,
        /// Its rows.
        rows: usize,
        /// Its columns.
        columns: usize,
        /// C.
        data_dim: usize,
    },
    /// Rows that are no observations, of so many numbers together that they may be the points of one.
    #[error(
        "{path} has {rows} rows of {columns} numbers, together as many as one observation, but the model \
         knows of no points of {columns} numbers. {}", if rows == channels {
             "If its columns are the points, save it the other way round (in numpy x.T)".to_owned()
         } else {
             format!(
                 "If it is one, save it in the order of the simulations' x as one row (in numpy \
                  x.reshape(1, -1)), or train with --channels {columns} (`channels` in simulator.toml)"
             )
         }
    )]
    PointsOrObservations {
        /// The file.
        path: PathBuf,
        /// Its rows.
        rows: usize,
        /// Its columns.
        columns: usize,
        /// Numbers of a point, as the model has it.
        channels: usize,
    },
    /// An image of other rows and columns of pixels, or other channels, than those expected.
    #[error(
        "{path} has the shape {found:?}, but an observation is an image {wanted:?} (rows, columns{} of \
         pixels), several are {several}; one observation a row of a table will do too",
        if wanted.len() > 2 { " and channels" } else { "" },
        several = format!("[m, {}", format!("{wanted:?}").trim_start_matches('['))
    )]
    OtherPixels {
        /// The file.
        path: PathBuf,
        /// Its lengths.
        found: Vec<usize>,
        /// Those of an observation.
        wanted: Vec<usize>,
    },
    /// No observation has this number.
    #[error(
        "{path}:{row} is not there: the file holds {}, counted from 1",
        counted(*.rows, "observation")
    )]
    NoObservation {
        /// The file.
        path: PathBuf,
        /// The number asked for.
        row: usize,
        /// Its rows.
        rows: usize,
    },
    /// Parameters and data have different numbers of rows.
    #[error(
        "theta has {} but x has {x}: row i of both must be the same simulation",
        counted(*.theta, "row")
    )]
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
    pub(crate) fn unknown_extension(path: &Path, expected: &'static str) -> Self {
        Self::UnknownExtension { path: path.to_owned(), expected }
    }

    /// What the system said while `format` was read; an end that comes early is the file's fault.
    pub(crate) fn reading(path: &Path, format: &'static str, source: std::io::Error) -> Self {
        use std::io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
        match source.kind() {
            UnexpectedEof => Self::malformed(path, format, "the file ends early"),
            InvalidData | InvalidInput => Self::malformed(path, format, source),
            _ => Self::io("read", path, source),
        }
    }

    pub(crate) fn io(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }

    pub(crate) fn malformed(path: &Path, format: &'static str, reason: impl ToString) -> Self {
        Self::Malformed { path: path.to_owned(), format, reason: reason.to_string() }
    }
}

/// The beginning of a text that may be long, fit for a message.
pub(super) fn shorten(text: &str, length: usize) -> String {
    let mut shown: String =
        text.chars().take(length).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(length).is_some() {
        shown.push('…');
    }
    shown
}
