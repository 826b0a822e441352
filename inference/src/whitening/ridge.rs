//! Ridge regression of u on c with many penalties.

use super::WhiteningTable;
use super::cholesky::{cholesky, solve};
use super::dot::dot;
use super::moments::Moments;
use crate::work::{Halt, Part};

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
    /// (XᵀX/n + λI) A = XᵀU/n.
    Primal(Moments),
    /// A = Xᵀ (XXᵀ/n + λI)⁻¹ U/n, the same for any λ > 0: `kernel` is `[n, n]`.
    Dual { contexts: Vec<f64>, targets: Vec<f64>, kernel: Vec<f64> },
}

/// Coefficients A, `[D][C]`, and intercepts b, `[D]`.
pub(super) type Coefficients = (Vec<Vec<f64>>, Vec<f64>);

impl Ridge {
    /// The regression of the table's training rows.
    pub fn of(table: &WhiteningTable, part: &Part) -> Result<Self, Halt> {
        let (d, c) = table.dims;
        let count = table.training.len();
        let dual = c > count.min(MOST_DUAL_ROWS);
        let most = if dual { MOST_DUAL_ROWS } else { MOST_ROWS };
        let rows = table.training[..count.min(most)].to_vec();
        let target_mean = mean(d, &rows, |r| table.target_row(r));
        let context_mean = mean(c, &rows, |r| table.context_row(r));
        part.go_on()?;
        let context = |r: u32, out: &mut [f64]| centre(table.context_row(r), &context_mean, out);
        let target = |r: u32, out: &mut [f64]| centre(table.target_row(r), &target_mean, out);
        let system = match dual {
            true => System::dual(&rows, (d, c), context, target, part)?,
            false => System::Primal(Moments::of(&rows, (d, c), context, target, part)?),
        };
        Ok(Self { rows, target_mean, context_mean, system })
    }

    /// The rows that it learns from.
    pub fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// A and b for a penalty λ on the squares of A.
    pub fn solve(&self, penalty: f64, part: &Part) -> Result<Coefficients, Halt> {
        let (d, c) = (self.target_mean.len(), self.context_mean.len());
        let slope = match &self.system {
            System::Primal(Moments { gram, cross }) => {
                let factor = factor(gram, c, penalty, 1.0, part)?;
                let of = |j: usize| {
                    part.go_on()?;
                    let mut slope: Vec<f64> = cross.chunks_exact(d).map(|row| row[j]).collect();
                    solve(&factor, &mut slope);
                    Ok(slope)
                };
                (0..d).map(of).collect::<Result<Vec<_>, Halt>>()?
            }
            System::Dual { contexts, targets, kernel } => {
                let n = self.rows.len();
                let factor = factor(kernel, n, penalty, 1.0 / n as f64, part)?;
                let of = |j: usize| {
                    part.go_on()?;
                    let mut weights: Vec<f64> =
                        targets.chunks_exact(d).map(|row| row[j] / n as f64).collect();
                    solve(&factor, &mut weights);
                    let mut slope = vec![0.0; c];
                    for (row, weight) in contexts.chunks_exact(c).zip(&weights) {
                        slope.iter_mut().zip(row).for_each(|(s, x)| *s += weight * x);
                    }
                    Ok(slope)
                };
                (0..d).map(of).collect::<Result<_, Halt>>()?
            }
        };
        let known = |slope: &Vec<f64>| -> f64 {
            slope.iter().zip(&self.context_mean).map(|(a, m)| a * m).sum()
        };
        let intercept = slope.iter().zip(&self.target_mean).map(|(s, m)| m - known(s)).collect();
        Ok((slope, intercept))
    }
}

impl System {
    fn dual(
        rows: &[u32],
        (d, c): (usize, usize),
        context: impl Fn(u32, &mut [f64]),
        target: impl Fn(u32, &mut [f64]),
        part: &Part,
    ) -> Result<Self, Halt> {
        let n = rows.len();
        let (mut contexts, mut targets) = (vec![0.0; n * c], vec![0.0; n * d]);
        let all = contexts.chunks_exact_mut(c).zip(targets.chunks_exact_mut(d));
        for (r, (x, u)) in rows.iter().zip(all) {
            context(*r, x);
            target(*r, u);
        }
        let mut kernel = vec![0.0; n * n];
        for (i, a) in contexts.chunks_exact(c).enumerate() {
            part.go_on()?;
            for (j, b) in contexts.chunks_exact(c).enumerate().take(i + 1) {
                kernel[i * n + j] = dot(a, b);
            }
        }
        Ok(Self::Dual { contexts, targets, kernel })
    }
}

/// The Cholesky factor of scale·M + λI, of M `[size, size]` only the lower half is read.
fn factor(
    matrix: &[f64],
    size: usize,
    penalty: f64,
    scale: f64,
    part: &Part,
) -> Result<Vec<Vec<f64>>, Halt> {
    let mut system: Vec<Vec<f64>> = (0..size)
        .map(|i| matrix[i * size..=i * size + i].iter().map(|v| v * scale).collect())
        .collect();
    for (i, row) in system.iter_mut().enumerate() {
        row[i] += penalty;
    }
    cholesky(system, part)
}

fn centre(row: &[f32], mean: &[f64], out: &mut [f64]) {
    for ((out, value), mean) in out.iter_mut().zip(row).zip(mean) {
        *out = f64::from(*value) - mean;
    }
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
    use crate::work::Unwatched;

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
        let part = Part::new(&Unwatched, "test");
        let primal = Ridge::of(&table, &part).unwrap();
        assert!(matches!(primal.system, System::Primal { .. }));
        let system = System::dual(
            &rows,
            (d, c),
            |r, out| centre(table.context_row(r), &primal.context_mean, out),
            |r, out| centre(table.target_row(r), &primal.target_mean, out),
            &part,
        );
        let dual = Ridge {
            rows: rows.clone(),
            target_mean: primal.target_mean.clone(),
            context_mean: primal.context_mean.clone(),
            system: system.unwrap(),
        };
        for penalty in [1e-3, 0.3, 10.0] {
            let [(a, b), (e, f)] =
                [&primal, &dual].map(|ridge| ridge.solve(penalty, &part).unwrap());
            let numbers = |slope: Vec<Vec<f64>>, intercept| [slope.concat(), intercept].concat();
            for (a, b) in numbers(a, b).iter().zip(numbers(e, f)) {
                assert!((a - b).abs() < 1e-9, "{a}, {b}");
            }
        }
    }

    #[test]
    fn dots_have_every_term_once() {
        for n in [0, 1, 7, 8, 9, 21] {
            let a: Vec<f64> = (1..=n).map(f64::from).collect();
            let b: Vec<f32> = (1..=n).map(|i| i as f32).collect();
            let n = f64::from(n);
            assert_eq!(dot(&a, &b), n * (n + 1.0) * (2.0 * n + 1.0) / 6.0);
        }
    }
}
