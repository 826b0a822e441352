//! Whether the θ of a table look like draws from a prior.
//!
//! Column by column by the distance of Kolmogorov and Smirnov, pair by pair by correlations of normal
//! scores and of their squares, against a large sample of the prior. Both by effect and by chance: in
//! a large table the least deviation is significant, in a small one a large deviation is not.

use crate::transform::{categories, normal_scores, standardized};
use freeform_simulators::Prior;
use ndarray::Array2;

/// Deviations below these change no posterior that matters.
const LEAST_DISTANCE: f64 = 0.03;
const LEAST_CORRELATION: f64 = 0.1;
/// Chance of a false alarm in a whole table.
const ALARM: f64 = 1e-4;
/// Rows looked at, and rows of the prior for each of them.
const MOST_ROWS: usize = 50_000;
const PRIOR_ROWS: usize = 4;
/// Of the prior's sample.
const SEED: u64 = 0x5eed;
/// Its multiples fill the unit interval evenly.
const GOLDEN: f64 = 0.618_033_988_749_894_9;

/// A column of θ whose law is not the prior's.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnShift {
    /// The parameter.
    pub name: String,
    /// Largest difference between its distribution function and the prior's.
    pub distance: f64,
    /// Its mean, and the prior's.
    pub means: [f64; 2],
    /// Of a category the share of each in the table, and its probability.
    pub shares: Option<[Vec<f64>; 2]>,
}

/// Two columns of θ that depend on each other as under the prior they do not.
#[derive(Clone, Debug, PartialEq)]
pub struct PairShift {
    /// The parameters.
    pub names: [String; 2],
    /// Correlation of their scores (or of the squares of these), and the prior's.
    pub correlations: [f64; 2],
}

/// Columns and pairs of `theta` (rows of D numbers, all different) that do not look like `prior`.
pub(super) fn deviations(theta: &[f64], prior: &Prior) -> (Vec<ColumnShift>, Vec<PairShift>) {
    let dim = prior.dim();
    let stride = (theta.len() / dim).div_ceil(MOST_ROWS).max(1);
    let column =
        |d: usize| -> Vec<f64> { theta.iter().skip(d).step_by(dim * stride).copied().collect() };
    let mut table: Vec<Vec<f64>> = (0..dim).map(column).collect();
    let n = table[0].len();
    let sample: Array2<f64> = prior.sample_n(SEED, (PRIOR_ROWS * n).max(2000));
    let mut sample: Vec<Vec<f64>> = sample.columns().into_iter().map(|c| c.to_vec()).collect();
    let shares = |d: usize| {
        let law = prior.category(d)?;
        let of = |k: usize| theta.iter().skip(d).step_by(dim).filter(|v| **v == k as f64).count();
        let rows = (theta.len() / dim) as f64;
        let found = (0..law.probabilities().len()).map(|k| of(k) as f64 / rows);
        Some([found.collect(), law.probabilities().to_vec()])
    };
    for (d, _) in categories(prior) {
        // Spread evenly over its unit interval, a category is compared as any number is.
        for column in [&mut table[d], &mut sample[d]] {
            let rows = column.iter_mut().enumerate();
            rows.for_each(|(row, value)| *value += (row as f64 * GOLDEN).fract());
        }
    }
    let shifts = (0..dim).filter_map(|d| {
        let (distance, p) = kolmogorov_smirnov(&table[d], &sample[d]);
        // Of differences from the first, which keeps their digits.
        let mean = |values: &[f64]| {
            let sum: f64 = values.iter().map(|v| v - values[0]).sum();
            values[0] + sum / values.len() as f64
        };
        (distance >= LEAST_DISTANCE && p < ALARM / dim as f64).then(|| ColumnShift {
            name: prior.names()[d].clone(),
            distance,
            means: [mean(&table[d]), mean(&sample[d])],
            shares: shares(d),
        })
    });
    (shifts.collect(), pairs(&table, &sample, prior))
}

/// Pairs of columns whose dependence differs.
fn pairs(table: &[Vec<f64>], sample: &[Vec<f64>], prior: &Prior) -> Vec<PairShift> {
    let (n, m) = (table[0].len() as f64, sample[0].len() as f64);
    let features = |columns: &[Vec<f64>]| -> Vec<[Vec<f64>; 2]> {
        let of = |column: &Vec<f64>| {
            let scores = normal_scores(column);
            let squares = standardized(scores.iter().map(|s| s * s).collect());
            [standardized(scores), squares]
        };
        columns.iter().map(of).collect()
    };
    let (table, sample) = (features(table), features(sample));
    let dim = table.len();
    let tests = (4 * dim * (dim - 1) / 2).max(1) as f64;
    let mut found = Vec::new();
    for a in 0..dim {
        for b in 0..a {
            let differences = [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(i, j)| {
                [correlation(&table[a][i], &table[b][j]), correlation(&sample[a][i], &sample[b][j])]
            });
            let size = |c: &[f64; 2]| (c[0] - c[1]).abs();
            let Some(correlations) =
                differences.into_iter().max_by(|x, y| size(x).total_cmp(&size(y)))
            else {
                continue;
            };
            let z = size(&correlations) / (1.0 / n + 1.0 / m).sqrt();
            let p = statrs::function::erf::erfc(z / std::f64::consts::SQRT_2);
            if size(&correlations) >= LEAST_CORRELATION && p * tests < ALARM {
                let names = [b, a].map(|d| prior.names()[d].clone());
                found.push(PairShift { names, correlations });
            }
        }
    }
    found
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>() / a.len() as f64
}

/// The largest difference between two empirical distribution functions, and how often chance gives
/// as much. Repeated values of the first count once as evidence: a grid is no large sample.
fn kolmogorov_smirnov(values: &[f64], others: &[f64]) -> (f64, f64) {
    let sorted = |values: &[f64]| {
        let mut values = values.to_vec();
        values.sort_unstable_by(f64::total_cmp);
        values
    };
    let (a, b) = (sorted(values), sorted(others));
    let (mut i, mut j, mut most, mut different) = (0, 0, 0.0_f64, 0);
    while i < a.len() || j < b.len() {
        let next = match (a.get(i), b.get(j)) {
            (Some(x), Some(y)) => x.min(*y),
            (Some(x), None) => *x,
            (None, Some(y)) => *y,
            (None, None) => break,
        };
        let before = i;
        while a.get(i).is_some_and(|v| *v <= next) {
            i += 1;
        }
        while b.get(j).is_some_and(|v| *v <= next) {
            j += 1;
        }
        different += usize::from(i > before);
        most = most.max((i as f64 / a.len() as f64 - j as f64 / b.len() as f64).abs());
    }
    let (n, m) = (different as f64, b.len() as f64);
    let root = (n * m / (n + m)).sqrt();
    let lambda = (root + 0.12 + 0.11 / root) * most;
    let terms = (1..=100).map(|k| {
        let sign = if k % 2 == 1 { 1.0 } else { -1.0 };
        sign * (-2.0 * f64::from(k * k) * lambda * lambda).exp()
    });
    (most, if lambda < 0.2 { 1.0 } else { (2.0 * terms.sum::<f64>()).clamp(0.0, 1.0) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use freeform_simulators::Marginal;

    fn unit(dim: usize) -> Prior {
        Prior::identical(dim, Marginal::Uniform { low: 0.0, high: 1.0 }).unwrap()
    }

    fn flat(table: &Array2<f64>) -> Vec<f64> {
        table.iter().copied().collect()
    }

    #[test]
    fn draws_of_the_prior_pass_and_grids_too() {
        for seed in 0..20 {
            let theta = flat(&unit(3).sample_n(seed, 1000));
            assert_eq!(deviations(&theta, &unit(3)), (vec![], vec![]), "seed {seed}");
        }
        // 11³ points, ends included.
        let at = |i: usize| (i % 11) as f64 / 10.0;
        let grid: Vec<f64> = (0..1331).flat_map(|i| [at(i), at(i / 11), at(i / 121)]).collect();
        assert_eq!(deviations(&grid, &unit(3)), (vec![], vec![]));
    }

    /// Beta(4, 1) against the uniform law: x − x⁴ is largest at x = 4^(−1/3), 0.4725 there; and the
    /// mean is 4/5.
    #[test]
    fn another_law_is_told_with_its_distance() {
        let law = Prior::identical(1, Marginal::Beta { alpha: 4.0, beta: 1.0 }).unwrap();
        let (columns, pairs) = deviations(&flat(&law.sample_n(1, 5000)), &unit(1));
        assert!((columns[0].distance - 0.4725).abs() < 0.03, "{columns:?}");
        assert!((columns[0].means[0] - 0.8).abs() < 0.01 && pairs.is_empty());
        // A tiny deviation of a large table is none: Beta(1.05, 1) is 0.018 away.
        let law = Prior::identical(1, Marginal::Beta { alpha: 1.05, beta: 1.0 }).unwrap();
        assert_eq!(deviations(&flat(&law.sample_n(1, 100_000)), &unit(1)), (vec![], vec![]));
    }

    #[test]
    fn ordered_and_entangled_parameters_are_told() {
        let sample = unit(2).sample_n(2, 2000);
        let ordered: Vec<f64> =
            sample.rows().into_iter().flat_map(|r| [r[0].min(r[1]), r[0].max(r[1])]).collect();
        let (columns, pairs) = deviations(&ordered, &unit(2));
        assert_eq!((columns.len(), pairs.len()), (2, 1));
        // Uniform each, but far from the middle together: no correlation, only of the squares.
        let together: Vec<f64> = sample
            .rows()
            .into_iter()
            .flat_map(|r| [r[0], if r[1] < 0.5 { r[0] } else { 1.0 - r[0] }])
            .collect();
        let (columns, pairs) = deviations(&together, &unit(2));
        assert_eq!((columns.len(), pairs.len()), (0, 1));
        assert!(pairs[0].correlations[0] > 0.9 && pairs[0].correlations[1].abs() < 0.05);
    }
}
