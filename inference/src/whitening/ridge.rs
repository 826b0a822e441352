//! Ridge regression of u on c with many penalties.

use super::WhiteningTable;
use super::cholesky::{cholesky, solve};

/// Rows beyond these add nothing to a linear regression.
const MOST_ROWS: usize = 50_000;
/// Nor do these, where there are more columns than rows: n × n systems take the place of C × C.
const MOST_DUAL_ROWS: usize = 2000;

/// A regression's data, centred, and the system that a penalty turns into its coefficients.
pub(super) struct Ridge {
    rows: Vec<u32>,
    target_mean: Vec<f64>,
    context_mean: Vec<f64>,
    system: System,
}

/// With X the centred contexts and U the centred targets of n rows.
enum System {
    /// (XᵀX/n + λI) A = XᵀU/n: `gram` is `[C, C]`, `cross` `[C, D]`.
    Primal { gram: Vec<f64>, cross: Vec<f64> },
    /// A = Xᵀ (XXᵀ/n + λI)⁻¹ U/n, the same for any λ > 0: `kernel` is `[n, n]`.
    Dual { contexts: Vec<f64>, targets: Vec<f64>, kernel: Vec<f64> },
}

/// Coefficients A, `[D][C]`, and intercepts b, `[D]`.
pub(super) type Coefficients = (Vec<Vec<f64>>, Vec<f64>);

impl Ridge {
    /// The regression of the table's training rows.
    pub fn of(table: &WhiteningTable) -> Self {
        let (d, c) = table.dims;
        let count = table.training.len();
        let dual = c > count.min(MOST_DUAL_ROWS);
        let most = if dual { MOST_DUAL_ROWS } else { MOST_ROWS };
        let rows = table.training[..count.min(most)].to_vec();
        let target_mean = mean(d, &rows, |r| table.target_row(r));
        let context_mean = mean(c, &rows, |r| table.context_row(r));
        let centred = |row: &[f32], mean: &[f64]| {
            row.iter().zip(mean).map(|(v, m)| f64::from(*v) - m).collect::<Vec<f64>>()
        };
        let context = |r: u32| centred(table.context_row(r), &context_mean);
        let target = |r: u32| centred(table.target_row(r), &target_mean);
        let system = match dual {
            true => System::dual(&rows, c, context, target),
            false => System::primal(&rows, (d, c), context, target),
        };
        Self { rows, target_mean, context_mean, system }
    }

    /// The rows that it learns from.
    pub fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// A and b for a penalty λ on the squares of A.
    pub fn solve(&self, penalty: f64) -> Coefficients {
        let (d, c) = (self.target_mean.len(), self.context_mean.len());
        let slope = match &self.system {
            System::Primal { gram, cross } => {
                let factor = factor(gram, c, penalty, 1.0);
                let of = |j: usize| {
                    let mut slope: Vec<f64> = cross.chunks_exact(d).map(|row| row[j]).collect();
                    solve(&factor, &mut slope);
                    slope
                };
                (0..d).map(of).collect::<Vec<_>>()
            }
            System::Dual { contexts, targets, kernel } => {
                let n = self.rows.len();
                let factor = factor(kernel, n, penalty, 1.0 / n as f64);
                let of = |j: usize| {
                    let mut weights: Vec<f64> =
                        targets.chunks_exact(d).map(|row| row[j] / n as f64).collect();
                    solve(&factor, &mut weights);
                    let mut slope = vec![0.0; c];
                    for (row, weight) in contexts.chunks_exact(c).zip(&weights) {
                        slope.iter_mut().zip(row).for_each(|(s, x)| *s += weight * x);
                    }
                    slope
                };
                (0..d).map(of).collect()
            }
        };
        let known = |slope: &Vec<f64>| -> f64 {
            slope.iter().zip(&self.context_mean).map(|(a, m)| a * m).sum()
        };
        let intercept = slope.iter().zip(&self.target_mean).map(|(s, m)| m - known(s)).collect();
        (slope, intercept)
    }
}

impl System {
    fn primal(
        rows: &[u32],
        (d, c): (usize, usize),
        context: impl Fn(u32) -> Vec<f64>,
        target: impl Fn(u32) -> Vec<f64>,
    ) -> Self {
        let n = rows.len() as f64;
        let (mut gram, mut cross) = (vec![0.0; c * c], vec![0.0; c * d]);
        for &r in rows {
            let (context, target) = (context(r), target(r));
            for (i, ci) in context.iter().enumerate() {
                let gram = &mut gram[i * c..(i + 1) * c];
                gram.iter_mut().zip(&context).for_each(|(g, cj)| *g += ci * cj / n);
                let cross = &mut cross[i * d..(i + 1) * d];
                cross.iter_mut().zip(&target).for_each(|(x, u)| *x += ci * u / n);
            }
        }
        Self::Primal { gram, cross }
    }

    fn dual(
        rows: &[u32],
        c: usize,
        context: impl Fn(u32) -> Vec<f64>,
        target: impl Fn(u32) -> Vec<f64>,
    ) -> Self {
        let contexts: Vec<f64> = rows.iter().flat_map(|r| context(*r)).collect();
        let targets = rows.iter().flat_map(|r| target(*r)).collect();
        let n = rows.len();
        let mut kernel = vec![0.0; n * n];
        for (i, a) in contexts.chunks_exact(c).enumerate() {
            for (j, b) in contexts.chunks_exact(c).enumerate().take(i + 1) {
                kernel[i * n + j] = a.iter().zip(b).map(|(a, b)| a * b).sum();
            }
        }
        Self::Dual { contexts, targets, kernel }
    }
}

/// The Cholesky factor of scale·M + λI, of M `[size, size]` only the lower half is read.
fn factor(matrix: &[f64], size: usize, penalty: f64, scale: f64) -> Vec<Vec<f64>> {
    let mut system: Vec<Vec<f64>> = (0..size)
        .map(|i| matrix[i * size..=i * size + i].iter().map(|v| v * scale).collect())
        .collect();
    for (i, row) in system.iter_mut().enumerate() {
        row[i] += penalty;
    }
    cholesky(system)
}

fn mean<'a>(width: usize, rows: &[u32], row: impl Fn(u32) -> &'a [f32]) -> Vec<f64> {
    let mut mean = vec![0.0; width];
    for &r in rows {
        let values = row(r).iter().map(|v| f64::from(*v));
        mean.iter_mut().zip(values).for_each(|(m, v)| *m += v / rows.len() as f64);
    }
    mean
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One regression by both systems.
    #[test]
    fn primal_and_dual_systems_have_the_same_solution() {
        let (n, d, c) = (7, 2, 5);
        let wave = |len: usize, rate: f32| -> Vec<f32> {
            (0..len).map(|i| (rate * (i * i % 101) as f32).sin()).collect()
        };
        let (target, context) = (wave(n * d, 0.7), wave(n * c, 1.3));
        let rows: Vec<u32> = (0..n as u32).collect();
        let table = WhiteningTable {
            target: &target,
            context: &context,
            dims: (d, c),
            training: &rows,
            validation: &rows,
        };
        let primal = Ridge::of(&table);
        assert!(matches!(primal.system, System::Primal { .. }));
        let centred = |row: &[f32], mean: &[f64]| -> Vec<f64> {
            row.iter().zip(mean).map(|(v, m)| f64::from(*v) - m).collect()
        };
        let dual = Ridge {
            rows: rows.clone(),
            target_mean: primal.target_mean.clone(),
            context_mean: primal.context_mean.clone(),
            system: System::dual(
                &rows,
                c,
                |r| centred(table.context_row(r), &primal.context_mean),
                |r| centred(table.target_row(r), &primal.target_mean),
            ),
        };
        for penalty in [1e-3, 0.3, 10.0] {
            let [(a, b), (e, f)] = [&primal, &dual].map(|ridge| ridge.solve(penalty));
            let numbers = |slope: Vec<Vec<f64>>, intercept| [slope.concat(), intercept].concat();
            for (a, b) in numbers(a, b).iter().zip(numbers(e, f)) {
                assert!((a - b).abs() < 1e-9, "{a}, {b}");
            }
        }
    }
}
