//! Many simulations at once, with results that no scheduling can change.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

use super::source::DrawTheta;
use super::{
    FailureKind, FailureReport, FirstFailure, Noise, Precision, SimulateError, SimulatedBatch,
    SimulationRng, Simulator,
};
use crate::Simulations;
use crate::files::{human_bytes, memory};

/// Receives the number of simulations finished since its last call, from any thread.
pub type Progress<'a> = &'a (dyn Fn(usize) + Sync);

/// Rows that one task works through: large enough to make scheduling free, small enough to
/// balance simulators whose run time varies.
const ROWS_PER_TASK: usize = 64;

/// Simulates `n` times: θ from the prior, x from the simulator, in parallel. Simulation i depends
/// on (seed, i) alone, so the result is the same for any number of threads. Failed and non-finite
/// simulations are counted and left out.
///
/// # Errors
/// [`SimulateError`] if n = 0, nothing fits into memory, or every simulation failed.
pub fn simulate<S: Simulator + ?Sized>(
    simulator: &S,
    n: usize,
    seed: u64,
) -> Result<SimulatedBatch, SimulateError> {
    simulate_range(simulator, seed, 0..n as u64, None)?.require_success()
}

/// Simulates the given indices of a run: the batches of consecutive ranges, joined, equal one
/// batch of the whole. A range whose every simulation failed gives an empty batch; see
/// [`SimulatedBatch::require_success`].
///
/// # Errors
/// [`SimulateError`] if the range is empty or its table does not fit into memory.
pub fn simulate_range<S: Simulator + ?Sized>(
    simulator: &S,
    seed: u64,
    range: Range<u64>,
    progress: Option<Progress<'_>>,
) -> Result<SimulatedBatch, SimulateError> {
    let precision = Precision::Double;
    let draw = |index: u64, theta: &mut [f64]| {
        precision.draw(simulator.prior(), seed, index, theta);
    };
    in_range(&draw, precision, simulator, seed, range, progress)
}

/// The same in a given precision, with parameters from elsewhere.
pub(super) fn simulate_range_by<S: Simulator + ?Sized>(
    draw: DrawTheta<'_>,
    precision: Precision,
    simulator: &S,
    seed: u64,
    range: Range<u64>,
) -> Result<SimulatedBatch, SimulateError> {
    in_range(draw, precision, simulator, seed, range, None)
}

fn in_range<S: Simulator + ?Sized>(
    draw: DrawTheta<'_>,
    precision: Precision,
    simulator: &S,
    seed: u64,
    range: Range<u64>,
    progress: Option<Progress<'_>>,
) -> Result<SimulatedBatch, SimulateError> {
    let n = range.end.saturating_sub(range.start) as usize;
    let prior = simulator.prior();
    let mut tables = Tables::allocate(n, prior.dim(), simulator.data_dim(), precision)?;
    tables.fill(simulator, seed, range.start, progress, draw);
    Ok(tables.finish(range.start))
}

/// Simulates once at each row of `theta` `[n, D]`, as for posterior predictive checks. With the
/// draws of [`Prior::sample_n`](crate::Prior::sample_n) at the same seed it equals [`simulate`].
///
/// # Errors
/// [`SimulateError`] if θ has no rows or the wrong number of columns, or every simulation failed.
pub fn simulate_at<S: Simulator + ?Sized>(
    simulator: &S,
    theta: ArrayView2<'_, f64>,
    seed: u64,
) -> Result<SimulatedBatch, SimulateError> {
    let (found, expected) = (theta.ncols(), simulator.prior().dim());
    if found != expected {
        return Err(SimulateError::ParameterDim { found, expected });
    }
    let precision = Precision::Double;
    let mut tables = Tables::allocate(theta.nrows(), expected, simulator.data_dim(), precision)?;
    tables.fill(simulator, seed, 0, None, |index, row| {
        row.iter_mut().zip(theta.row(index as usize)).for_each(|(slot, value)| *slot = *value);
    });
    tables.finish(0).require_success()
}

/// The tables under construction, row-major.
struct Tables {
    theta: Vec<f64>,
    x: Vec<f64>,
    precision: Precision,
    good: Vec<bool>,
    parameter_dim: usize,
    data_dim: usize,
    failures: Mutex<FailureReport>,
}

impl Tables {
    fn allocate(
        n: usize,
        parameter_dim: usize,
        data_dim: usize,
        precision: Precision,
    ) -> Result<Self, SimulateError> {
        if n == 0 {
            return Err(SimulateError::Nothing);
        }
        if data_dim == 0 {
            return Err(SimulateError::NoData);
        }
        let columns = parameter_dim + data_dim;
        check_memory(n, columns)?;
        let too_large = || too_large(n, columns);
        let table = |columns: usize| {
            let mut values: Vec<f64> = Vec::new();
            let len = n.checked_mul(columns).ok_or_else(too_large)?;
            values.try_reserve_exact(len).map_err(|_| too_large())?;
            values.resize(len, 0.0);
            Ok(values)
        };
        let (theta, x) = (table(parameter_dim)?, table(data_dim)?);
        let failures = Mutex::new(FailureReport { requested: n, ..FailureReport::default() });
        let good = vec![true; n];
        Ok(Self { theta, x, precision, good, parameter_dim, data_dim, failures })
    }

    /// Runs every row; `draw(index, θ)` provides the parameters.
    fn fill<S: Simulator + ?Sized>(
        &mut self,
        simulator: &S,
        seed: u64,
        start: u64,
        progress: Option<Progress<'_>>,
        draw: impl Fn(u64, &mut [f64]) + Sync,
    ) {
        let (parameter_dim, data_dim) = (self.parameter_dim, self.data_dim);
        let (precision, failures) = (self.precision, &self.failures);
        let tasks = self.theta.par_chunks_mut(ROWS_PER_TASK * parameter_dim);
        let tasks = tasks
            .zip(self.x.par_chunks_mut(ROWS_PER_TASK * data_dim))
            .zip(self.good.par_chunks_mut(ROWS_PER_TASK));
        tasks.enumerate().for_each(|(task, ((thetas, xs), goods))| {
            let rows = thetas.chunks_mut(parameter_dim).zip(xs.chunks_mut(data_dim));
            for (row, ((theta, x), good)) in rows.zip(goods.iter_mut()).enumerate() {
                let index = start + (task * ROWS_PER_TASK + row) as u64;
                draw(index, theta);
                x.fill(f64::NAN);
                let mut rng = SimulationRng::new(seed, index);
                let result = simulator.simulate(theta, &mut rng, x);
                let (kind, message) = match result {
                    Err(error) => (FailureKind::Reported, error.to_string()),
                    Ok(()) => {
                        precision.round(x);
                        let finite = theta.iter().all(|v| v.is_finite());
                        if finite && simulator.missing().is_success(x) {
                            continue;
                        }
                        let hint = simulator.missing().hint(x);
                        let message = format!("the data are not finite: x = {x:?}{hint}");
                        (FailureKind::NonFinite, message)
                    }
                };
                *good = false;
                let failure = FirstFailure { index, theta: theta.to_vec(), message };
                let mut failures = failures.lock().unwrap_or_else(PoisonError::into_inner);
                failures.record(kind, failure);
            }
            if let Some(progress) = progress {
                progress(goods.len());
            }
        });
    }

    /// Moves the good rows together, in place.
    fn finish(mut self, start: u64) -> SimulatedBatch {
        let failures = self.failures.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut indices = Vec::with_capacity(self.good.len() - failures.total());
        let failed = self.theta.chunks(self.parameter_dim).zip(&self.good);
        let failed = failed.filter(|(_, good)| !**good).flat_map(|(row, _)| row).copied().collect();
        for (row, _) in self.good.iter().enumerate().filter(|(_, good)| **good) {
            let (to, d, c) = (indices.len(), self.parameter_dim, self.data_dim);
            if to != row {
                self.theta.copy_within(row * d..(row + 1) * d, to * d);
                self.x.copy_within(row * c..(row + 1) * c, to * c);
            }
            indices.push(start + row as u64);
        }
        let simulations = Simulations {
            theta: table(self.theta, indices.len(), self.parameter_dim),
            x: table(self.x, indices.len(), self.data_dim),
        };
        let theta_failed = table(failed, failures.total(), self.parameter_dim);
        let noise = Noise::default();
        SimulatedBatch { simulations, indices, theta_failed, failures, noise }
    }
}

/// Refuses tables that the machine cannot hold; where the system promises more memory than it has,
/// an attempt would end in the death of the process.
pub(super) fn check_memory(rows: usize, columns: usize) -> Result<(), SimulateError> {
    let needed = rows as u128 * 8 * columns as u128;
    match memory() {
        Some(memory) if needed > memory.into() => Err(too_large(rows, columns)),
        _ => Ok(()),
    }
}

fn too_large(rows: usize, columns: usize) -> SimulateError {
    let needed = human_bytes(rows as u128 * 8 * columns as u128);
    SimulateError::TooLarge { rows, columns, needed }
}

/// The first `rows` rows as a table.
pub(crate) fn table(mut values: Vec<f64>, rows: usize, columns: usize) -> Array2<f64> {
    values.truncate(rows * columns);
    // The length is rows × columns by construction.
    Array2::from_shape_vec((rows, columns), values).unwrap_or_default()
}
