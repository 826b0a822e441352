//! A table of numbers as it was read.

use std::path::{Path, PathBuf};

use ndarray::{Array2, ArrayView2, Axis};

use super::format::Format;
use super::npy::Numbers;
use super::npz::Archive;
use super::{ArrayError, TableOptions, npy, text};
use crate::words::written;
use crate::{DataLayout, Layout};

/// A table of numbers in double precision, at least one row and column.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The file.
    pub path: PathBuf,
    /// Names of the columns, where the file has them.
    pub names: Option<Vec<String>>,
    /// Words in a comment above the rows, one a column: names, for who needs some.
    pub labels: Option<Vec<String>>,
    /// The numbers, `[rows, columns]`.
    pub values: Array2<f64>,
    /// Of an array of more than two dimensions, `[rows, T, channels]` or `[rows, H, W, channels]`, those
    /// behind the first: a row of the table has one after the other what was within.
    pub lengths: Option<Vec<usize>>,
}

/// Reads a table `[rows, columns]` from `.npy`, `.npz` or text (`.csv`, `.tsv`, `.txt`, `.dat`, with
/// commas, semicolons, tabs or spaces). Arrays may be of any real type in either order of bytes and
/// of memory. Nothing is rounded: integers that double precision does not hold are refused.
/// Memory is in proportion to the file, whatever it claims.
///
/// # Errors
/// See [`ArrayError`]; every variant names the file.
pub fn read_table(path: impl AsRef<Path>, options: &TableOptions) -> Result<Table, ArrayError> {
    let path = path.as_ref();
    let (names, labels, values, lengths) = match Format::of(path)? {
        Format::Text { .. } => {
            let table = text::read(path, options.first_line)?;
            (table.names, table.labels, table.values, None)
        }
        arrays => {
            let Numbers { values, lengths } = match arrays {
                Format::Npz => Archive::open(path)?.table(options)?,
                _ => npy::read(path, options)?,
            };
            (None, None, values, lengths)
        }
    };
    Ok(Table { path: path.to_owned(), names, labels, values, lengths })
}

impl Table {
    /// Names of the columns: the file's, or words in a comment where these are all of `known`, which a
    /// comment of other words is not. Numbers are no names.
    #[must_use]
    pub fn names_among(&self, known: &[String]) -> Option<&[String]> {
        let is_number = |name: &String| name.parse::<f64>().is_ok();
        let names = self.names.as_deref().filter(|names| !names.iter().all(is_number));
        let meant = |labels: &&[String]| known.iter().all(|name| labels.contains(name));
        names.or_else(|| self.labels.as_deref().filter(meant))
    }

    /// Observations with their columns in the order of `known` names of x, where the table names its own.
    ///
    /// # Errors
    /// [`ArrayError::OtherNames`] where these are other names.
    pub fn data_in_order(mut self, known: &[String]) -> Result<Self, ArrayError> {
        let Some(names) = self.names_among(known) else { return Ok(self) };
        // A single column may be the numbers of an observation, one below the other.
        if names.is_empty() || names.len() == 1 && known.len() != 1 {
            return Ok(self);
        }
        let Some(order) = data_order(names, known) else {
            return Err(ArrayError::OtherNames {
                path: self.path.clone(),
                found: names.join(", "),
                known: known.join(", "),
            });
        };
        self.values = self.values.select(Axis(1), &order);
        (self.names, self.labels) = (Some(known.to_vec()), None);
        Ok(self)
    }

    /// The numbers in single precision, `[rows, columns]`.
    ///
    /// # Errors
    /// As [`single_precision`].
    pub fn to_f32(&self) -> Result<Array2<f32>, ArrayError> {
        single_precision(&self.path, self.values.view())
    }

    /// One observation `[C]` of a table read with [`TableOptions::observations`]: row `number`,
    /// counted from 1, or the only one. C is that of `expected`: a column of C numbers is one
    /// observation too, where C is 1, every number is one, and where no number is given, T rows of
    /// one point each, `[T, channels]` with T × channels = C, are one, and so are the H rows of pixels of
    /// an image.
    ///
    /// # Errors
    /// [`ArrayError::ObservationShape`] where its rows are no observations,
    /// [`ArrayError::OtherPixels`] where an image of another shape is expected,
    /// [`ArrayError::SeveralObservations`] where there are several and no number,
    /// [`ArrayError::NoObservation`] where there is none of this number. Whether it has C numbers
    /// is for the caller to say.
    pub fn observation(
        &self,
        number: Option<usize>,
        expected: Expected,
    ) -> Result<Vec<f64>, ArrayError> {
        let (rows, columns) = self.values.dim();
        let channels = expected.layout.side_by_side();
        self.check_pixels(&expected)?;
        let Expected { data_dim, any_number, .. } = expected;
        let fits = rows.checked_mul(columns) == Some(data_dim);
        let points = columns == channels && any_number && columns != data_dim;
        let whole = rows > 1 && (fits || points) && number.is_none();
        if whole && columns == channels && columns > 1 {
            return Ok(self.values.iter().copied().collect());
        }
        let column = columns == 1 && data_dim != 1;
        let line = rows == 1 && data_dim == 1 && number.is_some();
        let table = if column || line { self.values.t() } else { self.values.view() };
        let (path, rows) = (self.path.clone(), table.nrows());
        let row = match number {
            None if rows > 1 && whole && columns > 1 => {
                return Err(ArrayError::PointsOrObservations { path, rows, columns, channels });
            }
            None if rows > 1 && !any_number && table.ncols() != data_dim => {
                let columns = table.ncols();
                return Err(ArrayError::ObservationShape { path, rows, columns, data_dim });
            }
            None if rows > 1 => return Err(ArrayError::SeveralObservations { path, rows }),
            None => 0,
            Some(row) if (1..=rows).contains(&row) => row - 1,
            Some(row) => return Err(ArrayError::NoObservation { path, row, rows }),
        };
        Ok(table.row(row).to_vec())
    }

    /// Refuses images of other rows and columns than those expected, of as many numbers or not.
    fn check_pixels(&self, expected: &Expected) -> Result<(), ArrayError> {
        let DataLayout { layout: Layout::Image, channels, shape: Some([high, wide]), .. } =
            expected.layout
        else {
            return Ok(());
        };
        let (rows, columns) = self.values.dim();
        let fits = match self.lengths.as_deref() {
            Some(&[a, b, c]) => [a, b, c] == [high, wide, channels],
            Some(&[a, b]) => {
                (channels == 1 && [a, b] == [high, wide])
                    || (rows == high && [a, b] == [wide, channels])
            }
            // Rows of pixels, or images a row; other numbers of these are refused by their number.
            _ => {
                let other = columns != expected.data_dim && columns > 1 && rows > 1;
                !other || (rows == high && columns == wide * channels)
            }
        };
        let found = [&[rows][..], self.lengths.as_deref().unwrap_or(&[columns])].concat();
        let wanted = match channels {
            1 => vec![high, wide],
            _ => vec![high, wide, channels],
        };
        if fits {
            Ok(())
        } else {
            Err(ArrayError::OtherPixels { path: self.path.clone(), found, wanted })
        }
    }
}

/// Where each of the `known` names of x stands among those of a table, if they are the same ones.
#[must_use]
pub fn data_order(names: &[String], known: &[String]) -> Option<Vec<usize>> {
    let places = known.iter().map(|name| names.iter().position(|other| other == name));
    places.collect::<Option<Vec<usize>>>().filter(|places| places.len() == names.len())
}

/// What an observation must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// C, its numbers.
    pub data_dim: usize,
    /// What they are to each other: how many make a point of a series or a trial of a set, the rows and
    /// columns of pixels of an image.
    pub layout: DataLayout,
    /// Whether there may be any number of trials of a set.
    pub any_number: bool,
}

impl Expected {
    /// C numbers, each for itself.
    #[must_use]
    pub fn numbers(data_dim: usize) -> Self {
        Self { data_dim, layout: DataLayout::default(), any_number: false }
    }

    /// Whether an observation may have so many numbers.
    #[must_use]
    pub fn admits(&self, numbers: usize) -> bool {
        let trials = self.any_number && numbers > 0 && numbers.is_multiple_of(self.layout.channels);
        numbers == self.data_dim || trials
    }
}

/// Rounds numbers to single precision; `path` names them in messages. What is not finite stays so.
///
/// # Errors
/// [`ArrayError::BadNumber`] for the first finite number that would become infinite.
pub fn single_precision(
    path: &Path,
    values: ArrayView2<'_, f64>,
) -> Result<Array2<f32>, ArrayError> {
    let beyond = |value: f64| value.is_finite() && (value as f32).is_infinite();
    if let Some(((row, column), value)) = values.indexed_iter().find(|(_, value)| beyond(**value)) {
        return Err(ArrayError::BadNumber {
            place: path.display().to_string(),
            row: row + 1,
            column: column + 1,
            reason: format!(
                "{} is beyond single precision (3.4e38); use larger units",
                written(*value)
            ),
        });
    }
    Ok(values.mapv(|value| value as f32))
}
