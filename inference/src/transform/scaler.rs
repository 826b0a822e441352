//! Column-wise z-scores.

use serde::{Deserialize, Serialize};

/// Column means and standard deviations. A constant column has scale 1 and is mapped to 0
/// everywhere: it carries no information, and so cannot mislead where an observation differs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scaler {
    mean: Vec<f64>,
    scale: Vec<f64>,
    constant: Vec<usize>,
}

impl Scaler {
    /// Means and standard deviations (ddof 0) of the given rows, each of `columns` numbers.
    #[must_use]
    pub fn fit<'a>(columns: usize, rows: impl Iterator<Item = &'a [f32]> + Clone) -> Self {
        let mut mean = vec![0.0; columns];
        let mut count = 0.0;
        for row in rows.clone() {
            count += 1.0;
            for (m, value) in mean.iter_mut().zip(row) {
                *m += f64::from(*value);
            }
        }
        mean.iter_mut().for_each(|m| *m /= count);
        let mut scale = vec![0.0; columns];
        for row in rows {
            for ((s, m), value) in scale.iter_mut().zip(&mean).zip(row) {
                *s += (f64::from(*value) - m).powi(2);
            }
        }
        let mut constant = Vec::new();
        for (column, s) in scale.iter_mut().enumerate() {
            *s = (*s / count).sqrt();
            // Below f32's resolution at this magnitude, what is left is rounding.
            if *s <= 1e-7 * mean[column].abs() || *s == 0.0 {
                *s = 1.0;
                constant.push(column);
            }
        }
        Self { mean, scale, constant }
    }

    /// Number of columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.mean.len()
    }

    /// Whether it has a finite mean and scale for each of so many columns.
    #[must_use]
    pub fn is_whole(&self, columns: usize) -> bool {
        self.mean.len() == columns
            && self.scale.len() == columns
            && self.mean.iter().all(|m| m.is_finite())
            && self.scale.iter().all(|s| s.is_finite() && *s > 0.0)
            && self.constant.iter().all(|column| *column < columns)
    }

    /// Columns that did not vary (counted from 0).
    #[must_use]
    pub fn constant_columns(&self) -> &[usize] {
        &self.constant
    }

    /// Mean of a column.
    #[must_use]
    pub fn mean(&self, column: usize) -> f64 {
        self.mean[column]
    }

    /// Maps one row to z-scores.
    pub fn apply(&self, row: &[f32], out: &mut [f32]) {
        for (j, (value, o)) in row.iter().zip(out.iter_mut()).enumerate() {
            *o = ((f64::from(*value) - self.mean[j]) / self.scale[j]) as f32;
        }
        for &column in &self.constant {
            out[column] = 0.0;
        }
    }

    /// Maps one row of z-scores back.
    pub fn invert(&self, row: &[f32], out: &mut [f64]) {
        for (j, (value, o)) in row.iter().zip(out).enumerate() {
            *o = f64::from(*value) * self.scale[j] + self.mean[j];
        }
    }

    /// log|det| of [`apply`](Self::apply): −Σ log scale.
    #[must_use]
    pub fn log_det(&self) -> f64 {
        -self.scale.iter().map(|s| s.ln()).sum::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_have_zero_mean_and_unit_variance_and_invert() {
        let table = [[1.0_f32, 5.0], [2.0, 5.0], [6.0, 5.0]];
        let scaler = Scaler::fit(2, table.iter().map(|r| &r[..]));
        assert_eq!(scaler.constant_columns(), [1]);
        // Mean 3, variance (4 + 1 + 9) / 3.
        let sd = (14.0_f64 / 3.0).sqrt();
        let mut out = [0.0; 2];
        scaler.apply(&[6.0, 9.0], &mut out);
        assert!((f64::from(out[0]) - 3.0 / sd).abs() < 1e-6);
        assert_eq!(out[1], 0.0);
        assert!((scaler.log_det() + sd.ln()).abs() < 1e-12);
        let mut back = [0.0; 2];
        scaler.invert(&out, &mut back);
        assert!((back[0] - 6.0).abs() < 1e-6);
    }
}
