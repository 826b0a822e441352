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
    pub(super) fn new<X: Copy + Into<f64>, Y: Copy + Into<f64>>(
        x: ArrayView2<X>,
        y: ArrayView2<Y>,
        folds: usize,
    ) -> Result<Self, C2stError> {
        if folds < 2 {
            return Err(C2stError::Folds { folds });
        }
        if x.ncols() != y.ncols() {
            return Err(C2stError::Columns { x: x.ncols(), y: y.ncols() });
        }
        check("X", x, folds)?;
        check("Y", y, folds)?;
        let columns = x.ncols();
        let mut values = vec![0.0; (x.nrows() + y.nrows()) * columns];
        for column in 0..columns {
            let of_x = || x.column(column).into_iter().map(|v| (*v).into());
            let (mean, sd) = moments(of_x());
            if sd == 0.0 {
                return Err(C2stError::Constant { column, value: x[[0, column]].into() });
            }
            let of_y = y.column(column).into_iter().map(|v| (*v).into());
            for (row, value) in of_x().chain(of_y).enumerate() {
                values[row * columns + column] = ((value - mean) / sd) as f32;
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

fn check<T: Copy + Into<f64>>(
    set: &'static str,
    table: ArrayView2<T>,
    folds: usize,
) -> Result<(), C2stError> {
    let rows = table.nrows();
    if rows < folds {
        return Err(C2stError::TooFewRows { set, rows, least: folds });
    }
    let mut values = table.indexed_iter().map(|((row, _), value)| (row, (*value).into()));
    match values.find(|(_, value)| !value.is_finite()) {
        Some((row, value)) => Err(C2stError::NotFinite { set, row, value }),
        None => Ok(()),
    }
}

/// Mean and standard deviation (ddof 1), of differences from the first value, which keeps digits.
fn moments(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let n = values.clone().count() as f64;
    let origin = values.clone().next().unwrap_or(0.0);
    let mean = origin + values.clone().map(|v| v - origin).sum::<f64>() / n;
    // In units of the largest difference, whose square neither over- nor underflows.
    let unit = values.clone().map(|v| (v - mean).abs()).fold(0.0, f64::max);
    if unit == 0.0 {
        return (mean, 0.0);
    }
    let square: f64 = values.map(|v| ((v - mean) / unit).powi(2)).sum();
    (mean, unit * (square / (n - 1.0)).sqrt())
}
