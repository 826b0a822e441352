//! The closed-form part: ridge regression of u on c, and the Cholesky factor of what is left.

use super::WhiteningTable;
use super::cholesky::cholesky;
use super::dot::dot;
use super::ridge::{Coefficients, Ridge};
use crate::work::{Halt, Pack, Part, Unpack};
use rayon::prelude::*;

/// Ridge penalties to choose from, in units of a standardised context's variance.
const PENALTIES: [f64; 6] = [1e-6, 1e-3, 1e-2, 0.03, 0.1, 0.3];
/// More of them where contexts are wide.
const STRONG_PENALTIES: [f64; 6] = [1.0, 3.0, 10.0, 30.0, 100.0, 1000.0];
/// Contexts are wide where there are fewer rows than this many times their columns: a regression
/// then takes much of the noise for signal.
const WIDE: usize = 4;
/// Added to the residual covariance's diagonal, relative to it.
const JITTER: f64 = 1e-6;

/// u ↦ L⁻¹(u − A·c − b), where L·Lᵀ is the residual covariance.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct LinearWhitening {
    /// A, `[D][C]`.
    slope: Vec<Vec<f64>>,
    /// b, `[D]`.
    intercept: Vec<f64>,
    /// L, row i with i + 1 entries.
    factor: Vec<Vec<f64>>,
}

impl LinearWhitening {
    /// Learns A, b and L on the training rows; the penalty is the one whose Gaussian likelihood
    /// on the validation rows is best. Where contexts are wide it may be another for each target,
    /// and L is that of the errors on the validation rows.
    /// Of each penalty what it takes long to find is kept as a piece of `part`.
    pub(super) fn fit(table: &WhiteningTable, part: &Part) -> Result<Self, Halt> {
        let part = part.part("linear");
        let (d, c) = table.dims;
        let ridge = Ridge::of(table, &part)?;
        let wide = c * WIDE > ridge.rows().len();
        let strong = if wide { &STRONG_PENALTIES[..] } else { &[] };
        let penalties: Vec<f64> = PENALTIES.iter().chain(strong).copied().collect();
        let solved = penalties.par_iter().enumerate().map(|(k, penalty)| {
            let part = part.part(&format!("penalty-{k}"));
            let make = || Ok((0.0, Self::plain(ridge.solve(*penalty, &part)?)));
            Ok(Self::kept(&part, (d, c), make)?.1)
        });
        let mut candidates = solved.collect::<Result<Vec<Self>, Halt>>()?;
        if wide {
            candidates.push(Self::mixed(&candidates, table));
        }
        let judged = candidates.into_par_iter().enumerate().map(|(k, candidate)| {
            let part = part.part(&format!("candidate-{k}"));
            let make = || {
                let candidate = candidate.with_covariance(ridge.rows(), table, wide, &part)?;
                Ok((candidate.nll(table, &part)?, candidate))
            };
            Self::kept(&part, (d, c), make)
        });
        let judged = judged.collect::<Result<Vec<_>, Halt>>()?;
        let best = judged.into_iter().min_by(|a, b| a.0.total_cmp(&b.0));
        Ok(best.map_or_else(|| unreachable!("there are penalties"), |(_, candidate)| candidate))
    }

    /// A whitening and a number that goes with it: kept from an earlier process, or made.
    fn kept(
        part: &Part,
        (d, c): (usize, usize),
        make: impl FnOnce() -> Result<(f64, Self), Halt>,
    ) -> Result<(f64, Self), Halt> {
        let recalled = || {
            let numbers = Unpack::new(&part.recall()?).doubles()?;
            let (judgement, numbers) = numbers.split_first()?;
            Some((*judgement, Self::from_numbers(d, c, numbers)?))
        };
        if let Some(known) = recalled() {
            return Ok(known);
        }
        let (judgement, made) = make()?;
        part.keep(|| {
            Pack::default().doubles(&[&[judgement][..], &made.numbers()].concat()).finish()
        })?;
        Ok((judgement, made))
    }

    /// The variance that the regression on c leaves of each target, over the training rows.
    pub(super) fn unexplained(table: &WhiteningTable, part: &Part) -> Result<Vec<f64>, Halt> {
        let ridge = Ridge::of(table, part)?;
        let regression = Self::plain(ridge.solve(PENALTIES[0], part)?);
        Ok(regression.mean_squares(table, ridge.rows()))
    }

    /// A regression, with L the identity.
    fn plain((slope, intercept): Coefficients) -> Self {
        let factor = (0..intercept.len()).map(|i| [vec![0.0; i], vec![1.0]].concat()).collect();
        Self { slope, intercept, factor }
    }

    /// A regression, and L the factor of the covariance of what it leaves.
    fn with_covariance(
        mut self,
        learnt: &[u32],
        table: &WhiteningTable,
        wide: bool,
        part: &Part,
    ) -> Result<Self, Halt> {
        let (d, c) = table.dims;
        let mut covariance: Vec<Vec<f64>> = (0..d).map(|i| vec![0.0; i + 1]).collect();
        let mut residual = vec![0.0; d];
        // Where contexts are wide, residuals of the training rows say nothing; otherwise they lack
        // what the regression's own freedom took away from them.
        let (rows, freedom) = match wide {
            true => (table.validation, table.validation.len().max(1) as f64),
            false => (learnt, (learnt.len() as f64 - c as f64 - 1.0).max(1.0)),
        };
        for &r in rows {
            part.go_on()?;
            self.apply(table.target_row(r), table.context_row(r), &mut residual);
            for (i, row) in covariance.iter_mut().enumerate() {
                for (slot, other) in row.iter_mut().zip(&residual) {
                    *slot += f64::from(residual[i]) * f64::from(*other) / freedom;
                }
            }
        }
        if wide {
            // Few rows: correlations are taken for less than they seem.
            let kept = freedom / (freedom + 2.0 * d as f64);
            for (i, row) in covariance.iter_mut().enumerate() {
                row[..i].iter_mut().for_each(|slot| *slot *= kept);
            }
        }
        for (i, row) in covariance.iter_mut().enumerate() {
            row[i] += JITTER * row[i] + f64::MIN_POSITIVE.sqrt();
        }
        self.factor = cholesky(covariance, part)?;
        Ok(self)
    }

    /// Of each target the regression whose errors on the validation rows are least.
    fn mixed(ridges: &[Self], table: &WhiteningTable) -> Self {
        let errors: Vec<Vec<f64>> =
            ridges.iter().map(|ridge| ridge.mean_squares(table, table.validation)).collect();
        let best = |target: usize| {
            let pairs = ridges.iter().zip(&errors);
            let least = pairs.min_by(|a, b| a.1[target].total_cmp(&b.1[target]));
            least.map_or(&ridges[0], |(ridge, _)| ridge)
        };
        let mut mixed = ridges[0].clone();
        let targets = mixed.slope.iter_mut().zip(&mut mixed.intercept).enumerate();
        for (target, (slope, intercept)) in targets {
            slope.clone_from(&best(target).slope[target]);
            *intercept = best(target).intercept[target];
        }
        mixed
    }

    /// The mean square of each whitened target over some rows.
    fn mean_squares(&self, table: &WhiteningTable, rows: &[u32]) -> Vec<f64> {
        let (mut out, mut sums) = (vec![0.0; self.dim()], vec![0.0; self.dim()]);
        for &row in rows {
            self.apply(table.target_row(row), table.context_row(row), &mut out);
            sums.iter_mut().zip(&out).for_each(|(sum, z)| *sum += f64::from(*z).powi(2));
        }
        sums.iter().map(|sum| sum / rows.len().max(1) as f64).collect()
    }

    /// A, b and L in this order, row after row.
    pub(super) fn numbers(&self) -> Vec<f64> {
        [self.slope.concat(), self.intercept.clone(), self.factor.concat()].concat()
    }

    /// The inverse of [`numbers`](Self::numbers); `None` where their count is wrong or they are
    /// no whitening.
    pub(super) fn from_numbers(dim: usize, context_dim: usize, numbers: &[f64]) -> Option<Self> {
        let triangle = dim * (dim + 1) / 2;
        if dim == 0 || context_dim == 0 || numbers.len() != dim * context_dim + dim + triangle {
            return None;
        }
        let (slope, rest) = numbers.split_at(dim * context_dim);
        let (intercept, packed) = rest.split_at(dim);
        let row = |i: usize| packed[i * (i + 1) / 2..][..=i].to_vec();
        let factor: Vec<Vec<f64>> = (0..dim).map(row).collect();
        let usable = factor.iter().all(|row| row[row.len() - 1] > 0.0)
            && numbers.iter().all(|v| v.is_finite());
        usable.then(|| Self {
            slope: slope.chunks_exact(context_dim).map(<[f64]>::to_vec).collect(),
            intercept: intercept.to_vec(),
            factor,
        })
    }

    /// The same without correlations: each target by its own location and width.
    pub(super) fn uncorrelated(mut self) -> Self {
        for row in &mut self.factor {
            let width = row.iter().map(|l| l * l).sum::<f64>().sqrt();
            row.fill(0.0);
            row.last_mut().into_iter().for_each(|last| *last = width);
        }
        self
    }

    /// D.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.intercept.len()
    }

    /// C.
    #[must_use]
    pub fn context_dim(&self) -> usize {
        self.slope[0].len()
    }

    /// log|det ∂out/∂u|, the same everywhere.
    #[must_use]
    pub fn log_det(&self) -> f64 {
        -self.factor.iter().map(|row| row[row.len() - 1].ln()).sum::<f64>()
    }

    /// Whitens one row.
    pub fn apply(&self, target: &[f32], context: &[f32], out: &mut [f32]) {
        for (i, (row, value)) in self.factor.iter().zip(target).enumerate() {
            let known = dot(&row[..i], out);
            let rest = f64::from(*value) - self.mean(i, context) - known;
            out[i] = (rest / row[i]) as f32;
        }
    }

    /// Undoes [`apply`](Self::apply) for one row.
    pub fn invert(&self, white: &[f32], context: &[f32], out: &mut [f32]) {
        for (i, (row, out)) in self.factor.iter().zip(out).enumerate() {
            let shift: f64 = row.iter().zip(white).map(|(l, z)| l * f64::from(*z)).sum();
            *out = (self.mean(i, context) + shift) as f32;
        }
    }

    fn mean(&self, i: usize, context: &[f32]) -> f64 {
        self.intercept[i] + dot(&self.slope[i], context)
    }

    /// Mean −log N on the validation rows, up to a constant.
    fn nll(&self, table: &WhiteningTable, part: &Part) -> Result<f64, Halt> {
        let scores = self.scores(table, part)?;
        let nll = -scores.iter().sum::<f64>() / scores.len().max(1) as f64;
        Ok(if nll.is_finite() { nll } else { f64::INFINITY })
    }

    /// log N of each validation row, up to a constant.
    pub(super) fn scores(&self, table: &WhiteningTable, part: &Part) -> Result<Vec<f64>, Halt> {
        let (mut out, log_det) = (vec![0.0; self.dim()], self.log_det());
        let score = |row: &u32| {
            part.go_on()?;
            self.apply(table.target_row(*row), table.context_row(*row), &mut out);
            Ok(log_det - out.iter().map(|z| 0.5 * f64::from(*z).powi(2)).sum::<f64>())
        };
        table.validation.iter().map(score).collect()
    }
}

#[cfg(test)]
mod tests;
