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
    /// Means and standard deviations (ddof 0) of the given rows, each mapped to `columns` numbers.
    #[must_use]
    pub fn fit<'a>(
        columns: usize,
        rows: impl Iterator<Item = &'a [f64]> + Clone,
        map: impl Fn(&[f64], &mut [f64]),
    ) -> Self {
        let mut mapped = vec![0.0; columns];
        let mut seen: Vec<Column> = Vec::new();
        for row in rows.clone() {
            map(row, &mut mapped);
            if seen.is_empty() {
                seen = mapped.iter().map(|value| Column::of(*value)).collect();
            }
            seen.iter_mut().zip(&mapped).for_each(|(column, value)| column.take(*value));
        }
        let mean: Vec<f64> = seen.iter().map(Column::mean).collect();
        // In units of the largest difference, whose square neither over- nor underflows.
        let units: Vec<f64> = seen.iter().zip(&mean).map(|(c, m)| c.farthest(*m)).collect();
        let mut scale = vec![0.0; columns];
        for row in rows {
            map(row, &mut mapped);
            for (((s, m), unit), value) in scale.iter_mut().zip(&mean).zip(&units).zip(&mapped) {
                *s += ((value - m) / unit).powi(2);
            }
        }
        let mut constant = Vec::new();
        for (column, (s, known)) in scale.iter_mut().zip(&seen).enumerate() {
            *s = units[column] * (*s / known.count).sqrt();
            if known.is_rounding() {
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

    /// The first column (counted from 0) whose mean or standard deviation double precision does
    /// not hold.
    #[must_use]
    pub fn overflow(&self) -> Option<usize> {
        let sound = |j: &usize| self.mean[*j].is_finite() && self.scale[*j].is_finite();
        (0..self.columns()).find(|j| !sound(j))
    }

    /// Mean of a column.
    #[must_use]
    pub fn mean(&self, column: usize) -> f64 {
        self.mean[column]
    }

    /// Gives a column a mean and scale that are known beforehand.
    pub(super) fn set(&mut self, column: usize, mean: f64, scale: f64) {
        self.mean[column] = mean;
        self.scale[column] = scale;
    }

    /// Maps one row to z-scores.
    pub fn apply(&self, row: &[f64], out: &mut [f32]) {
        for (j, (value, o)) in row.iter().zip(out.iter_mut()).enumerate() {
            *o = ((value - self.mean[j]) / self.scale[j]) as f32;
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

/// Steps of the precision at its magnitude within which a column's values differ by rounding only.
const ROUNDING_STEPS: f64 = 4.0;

/// One column, seen once.
struct Column {
    /// The first value: sums of differences from it keep their digits.
    origin: f64,
    sum: f64,
    count: f64,
    least: f64,
    most: f64,
    /// Whether single precision holds every value exactly: an earlier step has rounded to it.
    single: bool,
    whole: bool,
}

impl Column {
    fn of(origin: f64) -> Self {
        let (least, most) = (origin, origin);
        Self { origin, sum: 0.0, count: 0.0, least, most, single: true, whole: true }
    }

    fn take(&mut self, value: f64) {
        self.count += 1.0;
        self.sum += value - self.origin;
        self.least = self.least.min(value);
        self.most = self.most.max(value);
        self.single &= f64::from(value as f32) == value;
        self.whole &= value.fract() == 0.0;
    }

    fn mean(&self) -> f64 {
        self.origin + self.sum / self.count
    }

    /// Largest distance from `mean`; 1 where there is none.
    fn farthest(&self, mean: f64) -> f64 {
        let distance = (self.most - mean).max(mean - self.least);
        if distance > 0.0 { distance } else { 1.0 }
    }

    /// Whether nothing but rounding tells the values apart.
    fn is_rounding(&self) -> bool {
        let digits = if self.single { f32::MANTISSA_DIGITS } else { f64::MANTISSA_DIGITS };
        let magnitude = self.least.abs().max(self.most.abs());
        // Counts, days and the like are exact up to there.
        let exact = self.whole && magnitude <= 2_f64.powi(digits as i32);
        let step = 2_f64.powi(1 - digits as i32) * magnitude;
        let range = self.most - self.least;
        range == 0.0 || (!exact && range <= ROUNDING_STEPS * step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(values: &[f64]) -> Scaler {
        Scaler::fit(1, values.chunks(1), |row, out| out.copy_from_slice(row))
    }

    #[test]
    fn scores_have_zero_mean_and_unit_variance_and_invert() {
        let table = [[1.0, 5.0], [2.0, 5.0], [6.0, 5.0]];
        let rows = table.iter().map(|r| &r[..]);
        let scaler = Scaler::fit(2, rows, |row, out| out.copy_from_slice(row));
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

    /// z-scores of a shifted and scaled column are those of the column.
    #[test]
    fn neither_origin_nor_unit_matters() {
        let base: Vec<f64> = (0..1000).map(|i| (f64::from(i) * 0.7).sin()).collect();
        let score = |values: &[f64]| -> Vec<f32> {
            let (scaler, mut out) = (fit(values), [0.0]);
            let each = values.iter().map(|v| {
                scaler.apply(&[*v], &mut out);
                out[0]
            });
            each.collect()
        };
        let plain = score(&base);
        let (offsets, units) = ([0.0, 1.1e9, 2.46e6], [1.0, 0.2, 0.05]);
        for (offset, unit) in offsets.into_iter().zip(units) {
            let moved: Vec<f64> = base.iter().map(|v| offset + unit * v).collect();
            let gaps = plain.iter().zip(score(&moved)).map(|(a, b)| (a - b).abs());
            assert!(gaps.fold(0.0, f32::max) < 1e-5, "{offset}");
        }
        for unit in [1e-40, 1e-200, 1e-308, 1e150, 1e300, 1e307] {
            let moved: Vec<f64> = base.iter().map(|v| unit * v).collect();
            let gaps = plain.iter().zip(score(&moved)).map(|(a, b)| (a - b).abs());
            assert!(gaps.fold(0.0, f32::max) < 1e-5, "{unit}");
        }
    }

    #[test]
    fn rounding_is_constant_and_small_differences_are_not() {
        let is_constant = |values: &[f64]| !fit(values).constant_columns().is_empty();
        assert!(is_constant(&[0.1; 7]));
        // What adding up 0.1 in another order gives.
        assert!(is_constant(&[0.3, 0.1 + 0.2, 0.3]));
        // A column that went through single precision.
        let single = |v: f32| f64::from(v);
        assert!(is_constant(&[single(1.0), single(1.0 + f32::EPSILON), single(1.0)]));
        assert!(!is_constant(&[1.1e9, 1.1e9 + 0.1, 1.1e9 + 0.2]));
        // Days of one week are whole numbers, exact in either precision.
        assert!(!is_constant(&[2_460_000.0, 2_460_001.0, 2_460_000.0]));
        assert!(!is_constant(&[1e-40, 2e-40]));
    }
}
