//! A cloud of points, and how far out a point lies.

use serde::{Deserialize, Serialize};

/// Points that distances are compared with, at most.
const MOST_REFERENCES: usize = 2000;
/// Points that a covariance is learnt from, at most.
const MOST_ROWS: usize = 20_000;
/// What is added to every variance, as a share of their mean, and as much again for every ten
/// points a column.
const RIDGE: f64 = 1e-4;
/// So rare among the points is a distance that nobody calls chance.
const RARE: f64 = 0.002;
/// So many times as far as the farthest point is, too, where points are few.
const BEYOND: f64 = 1.2;
/// So many times as far as the farthest, nothing is known. (Two widths of the core beyond all of 1,000
/// numbers, where one column is too far, is four times as far as the farthest of a Gaussian.)
const FAR: f64 = 4.0;
/// Farther out than this percentage, columns are named.
const OUTER: f64 = 95.0;
/// Columns named at most.
const NAMED: usize = 3;

/// Centre and covariance of points, with the distances of points that these were not learnt from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cloud {
    mean: Vec<f64>,
    /// Lower Cholesky factor of the covariance, row after row.
    factor: Vec<f64>,
    /// Ascending.
    references: Vec<f64>,
}

/// The sizes of a cloud, which say how many numbers it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CloudShape {
    pub width: usize,
    pub references: usize,
}

impl CloudShape {
    /// How many numbers that is; `None` where there are more than can be counted.
    pub fn numbers(self) -> Option<usize> {
        let triangle = self.width.checked_mul(self.width.checked_add(1)?)? / 2;
        triangle.checked_add(self.width)?.checked_add(self.references)
    }
}

/// How far out something lies among the simulations.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outlyingness {
    /// Mahalanobis distance over the root of the number of columns: about 1 for a typical simulation.
    pub distance: f64,
    /// Share of simulations that lie nearer to the middle, in percent.
    pub percentile: f64,
    /// Whether it lies so far out that chance does not explain it.
    pub unusual: bool,
    /// Whether it lies so far out that nothing is known there.
    pub far: bool,
    /// What fits the rest worst, the worst first, where it lies among the outer 5%.
    pub worst: Vec<Misfit>,
}

/// A number that does not go with the others.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Misfit {
    /// `column 3` of x, or a parameter.
    pub name: String,
    /// How far it lies from what the others predict, in standard deviations.
    pub deviations: f64,
}

impl Outlyingness {
    /// A distance among those of simulations, ascending.
    pub(super) fn among(references: &[f64], distance: f64) -> Self {
        let all = references.len();
        let nearer = references.partition_point(|r| *r < distance);
        let share = (all - nearer + 1) as f64 / (all + 1) as f64;
        let beyond = |times: f64| references.last().is_some_and(|most| distance > times * most);
        let percentile = 100.0 * nearer as f64 / all.max(1) as f64;
        let unusual = share <= RARE || beyond(BEYOND);
        Self { distance, percentile, unusual, far: beyond(FAR), worst: Vec::new() }
    }
}

impl Cloud {
    /// Of rows of `width` numbers; `None` where there are too few.
    ///
    /// Distances are those of each half of the rows from what the other half says, so that they are
    /// those of new rows; centre and covariance are those of all.
    pub fn of(width: usize, rows: &[&[f32]]) -> Option<Self> {
        let stride = rows.len().div_ceil(MOST_ROWS).max(1);
        let rows: Vec<&[f32]> = rows.iter().step_by(stride).copied().collect();
        let halves: [Vec<&[f32]>; 2] =
            [0, 1].map(|h| rows.iter().skip(h).step_by(2).copied().collect());
        if width == 0 || halves[1].len() < 20 {
            return None;
        }
        let mut references = Vec::new();
        for (mine, other) in [(&halves[0], &halves[1]), (&halves[1], &halves[0])] {
            let cloud = Self::fit(width, mine);
            let stride = (2 * other.len()).div_ceil(MOST_REFERENCES).max(1);
            references.extend(other.iter().step_by(stride).map(|row| cloud.distance(row)));
        }
        references.sort_by(f64::total_cmp);
        Some(Self { references, ..Self::fit(width, &rows) })
    }

    fn fit(width: usize, rows: &[&[f32]]) -> Self {
        let n = rows.len() as f64;
        let mut mean = vec![0.0; width];
        for row in rows {
            mean.iter_mut().zip(*row).for_each(|(m, v)| *m += f64::from(*v) / n);
        }
        // The lower triangle, row after row.
        let mut sums = vec![0.0; width * (width + 1) / 2];
        let mut centred = vec![0.0; width];
        for row in rows {
            centred
                .iter_mut()
                .zip(row.iter().zip(&mean))
                .for_each(|(c, (v, m))| *c = f64::from(*v) - m);
            let mut at = 0;
            for i in 0..width {
                let value = centred[i];
                let below = &mut sums[at..=at + i];
                below.iter_mut().zip(&centred).for_each(|(sum, c)| *sum += value * c);
                at += i + 1;
            }
        }
        sums.iter_mut().for_each(|sum| *sum /= n);
        let trace: f64 = (0..width).map(|i| sums[place(i, i)]).sum();
        let ridge = RIDGE * (1.0 + 10.0 * width as f64 / n) * (trace / width as f64).max(1e-300);
        (0..width).for_each(|i| sums[place(i, i)] += ridge);
        factorise(width, &mut sums);
        Self { mean, factor: sums, references: Vec::new() }
    }

    /// Columns.
    pub fn width(&self) -> usize {
        self.mean.len()
    }

    fn distance(&self, point: &[f32]) -> f64 {
        let solved = self.solved(point);
        (solved.iter().map(|v| v * v).sum::<f64>() / self.width() as f64).sqrt()
    }

    /// L⁻¹ (x − μ).
    fn solved(&self, point: &[f32]) -> Vec<f64> {
        let mut solved: Vec<f64> =
            point.iter().zip(&self.mean).map(|(v, m)| f64::from(*v) - m).collect();
        self.forward(&mut solved);
        solved
    }

    fn forward(&self, b: &mut [f64]) {
        for i in 0..b.len() {
            let row = &self.factor[place(i, 0)..=place(i, i)];
            let known: f64 = row[..i].iter().zip(&b[..i]).map(|(l, v)| l * v).sum();
            b[i] = (b[i] - known) / row[i];
        }
    }

    /// Solves Lᵀ·x = b.
    fn backward(&self, b: &mut [f64]) {
        for i in (0..b.len()).rev() {
            b[i] /= self.factor[place(i, i)];
            let value = b[i];
            for (j, earlier) in b[..i].iter_mut().enumerate() {
                *earlier -= self.factor[place(i, j)] * value;
            }
        }
    }

    /// Where a point lies; `name` says what its columns, from 0, are called.
    pub fn outlyingness(&self, point: &[f32], name: &dyn Fn(usize) -> String) -> Outlyingness {
        let found = Outlyingness::among(&self.references, self.distance(point));
        // What it takes the cube of the width to find is looked for where it is of interest.
        let outer = found.percentile > OUTER;
        let worst = if outer { self.worst(point) } else { Vec::new() };
        let misfit = |(column, deviations)| Misfit { name: name(column), deviations };
        Outlyingness { worst: worst.into_iter().map(misfit).collect(), ..found }
    }

    /// With P the inverse covariance, (P(x − μ))ⱼ/√Pⱼⱼ: how far column j lies from what all others
    /// predict, in standard deviations.
    fn worst(&self, point: &[f32]) -> Vec<(usize, f64)> {
        let mut weighted = self.solved(point);
        self.backward(&mut weighted);
        let mut scores: Vec<(usize, f64)> = (0..self.width())
            .map(|j| {
                let mut unit = vec![0.0; self.width()];
                unit[j] = 1.0;
                self.forward(&mut unit);
                let precision: f64 = unit.iter().map(|v| v * v).sum();
                (j, weighted[j] / precision.sqrt())
            })
            .collect();
        scores.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
        scores.truncate(NAMED);
        scores
    }

    /// Its sizes.
    pub fn shape(&self) -> CloudShape {
        CloudShape { width: self.width(), references: self.references.len() }
    }

    /// All its numbers, for a weights file.
    pub fn numbers(&self) -> Vec<f64> {
        [&self.mean[..], &self.factor, &self.references].concat()
    }

    /// A cloud from its sizes and numbers; `None` where they do not fit or are none.
    pub fn from_numbers(shape: CloudShape, numbers: &[f64]) -> Option<Self> {
        let triangle = shape.numbers()?.checked_sub(shape.width)?.checked_sub(shape.references)?;
        let whole = numbers.len() == shape.numbers()? && numbers.iter().all(|v| v.is_finite());
        let (mean, rest) = numbers.split_at_checked(shape.width)?;
        let (factor, references) = rest.split_at_checked(triangle)?;
        let positive = (0..shape.width).all(|i| factor.get(place(i, i)).is_some_and(|l| *l > 0.0));
        (whole && positive && shape.width > 0).then(|| Self {
            mean: mean.to_vec(),
            factor: factor.to_vec(),
            references: references.to_vec(),
        })
    }
}

/// Where row i, column j of a lower triangle lies.
fn place(i: usize, j: usize) -> usize {
    i * (i + 1) / 2 + j
}

/// The lower Cholesky factor in place of a lower triangle.
fn factorise(width: usize, a: &mut [f64]) {
    for i in 0..width {
        let (done, rest) = a.split_at_mut(place(i, 0));
        let row = &mut rest[..=i];
        let floor = 1e-12 * row[i].abs() + f64::MIN_POSITIVE;
        for j in 0..i {
            let other = &done[place(j, 0)..=place(j, j)];
            let known: f64 = row[..j].iter().zip(other).map(|(a, b)| a * b).sum();
            row[j] = (row[j] - known) / other[j];
        }
        let known: f64 = row[..i].iter().map(|v| v * v).sum();
        row[i] = (row[i] - known).max(floor).sqrt();
    }
}

#[cfg(test)]
mod tests;
