//! Simulations: parameters and the data that they produced.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use ndarray::{Array2, ArrayD, ArrayView2, Axis, IxDyn, OwnedRepr};
use ndarray_npy::{NpzReader, NpzWriter, ReadNpyError, ReadNpzError};

use super::{ArrayError, Orientation, npy, write_atomically};

/// A table of simulations: row i of `theta` produced row i of `x`.
#[derive(Clone, Debug, PartialEq)]
pub struct Simulations {
    /// Parameters, `[n, D]`.
    pub theta: Array2<f32>,
    /// Data, `[n, C]`.
    pub x: Array2<f32>,
}

impl Simulations {
    /// Pairs parameters with data.
    ///
    /// # Errors
    /// As [`Simulations::validate`].
    pub fn new(theta: Array2<f32>, x: Array2<f32>) -> Result<Self, ArrayError> {
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
        (0..self.len()).filter(|&row| !self.is_finite(row)).count()
    }

    /// The simulations without the rows that hold a NaN or an infinity.
    #[must_use]
    pub fn without_non_finite(self) -> Self {
        let keep: Vec<usize> = (0..self.len()).filter(|&row| self.is_finite(row)).collect();
        if keep.len() == self.len() {
            return self;
        }
        Self { theta: self.theta.select(Axis(0), &keep), x: self.x.select(Axis(0), &keep) }
    }

    fn is_finite(&self, row: usize) -> bool {
        let finite = |table: ArrayView2<'_, f32>| table.row(row).iter().all(|v| v.is_finite());
        finite(self.theta.view()) && finite(self.x.view())
    }

    /// Reads arrays `theta` `[n, D]` and `x` `[n, C]` (f32 or f64; `[n]` means one column) from
    /// an `.npz` file, compressed or not.
    ///
    /// # Errors
    /// See [`ArrayError`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self, ArrayError> {
        let path = path.as_ref();
        require_npz(path)?;
        let file = File::open(path).map_err(|source| ArrayError::io("read", path, source))?;
        let mut archive =
            NpzReader::new(BufReader::new(file)).map_err(|error| explain(path, error))?;
        let theta = read_array(&mut archive, path, "theta")?;
        let x = read_array(&mut archive, path, "x")?;
        Self::new(theta, x)
    }

    /// Writes arrays `theta` and `x` (f32, uncompressed) to an `.npz` file, whole or not at all.
    ///
    /// # Errors
    /// [`ArrayError::UnknownExtension`] or [`ArrayError::Io`].
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), ArrayError> {
        let path = path.as_ref();
        require_npz(path)?;
        write_atomically(path, |writer| {
            let failed = |error: ndarray_npy::WriteNpzError| {
                ArrayError::io("write", path, std::io::Error::other(error))
            };
            let mut archive = NpzWriter::new(writer);
            archive.add_array("theta", &self.theta.as_standard_layout()).map_err(failed)?;
            archive.add_array("x", &self.x.as_standard_layout()).map_err(failed)?;
            archive.finish().map_err(failed)?;
            Ok(())
        })
    }
}

fn require_npz(path: &Path) -> Result<(), ArrayError> {
    if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("npz")) {
        return Ok(());
    }
    Err(ArrayError::UnknownExtension { path: path.to_owned(), expected: ".npz" })
}

fn read_array(
    archive: &mut NpzReader<BufReader<File>>,
    path: &Path,
    name: &str,
) -> Result<Array2<f32>, ArrayError> {
    let names = archive.names().map_err(|error| explain(path, error))?;
    // Depending on who wrote the archive, names carry the inner file's ending.
    let inner = names.iter().find(|n| n.trim_end_matches(".npy") == name);
    let Some(inner) = inner else {
        let found = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
        return Err(ArrayError::MissingArray {
            path: path.to_owned(),
            name: name.to_owned(),
            found,
        });
    };
    let array: ArrayD<f32> = match archive.by_name::<OwnedRepr<f32>, IxDyn>(inner) {
        Err(ReadNpzError::Npy(ReadNpyError::WrongDescriptor(_))) => archive
            .by_name::<OwnedRepr<f64>, IxDyn>(inner)
            .map(|array| array.mapv(|value| value as f32)),
        other => other,
    }
    .map_err(|error| explain(path, error))?;
    npy::to_table(path, array, Orientation::Column)
}

fn explain(path: &Path, error: ReadNpzError) -> ArrayError {
    match error {
        ReadNpzError::Npy(error) => npy::explain(path, "npz", error),
        ReadNpzError::Zip(error) => ArrayError::malformed(path, "npz", error),
    }
}
