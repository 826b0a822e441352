//! Both sets in one z-scored table.

use super::C2stError;
use super::remarks::{Column, Extreme, remarks, shared};
use crate::random::stream;
use ndarray::ArrayView2;

/// As many rows of X, then of Y, z-scored by X.
pub(super) struct Table {
    columns: usize,
    values: Vec<f32>,
    /// Rows of either set.
    each: usize,
    extreme: Extreme,
    remarks: Vec<String>,
}

impl Table {
    /// Takes all rows of the smaller set and as many of the other, drawn with `seed`.
    pub(super) fn new<X: Copy + Into<f64>, Y: Copy + Into<f64>>(
        x: ArrayView2<X>,
        y: ArrayView2<Y>,
        (folds, seed): (usize, u64),
    ) -> Result<Self, C2stError> {
        if folds < 2 {
            return Err(C2stError::Folds { folds });
        }
        let columns = x.ncols();
        if columns != y.ncols() || columns == 0 {
            return Err(C2stError::Columns { x: columns, y: y.ncols() });
        }
        check("X", &x, folds)?;
        check("Y", &y, folds)?;
        let each = x.nrows().min(y.nrows());
        let rows = [chosen(x.nrows(), each, seed), chosen(y.nrows(), each, seed)];
        let mut values = vec![0.0; 2 * each * columns];
        let mut extreme = Extreme::default();
        let mut described = Vec::with_capacity(columns);
        for column in 0..columns {
            let own: Vec<f64> = rows[0].iter().map(|&row| x[[row, column]].into()).collect();
            let (mean, sd) = moments(&own);
            if own.iter().all(|v| *v == own[0]) || !(sd > 0.0 && sd.is_finite()) {
                return Err(C2stError::Constant { column, value: own[0] });
            }
            let other = rows[1].iter().map(|&row| y[[row, column]].into());
            for (index, value) in own.iter().copied().chain(other).enumerate() {
                let (set, row) = (index / each, rows[index / each][index % each]);
                let z = (value - mean) / sd;
                extreme.note(z, set, row, column);
                values[index * columns + column] = z as f32;
            }
            described.push(Column::of(&own, &rows[0], mean));
        }
        if !(extreme.z as f32).is_finite() {
            return Err(extreme.error());
        }
        let shared = shared(rows_of(&x, &rows[0]), rows_of(&y, &rows[1]));
        let remarks = remarks(each, shared, &described, &extreme);
        Ok(Self { columns, values, each, extreme, remarks })
    }

    pub(super) fn rows(&self) -> usize {
        2 * self.each
    }

    /// Rows of either set.
    pub(super) fn each(&self) -> usize {
        self.each
    }

    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    pub(super) fn row(&self, index: u32) -> &[f32] {
        &self.values[index as usize * self.columns..][..self.columns]
    }

    /// 0 for a row of X, 1 for a row of Y.
    pub(super) fn label(&self, index: u32) -> f32 {
        f32::from(u8::from(index as usize >= self.each))
    }

    /// What a user should know of the data.
    pub(super) fn remarks(&self) -> &[String] {
        &self.remarks
    }

    /// The error of a classifier that these numbers are too large for.
    pub(super) fn too_far(&self) -> C2stError {
        self.extreme.error()
    }
}

/// A set has rows enough, all finite.
fn check<T: Copy + Into<f64>>(
    set: &'static str,
    table: &ArrayView2<T>,
    least: usize,
) -> Result<(), C2stError> {
    let rows = table.nrows();
    if rows < least {
        return Err(C2stError::TooFewRows { set, rows, least });
    }
    for ((row, column), value) in table.indexed_iter() {
        let value: f64 = (*value).into();
        if !value.is_finite() {
            return Err(C2stError::NotFinite { set, row, column, value });
        }
    }
    Ok(())
}

/// These rows of a table, in double precision.
fn rows_of<T: Copy + Into<f64>>(
    table: &ArrayView2<T>,
    rows: &[usize],
) -> impl Iterator<Item = Vec<f64>> {
    rows.iter().map(|row| table.row(*row).iter().map(|v| (*v).into()).collect())
}

/// `each` of `rows` rows, in their order.
fn chosen(rows: usize, each: usize, seed: u64) -> Vec<usize> {
    if rows == each {
        return (0..rows).collect();
    }
    let mut rng = stream(seed, "c2st subsample", 0);
    let mut chosen = rand::seq::index::sample(&mut rng, rows, each).into_vec();
    chosen.sort_unstable();
    chosen
}

/// Mean and standard deviation (ddof 1), of differences from the first value, which keeps digits.
fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let origin = values.first().copied().unwrap_or(0.0);
    let mean = origin + values.iter().map(|v| v - origin).sum::<f64>() / n;
    // In units of the largest difference, whose square neither over- nor underflows.
    let unit = values.iter().map(|v| (v - mean).abs()).fold(0.0, f64::max);
    if unit == 0.0 {
        return (mean, 0.0);
    }
    let square: f64 = values.iter().map(|v| ((v - mean) / unit).powi(2)).sum();
    (mean, unit * (square / (n - 1.0)).sqrt())
}
