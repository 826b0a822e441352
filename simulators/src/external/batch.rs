//! A batch of simulations on its way through a worker.

use std::ops::Range;

use crate::{FailureKind, Missing, Noise, Precision, SimulationRng};
use rand::Rng;

/// What became of one simulation.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    /// The data are in their row.
    Good,
    /// There are none.
    Failed(FailureKind, String),
}

/// Simulations with consecutive indices: parameters, seeds, and the answers so far.
pub(super) struct Batch {
    pub(super) start: u64,
    /// Parameters, `[k, D]` row-major.
    pub(super) theta: Vec<f64>,
    /// One seed below 2⁵³ for each.
    pub(super) seeds: Vec<u64>,
    /// Data, `[k, C]` row-major.
    pub(super) x: Vec<f64>,
    /// One for each simulation that was answered.
    pub(super) verdicts: Vec<Option<Verdict>>,
    /// What was printed beside the answers.
    pub(super) noise: Noise,
    pub(super) parameter_dim: usize,
    pub(super) data_dim: usize,
    precision: Precision,
    missing: Missing,
}

impl Batch {
    /// The simulations `range` of the run with this seed; `draw(index, θ)` provides parameters.
    pub(super) fn new(
        precision: Precision,
        seed: u64,
        range: Range<u64>,
        (parameter_dim, data_dim): (usize, usize),
        missing: Missing,
        draw: &(dyn Fn(u64, &mut [f64]) + Sync),
    ) -> Self {
        let rows = (range.end - range.start) as usize;
        let mut theta = vec![0.0; rows * parameter_dim];
        for (index, row) in range.clone().zip(theta.chunks_mut(parameter_dim)) {
            draw(index, row);
        }
        // 53 bits: the most that every language reads exactly.
        let own = |index| SimulationRng::new(seed, index).next_u64() >> 11;
        let seeds = range.clone().map(own).collect();
        let (x, verdicts) = (vec![f64::NAN; rows * data_dim], vec![None; rows]);
        let (start, noise) = (range.start, Noise::default());
        Self {
            start,
            theta,
            seeds,
            x,
            verdicts,
            noise,
            parameter_dim,
            data_dim,
            precision,
            missing,
        }
    }

    /// Number of simulations.
    pub(super) fn len(&self) -> usize {
        self.seeds.len()
    }

    /// Parameters of row `row`, `[D]`.
    pub(super) fn theta_row(&self, row: usize) -> &[f64] {
        &self.theta[row * self.parameter_dim..][..self.parameter_dim]
    }

    /// Data of row `row`, `[C]`.
    pub(super) fn x_row(&self, row: usize) -> &[f64] {
        &self.x[row * self.data_dim..][..self.data_dim]
    }

    /// Takes the data of row `row`, which may be of the wrong length or not finite.
    pub(super) fn answer(&mut self, row: usize, values: &[f64]) {
        let (found, expected) = (values.len(), self.data_dim);
        let verdict = if found != expected {
            let message = format!("{found} numbers where data_dim = {expected}");
            Verdict::Failed(FailureKind::WrongLength, message)
        } else if self.keep(row, values) {
            Verdict::Good
        } else {
            let shown = values.iter().take(8).map(f64::to_string).collect::<Vec<_>>().join(", ");
            let more = if expected > 8 { ", …" } else { "" };
            let hint = self.missing.hint(values);
            Verdict::Failed(FailureKind::NonFinite, format!("x = [{shown}{more}]{hint}"))
        };
        self.verdicts[row] = Some(verdict);
    }

    /// Takes the right number of values; whether the row is a simulation that succeeded, in the set's
    /// precision.
    fn keep(&mut self, row: usize, values: &[f64]) -> bool {
        let kept = &mut self.x[row * self.data_dim..][..self.data_dim];
        kept.copy_from_slice(values);
        self.precision.round(kept);
        self.missing.is_success(kept) && self.theta_row(row).iter().all(|v| v.is_finite())
    }

    /// The rows among `rows` that have no verdict yet.
    pub(super) fn unanswered(&self, rows: &[usize]) -> Vec<usize> {
        rows.iter().copied().filter(|&row| self.verdicts[row].is_none()).collect()
    }
}
