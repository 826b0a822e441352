//! Simulations: parameters and the data that they produced.

use std::path::Path;

use ndarray::{Array2, ArrayView2, Axis, s};

use super::error::shorten;
use super::format::{Format, prepare_place};
use super::npy::Numbers;
use super::npz::{self, Archive};
use crate::{DataLayout, Missing, write_atomically};

use super::{ArrayError, FirstLine, Table, TableOptions, read_table};

/// Simulations as a file has them, what the dimensions of an `x` of more than two say of it, and the names
/// of the columns of x, where there are any.
pub type NamedSimulations = (Simulations, Option<DataLayout>, Option<Vec<String>>);

/// What simulations are read from.
const READABLE: &str = ".npz (arrays theta and x), or .csv, .tsv, .txt or .dat (named columns)";

/// A table of simulations: row i of `theta` produced row i of `x`.
#[derive(Clone, Debug, PartialEq)]
pub struct Simulations {
    /// Parameters, `[n, D]`.
    pub theta: Array2<f64>,
    /// Data, `[n, C]`.
    pub x: Array2<f64>,
}

impl Simulations {
    /// Pairs parameters with data.
    ///
    /// # Errors
    /// As [`Simulations::validate`].
    pub fn new(theta: Array2<f64>, x: Array2<f64>) -> Result<Self, ArrayError> {
        let simulations = Self { theta, x };
        simulations.validate()?;
        Ok(simulations)
    }

    /// Checks that both tables have the same number of rows and neither is empty.
    ///
    /// # Errors
    /// [`ArrayError::RowCounts`] or [`ArrayError::Empty`].
    pub fn validate(&self) -> Result<(), ArrayError> {
        if self.theta.nrows() != self.x.nrows() {
            return Err(ArrayError::RowCounts { theta: self.theta.nrows(), x: self.x.nrows() });
        }
        for (what, table) in [("theta", &self.theta), ("x", &self.x)] {
            if table.is_empty() {
                let (rows, columns) = table.dim();
                return Err(ArrayError::Empty { what: what.to_owned(), rows, columns });
            }
        }
        Ok(())
    }

    /// Number of simulations.
    #[must_use]
    pub fn len(&self) -> usize {
        self.theta.nrows()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of parameters, D.
    #[must_use]
    pub fn parameter_dim(&self) -> usize {
        self.theta.ncols()
    }

    /// Number of data values, C.
    #[must_use]
    pub fn data_dim(&self) -> usize {
        self.x.ncols()
    }

    /// How many rows hold a NaN or an infinity in θ or x.
    #[must_use]
    pub fn non_finite_rows(&self) -> usize {
        self.len() - self.finite_rows().len()
    }

    /// The rows, from 0, that hold neither a NaN nor an infinity.
    #[must_use]
    pub fn finite_rows(&self) -> Vec<usize> {
        (0..self.len()).filter(|&row| self.is_finite(row)).collect()
    }

    /// The rows, from 0, whose θ is finite and whose x holds nothing but what `missing` admits.
    #[must_use]
    pub fn usable_rows(&self, missing: Missing) -> Vec<usize> {
        let usable = |row: &usize| {
            self.theta.row(*row).iter().all(|v| v.is_finite())
                && self.x.row(*row).iter().all(|v| missing.admits(*v))
        };
        (0..self.len()).filter(usable).collect()
    }

    /// The simulations that are these rows, in ascending order; without a copy where they are all.
    #[must_use]
    pub fn rows(self, keep: &[usize]) -> Self {
        if keep.len() == self.len() {
            return self;
        }
        Self { theta: self.theta.select(Axis(0), keep), x: self.x.select(Axis(0), keep) }
    }

    /// How many rows hold a NaN in x beside numbers: gaps, perhaps.
    #[must_use]
    pub fn rows_with_gaps(&self) -> usize {
        let gaps = |row: ndarray::ArrayView1<'_, f64>| {
            row.iter().any(|v| v.is_nan()) && row.iter().any(|v| v.is_finite())
        };
        self.x.rows().into_iter().filter(|row| gaps(*row)).count()
    }

    /// The simulations with numbers hidden (NaN) where `x`, an observation of as many, has none.
    #[must_use]
    pub fn hidden_like(mut self, x: &[f64]) -> Self {
        for mut row in self.x.rows_mut() {
            row.iter_mut().zip(x).filter(|(_, x)| x.is_nan()).for_each(|(v, _)| *v = f64::NAN);
        }
        self
    }

    /// The simulations without the rows that hold a NaN or an infinity.
    #[must_use]
    pub fn without_non_finite(self) -> Self {
        let keep = self.finite_rows();
        if keep.len() == self.len() {
            return self;
        }
        Self { theta: self.theta.select(Axis(0), &keep), x: self.x.select(Axis(0), &keep) }
    }

    /// The first `rows` simulations, or all where there are fewer; without a copy.
    #[must_use]
    pub fn first(self, rows: usize) -> Self {
        let rows = rows.min(self.len());
        let first = |table: Array2<f64>| table.slice_move(s![..rows, ..]);
        Self { theta: first(self.theta), x: first(self.x) }
    }

    fn is_finite(&self, row: usize) -> bool {
        let finite = |table: ArrayView2<'_, f64>| table.row(row).iter().all(|v| v.is_finite());
        finite(self.theta.view()) && finite(self.x.view())
    }

    /// Reads arrays `theta` `[n, D]` and `x` `[n, C]`, or `[n, T, channels]` with T × channels = C, or
    /// `[n, H, W, channels]` (of any real type; `[n]` means one column), from an `.npz` file, compressed or not.
    ///
    /// # Errors
    /// See [`ArrayError`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self, ArrayError> {
        Ok(Self::read_points(path.as_ref())?.0)
    }

    /// The same, with what the dimensions of x say of it, see [`DataLayout::of_lengths`].
    fn read_points(path: &Path) -> Result<(Self, Option<DataLayout>), ArrayError> {
        require_npz(path)?;
        let mut archive = Archive::open(path)?;
        let theta = archive.array("theta", &TableOptions::default())?.values;
        let points = TableOptions { points: true, ..TableOptions::default() };
        let Numbers { values, lengths } = archive.array("x", &points)?;
        let layout = lengths.and_then(|lengths| DataLayout::of_lengths(&lengths));
        Ok((Self::new(theta, values)?, layout))
    }

    /// Reads an `.npz` file as [`Simulations::read`] does, or a text file whose first line, or a comment
    /// in its place, names the columns: those called as a parameter are θ, all others are x, in the file's order. With
    /// them, what the dimensions of an `x` of more than two say of it.
    ///
    /// # Errors
    /// See [`ArrayError`]; [`ArrayError::Columns`] for a text file without these names.
    pub fn read_table(
        path: impl AsRef<Path>,
        parameters: &[String],
        first_line: FirstLine,
    ) -> Result<(Self, Option<DataLayout>), ArrayError> {
        let (simulations, layout, _) = Self::read_named(path, parameters, first_line)?;
        Ok((simulations, layout))
    }

    /// The same, with the names of the columns of x that a text file gives.
    ///
    /// # Errors
    /// As [`Simulations::read_table`].
    pub fn read_named(
        path: impl AsRef<Path>,
        parameters: &[String],
        first_line: FirstLine,
    ) -> Result<NamedSimulations, ArrayError> {
        let path = path.as_ref();
        match Format::of(path) {
            Ok(Format::Npz) => {
                let (simulations, layout) = Self::read_points(path)?;
                Ok((simulations, layout, None))
            }
            Ok(Format::Text { .. }) => {
                let options = TableOptions { first_line, ..TableOptions::default() };
                let table = read_table(path, &options)?;
                let (theta, x) = columns_of(&table, parameters)?;
                let values = &table.values;
                let simulations =
                    Self::new(values.select(Axis(1), &theta), values.select(Axis(1), &x))?;
                let names = table.names.as_ref().or(table.labels.as_ref());
                let names = names.map(|names| x.iter().map(|at| names[*at].clone()).collect());
                Ok((simulations, None, names))
            }
            _ => Err(ArrayError::unknown_extension(path, READABLE)),
        }
    }

    /// Writes arrays `theta` and `x` (f64, uncompressed) to an `.npz` file, whole or not at all.
    ///
    /// # Errors
    /// [`ArrayError::UnknownExtension`] or [`ArrayError::Io`].
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), ArrayError> {
        let path = path.as_ref();
        require_npz(path)?;
        write_atomically(path, |writer| {
            let arrays = [("theta", self.theta.view()), ("x", self.x.view())];
            npz::write(writer, &arrays).map_err(|e| ArrayError::io("write", path, e))
        })
    }
}

/// Sees to it that simulations can be written to `path`, as [`prepare_output`](crate::prepare_output) does.
///
/// # Errors
/// [`ArrayError::UnknownExtension`] or [`ArrayError::Io`].
pub fn prepare_simulations_output(path: impl AsRef<Path>) -> Result<(), ArrayError> {
    require_npz(path.as_ref())?;
    prepare_place(path.as_ref())
}

fn require_npz(path: &Path) -> Result<(), ArrayError> {
    match Format::of(path) {
        Ok(Format::Npz) => Ok(()),
        _ => Err(ArrayError::unknown_extension(path, ".npz")),
    }
}

/// Which columns are θ, in the order of `parameters`, and which are x.
fn columns_of(
    table: &Table,
    parameters: &[String],
) -> Result<(Vec<usize>, Vec<usize>), ArrayError> {
    let wanted = format!("parameters {} and the data", parameters.join(", "));
    let refuse = |reason: String| {
        let fix = format!("its first line must name the columns, {wanted}");
        Err(ArrayError::Columns { path: table.path.clone(), reason, fix })
    };
    let Some(names) = table.names.as_ref().or(table.labels.as_ref()) else {
        return refuse("its columns have no names".to_owned());
    };
    let mut theta = Vec::new();
    for parameter in parameters {
        let mut places = (0..names.len()).filter(|&place| names[place] == *parameter);
        match (places.next(), places.next()) {
            (Some(place), None) => theta.push(place),
            (None, _) => {
                let found = shorten(&names.join(", "), 200);
                return refuse(format!("it has no column {parameter}, only {found}"));
            }
            _ => return refuse(format!("it has two columns {parameter}")),
        }
    }
    let x: Vec<usize> = (0..names.len()).filter(|place| !theta.contains(place)).collect();
    if let Some(at) = names.iter().position(|name| name.trim().is_empty()) {
        return refuse(format!(
            "its column {} has no name, as pandas' row index has none (leave that out with to_csv(…, \
             index=False))",
            at + 1
        ));
    }
    if let Some(twice) = x.iter().find(|at| names[..**at].contains(&names[**at])) {
        return refuse(format!("it has two columns {}", names[*twice]));
    }
    if x.is_empty() {
        return refuse("it has no columns of data beside the parameters".to_owned());
    }
    Ok((theta, x))
}
