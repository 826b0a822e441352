//! Leading principal components of a wide x: what its columns have in common, with the noise that each
//! has of its own averaged out.

use super::present::{interpolated, is_present};
use crate::random::{Purpose, stream};
use ndarray::{Array2, ArrayView2, Axis};
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Components kept, at most; directions beside them while they are found; passes over the data.
const MOST: usize = 16;
const BESIDE: usize = 8;
const PASSES: usize = 10;
/// Rounds of rotations that make a small matrix diagonal, and to spare.
const SWEEPS: usize = 12;
/// Numbers of the table that components are found from, at most.
const MOST_NUMBERS: usize = 1 << 24;
const MOST_ROWS: usize = 4000;
/// A score farther out than this is taken for this.
const FARTHEST: f64 = 1e30;

/// x ↦ its projections on orthonormal directions, column by column z-scored before. Gaps are filled: those
/// of a series between their neighbours, others with the column's mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Components {
    count: usize,
    /// Of a series with gaps, numbers of a point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    filled_along: Option<usize>,
    /// Each column's center, then each column's scale, then the directions one after the other.
    #[serde(skip)]
    numbers: Vec<f64>,
}

impl Components {
    /// The leading ones of rows of x, each of `columns` numbers, by randomised subspace iteration
    /// (Halko, Martinsson & Tropp 2011).
    /// Where numbers are missing, `channels` make a point of a series, if they do.
    pub fn fit(x: &[f64], columns: usize, channels: Option<usize>, seed: u64) -> Self {
        let rows = x.len() / columns;
        let most = MOST_ROWS.min(MOST_NUMBERS / columns).max(2);
        let stride = rows.div_ceil(most).max(1);
        let filled_along = channels.filter(|_| !x.iter().all(is_present));
        // Without gaps the rows themselves; else a copy of those that are looked at.
        let rows_of = || x.chunks_exact(columns).step_by(stride);
        let copy: Option<Vec<f64>> = (!x.iter().all(is_present))
            .then(|| rows_of().flat_map(|row| filled(row, filled_along).into_owned()).collect());
        let (x, stride) = copy.as_ref().map_or((x, stride), |copy| (&copy[..], 1));
        let sample = || x.chunks_exact(columns).step_by(stride);
        let (center, scale) = moments(sample(), columns);
        let scored: Vec<f64> = sample().flat_map(|row| scores(row, &center, &scale)).collect();
        let rows = scored.len() / columns;
        let table = ArrayView2::from_shape((rows, columns), &scored).expect("whole rows");
        let wanted = (MOST + BESIDE).min(columns).min(rows);
        let mut rng = stream(seed, Purpose::Components, 0);
        let mut basis =
            Array2::from_shape_simple_fn((columns, wanted), || StandardNormal.sample(&mut rng));
        orthonormalise(&mut basis);
        for _ in 0..PASSES {
            basis = table.t().dot(&table.dot(&basis));
            orthonormalise(&mut basis);
        }
        // Within the subspace, the directions of most variance.
        let projected = table.dot(&basis);
        let rotation = eigenvectors(projected.t().dot(&projected));
        let count = wanted.min(MOST);
        let directions = basis.dot(&rotation);
        let kept = directions.columns().into_iter().take(count).flat_map(|c| c.to_vec());
        let numbers = center.iter().chain(&scale).copied().chain(kept).collect();
        Self { count, filled_along, numbers }
    }

    /// The first `count` of them, for x of `columns`.
    pub fn first(&self, columns: usize, count: usize) -> Self {
        let count = count.min(self.count);
        let numbers = self.numbers[..columns * (2 + count)].to_vec();
        Self { count, filled_along: self.filled_along, numbers }
    }

    pub fn count(&self) -> usize {
        self.count
    }

    pub fn numbers(&self) -> &[f64] {
        &self.numbers
    }

    pub fn set_numbers(&mut self, numbers: &[f64]) {
        self.numbers = numbers.to_vec();
    }

    /// How many numbers it has for x of `columns`; `None` where there are more than can be counted.
    pub fn parameters(&self, columns: usize) -> Option<usize> {
        columns.checked_mul(self.count.checked_add(2)?)
    }

    /// Its numbers may still be missing.
    pub fn is_whole(&self, columns: usize) -> bool {
        let along = |channels: usize| channels > 0 && columns.is_multiple_of(channels);
        (1..=MOST.min(columns)).contains(&self.count)
            && self.parameters(columns).is_some()
            && self.filled_along.is_none_or(along)
    }

    pub fn apply(&self, x: &[f64], out: &mut Vec<f64>) {
        let (center, rest) = self.numbers.split_at(x.len());
        let (scale, directions) = rest.split_at(x.len());
        let x = filled(x, self.filled_along);
        let scores: Vec<f64> = scores(&x, center, scale).collect();
        for direction in directions.chunks_exact(x.len()) {
            out.push(direction.iter().zip(&scores).map(|(d, s)| d * s).sum());
        }
    }
}

/// A row without those gaps that have neighbours.
fn filled(row: &[f64], channels: Option<usize>) -> Cow<'_, [f64]> {
    channels.map_or(Cow::Borrowed(row), |channels| interpolated(row, channels))
}

/// z-scores; 0, the column's mean, for a gap.
pub(super) fn scores<'a>(
    x: &'a [f64],
    center: &'a [f64],
    scale: &'a [f64],
) -> impl Iterator<Item = f64> + use<'a> {
    let columns = x.iter().zip(center).zip(scale);
    let score = |v: f64, c: f64, s: f64| ((v - c) / s).clamp(-FARTHEST, FARTHEST);
    columns.map(move |((v, c), s)| if is_present(v) { score(*v, *c, *s) } else { 0.0 })
}

/// Mean and standard deviation of each column; 1 for one that does not vary.
pub(super) fn moments<'a>(
    rows: impl Iterator<Item = &'a [f64]> + Clone,
    columns: usize,
) -> (Vec<f64>, Vec<f64>) {
    // Of each column, how many numbers there are, and the first of them.
    let (mut counts, mut origin) = (vec![0.0; columns], vec![0.0; columns]);
    for row in rows.clone() {
        for (column, value) in row.iter().enumerate().filter(|(_, v)| is_present(v)) {
            if counts[column] == 0.0 {
                origin[column] = *value;
            }
            counts[column] += 1.0;
        }
    }
    // In units of the farthest from there, so that neither sums nor squares are too large.
    let mut units = vec![0.0_f64; columns];
    let mut sums = vec![0.0; columns];
    for row in rows.clone() {
        for ((unit, value), origin) in units.iter_mut().zip(row).zip(&origin) {
            *unit = unit.max((value - origin).abs());
        }
    }
    units.iter_mut().filter(|u| !(**u > 0.0 && u.is_finite())).for_each(|u| *u = 1.0);
    let differences = |row: &'a [f64], each: &mut dyn FnMut(usize, f64)| {
        for (column, value) in row.iter().enumerate().filter(|(_, v)| is_present(v)) {
            each(column, (value - origin[column]) / units[column]);
        }
    };
    for row in rows.clone() {
        differences(row, &mut |column, v| sums[column] += v / counts[column]);
    }
    let mut squares = vec![0.0; columns];
    for row in rows {
        differences(row, &mut |column, v| {
            squares[column] += (v - sums[column]).powi(2) / counts[column];
        });
    }
    let center = (0..columns).map(|c| origin[c] + units[c] * sums[c]).collect();
    let scale = (0..columns).map(|c| units[c] * squares[c].sqrt());
    (center, scale.map(|s| if s > 0.0 { s } else { 1.0 }).collect())
}

/// Makes columns orthonormal (Gram and Schmidt, twice); one that is nothing but rounding becomes zero.
fn orthonormalise(basis: &mut Array2<f64>) {
    for column in 0..basis.ncols() {
        let (before, mut rest) = basis.view_mut().split_at(Axis(1), column);
        let mut own = rest.column_mut(0);
        let size = own.dot(&own).sqrt();
        for _ in 0..2 {
            for earlier in before.columns() {
                let share = earlier.dot(&own);
                own.scaled_add(-share, &earlier);
            }
        }
        let left = own.dot(&own).sqrt();
        let factor = if left > 1e-12 * size { 1.0 / left } else { 0.0 };
        own.mapv_inplace(|v| factor * v);
    }
}

/// Eigenvectors of a small symmetric matrix as columns, those of the largest eigenvalues first
/// (Jacobi's rotations).
fn eigenvectors(mut matrix: Array2<f64>) -> Array2<f64> {
    let n = matrix.nrows();
    let mut vectors = Array2::eye(n);
    for _ in 0..SWEEPS {
        for (p, q) in (0..n).flat_map(|p| (p + 1..n).map(move |q| (p, q))) {
            let off = matrix[[p, q]];
            if off.abs() <= f64::EPSILON * (matrix[[p, p]] * matrix[[q, q]]).abs().sqrt() {
                continue;
            }
            let slope = (matrix[[q, q]] - matrix[[p, p]]) / (2.0 * off);
            let tangent = slope.signum() / (slope.abs() + slope.hypot(1.0));
            let cosine = 1.0 / tangent.hypot(1.0);
            let sine = tangent * cosine;
            let rotate = |a: &mut f64, b: &mut f64| {
                (*a, *b) = (cosine * *a - sine * *b, sine * *a + cosine * *b);
            };
            for k in 0..n {
                let (mut a, mut b) = (matrix[[k, p]], matrix[[k, q]]);
                rotate(&mut a, &mut b);
                (matrix[[k, p]], matrix[[k, q]]) = (a, b);
            }
            for k in 0..n {
                let (mut a, mut b) = (matrix[[p, k]], matrix[[q, k]]);
                rotate(&mut a, &mut b);
                (matrix[[p, k]], matrix[[q, k]]) = (a, b);
                let (mut a, mut b) = (vectors[[k, p]], vectors[[k, q]]);
                rotate(&mut a, &mut b);
                (vectors[[k, p]], vectors[[k, q]]) = (a, b);
            }
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|a, b| matrix[[*b, *b]].total_cmp(&matrix[[*a, *a]]));
    vectors.select(Axis(1), &order)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// x = a·u + b·v + noise, u and v orthogonal and a the wider: the first two directions are theirs.
    #[test]
    fn leading_directions_are_those_that_columns_share() {
        let (rows, columns) = (600, 120);
        let mut rng = stream(4, Purpose::Weights, 0);
        let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
        let wave =
            |j: usize, k: f64| (k * std::f64::consts::PI * (j as f64 + 0.5) / columns as f64).cos();
        let mut shares = Vec::new();
        let mut x = Vec::new();
        for _ in 0..rows {
            let (a, b) = (3.0 * normal(), 1.5 * normal());
            shares.push([a, b]);
            x.extend(
                (0..columns).map(|j| 1e9 + a * wave(j, 1.0) + b * wave(j, 2.0) + 0.2 * normal()),
            );
        }
        let components = Components::fit(&x, columns, None, 1);
        assert!(components.is_whole(columns) && components.count() == MOST);
        assert_eq!(components.numbers().len(), components.parameters(columns).unwrap());
        // Each column has its own scale, which mixes the waves a little: both together are told.
        let mut residual = 0.0;
        let (mut gram, mut cross, mut total) = ([[0.0; 2]; 2], [[0.0; 2]; 2], 0.0);
        let scores: Vec<Vec<f64>> = x
            .chunks_exact(columns)
            .map(|row| {
                let mut out = Vec::new();
                components.apply(row, &mut out);
                out
            })
            .collect();
        for (s, share) in scores.iter().zip(&shares) {
            for i in 0..2 {
                for j in 0..2 {
                    gram[i][j] += s[i] * s[j];
                    cross[i][j] += s[i] * share[j];
                }
            }
        }
        let det = gram[0][0] * gram[1][1] - gram[0][1] * gram[1][0];
        for (s, share) in scores.iter().zip(&shares) {
            for j in 0..2 {
                let beta = [
                    (gram[1][1] * cross[0][j] - gram[0][1] * cross[1][j]) / det,
                    (gram[0][0] * cross[1][j] - gram[1][0] * cross[0][j]) / det,
                ];
                residual += (share[j] - beta[0] * s[0] - beta[1] * s[1]).powi(2);
                total += share[j].powi(2);
            }
        }
        assert!(residual < 0.01 * total, "{residual} of {total}");
    }

    /// [[2, 1], [1, 2]] has eigenvalues 3 and 1, for (1, 1) and (1, −1).
    #[test]
    fn eigenvectors_of_a_matrix_known_by_heart() {
        let vectors = eigenvectors(ndarray::arr2(&[[2.0, 1.0], [1.0, 2.0]]));
        let half = 0.5_f64.sqrt();
        assert!((vectors[[0, 0]].abs() - half).abs() < 1e-12);
        assert!((vectors[[0, 0]] - vectors[[1, 0]]).abs() < 1e-12);
        assert!((vectors[[0, 1]] + vectors[[1, 1]]).abs() < 1e-12);
    }
}
