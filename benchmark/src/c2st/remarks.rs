//! What in the data makes a C2ST say less than it seems to.

use super::C2stError;
use freeform_simulators::{counted, written};
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// With fewer rows, chance alone moves the score visibly.
const FEW_ROWS: usize = 100;
/// More standard deviations away than any row of a usable set.
const FAR: f64 = 1000.0;
/// A handful of rows: at most this many, and no more than one in twenty.
const HANDFUL: usize = 5;

/// What makes up the variance of a column of X.
pub(super) struct Column {
    /// Fewest rows that hold more than half of it.
    decisive: usize,
    /// The row farthest from the mean, from 0, and its value.
    farthest: (usize, f64),
}

impl Column {
    /// Of these values, which are those of `rows`.
    pub(super) fn of(values: &[f64], rows: &[usize], mean: f64) -> Self {
        let squares: Vec<f64> = values.iter().map(|v| (v - mean).powi(2)).collect();
        let total: f64 = squares.iter().sum();
        let mut largest = squares.clone();
        let few = (HANDFUL + 1).min(largest.len());
        largest.select_nth_unstable_by(few - 1, |a, b| b.total_cmp(a));
        largest.truncate(few);
        largest.sort_unstable_by(|a, b| b.total_cmp(a));
        let mut sum = 0.0;
        let held = |square: &f64| {
            sum += square;
            sum > 0.5 * total
        };
        let decisive = largest.iter().position(held).map_or(usize::MAX, |i| i + 1);
        let farthest = (0..values.len()).max_by(|&a, &b| squares[a].total_cmp(&squares[b]));
        let farthest = farthest.map_or((0, 0.0), |index| (rows[index], values[index]));
        Self { decisive, farthest }
    }
}

/// The number farthest from X's mean.
#[derive(Default)]
pub(super) struct Extreme {
    /// Standard deviations.
    pub(super) z: f64,
    set: usize,
    row: usize,
    column: usize,
}

impl Extreme {
    /// Takes note of a number of X (set 0) or Y (set 1).
    pub(super) fn note(&mut self, z: f64, set: usize, row: usize, column: usize) {
        if z.abs() > self.z {
            *self = Self { z: z.abs(), set, row, column };
        }
    }

    pub(super) fn error(&self) -> C2stError {
        let Self { z, row, column, .. } = *self;
        C2stError::TooFar { set: self.set(), row, column, z }
    }

    fn set(&self) -> &'static str {
        ["X", "Y"][self.set]
    }
}

/// Remarks on `each` rows of either set, of which `shared` of Y's are X's.
pub(super) fn remarks(
    each: usize,
    shared: usize,
    described: &[Column],
    extreme: &Extreme,
) -> Vec<String> {
    let mut remarks = Vec::new();
    if each < FEW_ROWS {
        let spread = 0.5 / (2.0 * each as f64).sqrt();
        remarks.push(format!(
            "only {} of either set are compared: by chance alone the C2ST of two equal \
             laws lies about {spread:.2} off 0.5",
            counted(each, "row")
        ));
    }
    for (column, Column { decisive, farthest: (row, value) }) in described.iter().enumerate() {
        if *decisive <= HANDFUL.min(each / 20) {
            remarks.push(format!(
                "column {} of X: {decisive} of {each} rows make up half of its variance (row {} \
                 holds {}), so its z-scores rest on a handful of rows and differences \
                 between all the others may be hidden; leave such rows out if they are errors",
                column + 1,
                row + 1,
                written((*value as f32).to_string().parse().unwrap_or(*value)),
            ));
        }
    }
    if extreme.z > FAR {
        remarks.push(format!(
            "row {} of {} lies {:.1e} standard deviations of X from its mean in column {}: a \
             single such row can keep the classifier from learning the others",
            extreme.row + 1,
            extreme.set(),
            extreme.z,
            extreme.column + 1,
        ));
    }
    if shared > 0 {
        remarks.push(format!(
            "{shared} of {each} rows of Y are rows of X, number for number: the sets are not \
             independent, and the C2ST of equal laws falls below 0.5"
        ));
    }
    remarks
}

/// How many rows of Y are rows of X too, by their own numbers: z-scores of different rows may be equal.
pub(super) fn shared(
    x: impl Iterator<Item = Vec<f64>>,
    y: impl Iterator<Item = Vec<f64>>,
) -> usize {
    let known: HashSet<u64> = x.map(|row| hash(&row)).collect();
    y.filter(|row| known.contains(&hash(row))).count()
}

fn hash(row: &[f64]) -> u64 {
    let mut hasher = DefaultHasher::new();
    // 0 and −0 are one number.
    row.iter().for_each(|value| (value + 0.0).to_bits().hash(&mut hasher));
    hasher.finish()
}
