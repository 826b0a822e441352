//! Both sets in one z-scored table.

use super::C2stError;
use ndarray::ArrayView2;

/// Rows of X, then of Y, z-scored by X.
pub(super) struct Table {
    columns: usize,
    values: Vec<f32>,
    x_rows: usize,
}

impl Table {
    pub(super) fn new(
        x: ArrayView2<f32>,
        y: ArrayView2<f32>,
        folds: usize,
    ) -> Result<Self, C2stError> {
        if folds < 2 {
            return Err(C2stError::Folds { folds });
        }
        if x.ncols() != y.ncols() {
            return Err(C2stError::Columns { x: x.ncols(), y: y.ncols() });
        }
        for (set, table) in [("X", &x), ("Y", &y)] {
            let rows = table.nrows();
            if rows < folds {
                return Err(C2stError::TooFewRows { set, rows, least: folds });
            }
            if let Some(((row, _), value)) = table.indexed_iter().find(|(_, v)| !v.is_finite()) {
                return Err(C2stError::NotFinite { set, row, value: *value });
            }
        }
        let columns = x.ncols();
        let mut values = vec![0.0; (x.nrows() + y.nrows()) * columns];
        for column in 0..columns {
            let (mean, sd) = moments(x.column(column).iter().copied());
            if sd == 0.0 {
                return Err(C2stError::Constant { column, value: x[[0, column]] });
            }
            let source = x.column(column).into_iter().chain(y.column(column));
            for (row, value) in source.enumerate() {
                values[row * columns + column] = ((f64::from(*value) - mean) / sd) as f32;
            }
        }
        Ok(Self { columns, values, x_rows: x.nrows() })
    }

    pub(super) fn rows(&self) -> usize {
        self.values.len() / self.columns
    }

    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    pub(super) fn row(&self, index: u32) -> &[f32] {
        &self.values[index as usize * self.columns..][..self.columns]
    }

    /// 0 for a row of X, 1 for a row of Y.
    pub(super) fn label(&self, index: u32) -> f32 {
        f32::from(u8::from(index as usize >= self.x_rows))
    }
}

/// Mean and standard deviation (ddof 1).
fn moments(values: impl Iterator<Item = f32> + Clone) -> (f64, f64) {
    let n = values.clone().count() as f64;
    let mean = values.clone().map(f64::from).sum::<f64>() / n;
    let square: f64 = values.map(|v| (f64::from(v) - mean).powi(2)).sum();
    (mean, (square / (n - 1.0)).sqrt())
}
