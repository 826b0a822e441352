//! Draws that resampling repeated, moved apart by Markov steps that leave the target as it is.

use super::PosteriorError;
use super::correction::Corrected;
use super::pool::Pool;
use super::proposal::CHUNK;
use super::weigh::Plan;
use crate::random::{Purpose, stream};
use ndarray::{Array2, ArrayView1};
use rand::{Rng, RngExt};
use rayon::prelude::*;
use std::ops::Range;

/// Steps of each.
const STEPS: usize = 9;
/// A step is the difference of two other draws, the second the nearest of so many to the first: from
/// one mode to another, or within one. They take turns.
const NEAREST: [usize; 3] = [1, 4, 16];

/// Of draws, those that equal the one before them.
pub(super) struct Copies {
    /// Which draws they are.
    rows: Vec<usize>,
    /// The pair that each was asked of.
    pairs: Vec<usize>,
    /// log t_jk of each.
    log_targets: Vec<f64>,
}

impl Copies {
    /// Of draws from a pool: ascending indices of its rows.
    pub fn of(chosen: &[usize], pool: &Pool) -> Self {
        let rows: Vec<usize> =
            (1..chosen.len()).filter(|row| chosen[*row] == chosen[row - 1]).collect();
        let (pairs, log_targets): (Vec<usize>, Vec<f64>) =
            (pool.pairs().collect(), pool.log_targets().collect());
        Self {
            pairs: rows.iter().map(|row| pairs[chosen[*row]]).collect(),
            log_targets: rows.iter().map(|row| log_targets[chosen[*row]]).collect(),
            rows,
        }
    }
}

/// All draws in the flows' space, before any moved: steps are differences of them (differential
/// evolution with a fixed archive, ter Braak and Vrugt 2008), which makes every step as likely as its
/// reverse.
struct Archive {
    dim: usize,
    points: Vec<f32>,
    /// log |∂u/∂θ| at each, u the flows' space.
    log_dets: Vec<f64>,
    /// One over the variance of each number.
    precisions: Vec<f64>,
}

impl Corrected<'_> {
    /// Moves the copies among draws `[n, D]` in the flows' space; `floors` are the least densities
    /// there of each posterior flow.
    pub fn move_apart(
        &self,
        plan: &Plan,
        floors: &[f64],
        copies: &Copies,
        theta: &mut Array2<f64>,
    ) -> Result<(), PosteriorError> {
        let archive = self.archive(plan, theta);
        let starts: Vec<usize> = (0..copies.rows.len()).step_by(CHUNK).collect();
        let walk = |start: usize| {
            let chunk = start..(start + CHUNK).min(copies.rows.len());
            self.walk(plan, floors, (copies, chunk), &archive)
        };
        let moved: Vec<_> = starts.into_par_iter().flat_map_iter(walk).collect();
        self.proposal.asking.check()?;
        for (row, moved) in moved {
            theta.row_mut(row).assign(&ArrayView1::from(&moved));
        }
        Ok(())
    }

    fn archive(&self, plan: &Plan, theta: &Array2<f64>) -> Archive {
        let (model, dim) = (self.model(), self.model().theta_dim());
        let (cuts, mut points) = (model.cuts(plan.at.context), vec![0.0; theta.len()]);
        let rows = theta.rows().into_iter().zip(points.chunks_exact_mut(dim));
        let log_dets =
            rows.map(|(row, point)| model.point_of(&row.to_vec(), &cuts, point)).collect();
        Archive::new(dim, points, log_dets)
    }

    /// Metropolis' steps of some copies; those that moved, with where they are then.
    fn walk(
        &self,
        plan: &Plan,
        floors: &[f64],
        (copies, chunk): (&Copies, Range<usize>),
        archive: &Archive,
    ) -> Vec<(usize, Vec<f64>)> {
        let (model, dim) = (self.model(), archive.dim);
        let rng = &mut stream(plan.seed, Purpose::Moves, chunk.start as u64);
        let (rows, pairs) = (&copies.rows[chunk.clone()], &copies.pairs[chunk.clone()]);
        let of = |row: &usize| archive.point(*row).iter().copied();
        let mut points: Vec<f32> = rows.iter().flat_map(of).collect();
        // Densities in the flows' space, where steps are made.
        let log_dets = rows.iter().map(|row| archive.log_dets[*row]);
        let log_targets: Vec<f64> = copies.log_targets[chunk]
            .iter()
            .zip(log_dets)
            .map(|(t, log_det)| t - log_det)
            .collect();
        let moved = archive.walk(rng, &mut points, log_targets, |candidates| {
            let asked = self.counted(plan.at, floors, candidates, pairs);
            let mut out = vec![f64::NEG_INFINITY; pairs.len()];
            let targets = asked.log_targets.iter().zip(&asked.log_dets);
            asked.rows.iter().zip(targets).for_each(|(row, (t, log_det))| out[*row] = t - log_det);
            out
        });
        let cuts = model.cuts(plan.at.context);
        let each = rows.iter().zip(points.chunks_exact(dim)).zip(moved);
        each.filter(|(_, moved)| *moved)
            .map(|((row, point), _)| {
                let mut theta = vec![0.0; dim];
                model.theta_at(point, &cuts, &mut theta);
                (*row, theta)
            })
            .collect()
    }
}

impl Archive {
    fn new(dim: usize, points: Vec<f32>, log_dets: Vec<f64>) -> Self {
        let n = (points.len() / dim) as f64;
        let variance = |i: usize| {
            let values = || points.iter().skip(i).step_by(dim).map(|v| f64::from(*v));
            let mean = values().sum::<f64>() / n;
            values().map(|v| (v - mean).powi(2)).sum::<f64>() / n
        };
        let precision = |i: usize| match 1.0 / variance(i) {
            precision if precision.is_finite() => precision,
            _ => 0.0,
        };
        Self { dim, precisions: (0..dim).map(precision).collect(), log_dets, points }
    }

    fn point(&self, row: usize) -> &[f32] {
        &self.points[row * self.dim..(row + 1) * self.dim]
    }

    /// Metropolis' steps of points `[m, D]` under the log-density that `ask` gives; which of them moved.
    fn walk(
        &self,
        rng: &mut impl Rng,
        points: &mut [f32],
        mut log_targets: Vec<f64>,
        mut ask: impl FnMut(&[f32]) -> Vec<f64>,
    ) -> Vec<bool> {
        let mut moved = vec![false; log_targets.len()];
        for step in 0..STEPS {
            let mut candidates = points.to_vec();
            for candidate in candidates.chunks_exact_mut(self.dim) {
                self.step(NEAREST[step % NEAREST.len()], rng, candidate);
            }
            for (row, target) in ask(&candidates).into_iter().enumerate() {
                let hurdle = rng.random_range(0.0_f64..1.0).ln();
                if target - log_targets[row] > hurdle {
                    let at = row * self.dim..(row + 1) * self.dim;
                    points[at.clone()].copy_from_slice(&candidates[at]);
                    (log_targets[row], moved[row]) = (target, true);
                }
            }
        }
        moved
    }

    /// Adds a step to a point.
    fn step(&self, nearest: usize, rng: &mut impl Rng, point: &mut [f32]) {
        let n = self.points.len() / self.dim;
        let from = self.point(rng.random_range(0..n));
        let mut to = (f64::INFINITY, from);
        for _ in 0..nearest {
            let other = self.point(rng.random_range(0..n));
            let apart = from.iter().zip(other).zip(&self.precisions);
            let square: f64 = apart.map(|((a, b), p)| p * f64::from(a - b).powi(2)).sum();
            if square < to.0 {
                to = (square, other);
            }
        }
        // Which of the two is found from the other is chance: the step and its reverse are as likely.
        let sign = if rng.random_range(0.0..1.0) < 0.5 { 1.0 } else { -1.0 };
        // The best length where the target is a normal law (Roberts and Rosenthal 2001).
        let length = (sign * 2.38 / (2.0 * self.dim as f64).sqrt()) as f32;
        point.iter_mut().zip(from).zip(to.1).for_each(|((p, a), b)| *p += length * (b - a));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_distr::{Distribution, Exp1, StandardNormal};

    /// Draws of a skewed law with two modes, x₁ exponential and x₂ normal about −4 (3 of 4) or 3, stay
    /// such: x₁ has mean 1 and variance 1, x₂ mean −9/4 and, in its modes, variances 1 and 1/4. Nearly
    /// all move.
    #[test]
    fn steps_leave_the_law_as_it_is() {
        let rng = &mut stream(1, Purpose::Moves, 0);
        let mut draws = |n: usize| -> Vec<f32> {
            (0..n)
                .flat_map(|row| {
                    let (x, e): (f32, f32) = (Exp1.sample(rng), StandardNormal.sample(rng));
                    [x, if row % 4 < 3 { e - 4.0 } else { 0.5 * e + 3.0 }]
                })
                .collect()
        };
        let n = 20_000;
        let (archive, mut points) = (Archive::new(2, draws(4000), Vec::new()), draws(n));
        let log_density = |point: &[f32]| {
            let (x, y) = (f64::from(point[0]), f64::from(point[1]));
            let modes =
                0.75 * (-0.5 * (y + 4.0).powi(2)).exp() + 0.5 * (-2.0 * (y - 3.0).powi(2)).exp();
            if x < 0.0 { f64::NEG_INFINITY } else { modes.ln() - x }
        };
        let ask = |points: &[f32]| points.chunks_exact(2).map(log_density).collect::<Vec<f64>>();
        let (known, rng) = (ask(&points), &mut stream(2, Purpose::Moves, 0));
        let moved = archive.walk(rng, &mut points, known, ask);
        let moved = moved.iter().filter(|moved| **moved).count();
        assert!(moved > n * 9 / 10, "{moved}");
        let moments = |values: Vec<f64>| {
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let square = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
            (values.len(), mean, square / values.len() as f64)
        };
        let of = |number: usize, keep: &dyn Fn(f32) -> bool| {
            let rows = points.chunks_exact(2).filter(|row| keep(row[1]));
            moments(rows.map(|row| f64::from(row[number])).collect())
        };
        // Four standard errors.
        let (_, mean, variance) = of(0, &|_| true);
        assert!((mean - 1.0).abs() < 0.03 && (variance - 1.0).abs() < 0.08, "{mean} {variance}");
        let (left, mean, variance) = of(1, &|y| y < 0.0);
        assert!((left as f64 / n as f64 - 0.75).abs() < 0.0125, "{left}");
        assert!((mean + 4.0).abs() < 0.033 && (variance - 1.0).abs() < 0.047, "{mean} {variance}");
        let (_, mean, variance) = of(1, &|y| y > 0.0);
        assert!((mean - 3.0).abs() < 0.029 && (variance - 0.25).abs() < 0.02, "{mean} {variance}");
    }
}
