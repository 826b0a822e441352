//! What can be simulated range by range: a benchmark task, or an external program.

use std::ops::Range;
use std::sync::atomic::AtomicBool;

use ndarray::{Array2, Axis, concatenate};
use thiserror::Error;

use super::batch::check_memory;
use super::{FailureReport, InProcess, Noise, Precision, SimulateError, SimulatedBatch};
use crate::{DataLayout, ExternalError, Missing, Prior, Simulations, Task};

/// Fewer simulations than this say nothing about the share of failures.
const MEANINGFUL: usize = 50;

/// Writes the parameters of the simulation of an index, `[D]`.
pub type DrawTheta<'a> = &'a (dyn Fn(u64, &mut [f64]) + Sync);

/// A simulator whose runs are made piece by piece, in order of the index. Simulation i of a run
/// depends on (seed, i) alone, whatever the pieces.
pub trait SimulationSource: Sync {
    /// Name, for messages.
    fn name(&self) -> &str;

    /// The prior.
    fn prior(&self) -> &Prior;

    /// Number of data values, C.
    fn data_dim(&self) -> usize;

    /// What the numbers of x are to each other, where that is said.
    fn layout(&self) -> Option<DataLayout> {
        None
    }

    /// What a NaN in x means.
    fn missing(&self) -> Missing {
        Missing::Failed
    }

    /// A text that is equal for equal simulators only.
    fn identity(&self) -> String;

    /// Share of failed simulations above which a run should stop.
    fn max_failure_share(&self) -> f64;

    /// Simulates the range in this precision, θ of simulation i by `draw(i, θ)`, and passes consecutive
    /// batches to `sink`, in order; ends with [`SourceError::Interrupted`] soon after `stop` is set.
    ///
    /// # Errors
    /// [`SourceError`], including whatever the sink returns.
    fn run_at(
        &self,
        draw: DrawTheta<'_>,
        precision: Precision,
        seed: u64,
        range: Range<u64>,
        stop: &AtomicBool,
        sink: &mut dyn FnMut(SimulatedBatch) -> Result<(), SourceError>,
    ) -> Result<(), SourceError>;

    /// The same with θ from the prior.
    ///
    /// # Errors
    /// As [`run_at`](Self::run_at).
    fn run(
        &self,
        precision: Precision,
        seed: u64,
        range: Range<u64>,
        stop: &AtomicBool,
        sink: &mut dyn FnMut(SimulatedBatch) -> Result<(), SourceError>,
    ) -> Result<(), SourceError> {
        let draw = |index: u64, out: &mut [f64]| precision.draw(self.prior(), seed, index, out);
        self.run_at(&draw, precision, seed, range, stop, sink)
    }

    /// Simulates `n` times into memory.
    ///
    /// # Errors
    /// [`SourceError`] if nothing can be simulated or too many simulations fail.
    fn simulate(&self, n: usize, seed: u64) -> Result<SimulatedBatch, SourceError>
    where
        Self: Sized,
    {
        self.simulate_in(Precision::Double, n, seed)
    }

    /// The same in a given precision.
    ///
    /// # Errors
    /// As [`simulate`](Self::simulate).
    fn simulate_in(
        &self,
        precision: Precision,
        n: usize,
        seed: u64,
    ) -> Result<SimulatedBatch, SourceError>
    where
        Self: Sized,
    {
        let stop = AtomicBool::new(false);
        collect(self, 0..n as u64, |sink| self.run(precision, seed, 0..n as u64, &stop, sink))
    }
}

/// A run that ended early.
#[derive(Debug, Error)]
pub enum SourceError {
    /// Nothing can be simulated.
    #[error(transparent)]
    Simulate(#[from] SimulateError),
    /// An external program cannot be used.
    #[error(transparent)]
    External(#[from] ExternalError),
    /// A task or observation that does not exist.
    #[error(transparent)]
    Task(#[from] crate::TaskError),
    /// Too many simulations failed.
    #[error(
        "{} of the first {} simulations failed, more than the {allowed} that max_failure_share = {share} \
         allows among {basis}:\n{}\nmend the simulator, narrow the prior, or raise max_failure_share in simulator.toml",
        report.total(), report.requested, report.details()
    )]
    TooManyFailures {
        /// The account so far.
        report: Box<FailureReport>,
        /// The share allowed.
        share: f64,
        /// The simulations that it is a share of: those so far, or of the first hundred all that are asked
        /// for.
        basis: usize,
        /// How many may fail among these.
        allowed: usize,
    },
    /// None of the first simulations succeeded.
    #[error(
        "none of the first {} simulations succeeded, so no more are tried (with max_failure_share = \
         {share} that is no accident):\n{}\nsee what the program says when it is run by hand, and mend \
         it or what it needs; where most simulations may fail, raise max_failure_share in \
         simulator.toml",
        report.requested, report.details()
    )]
    NoneSucceeded {
        /// The account of these.
        report: Box<FailureReport>,
        /// The share of failures allowed.
        share: f64,
    },
    /// A table could not be written or read.
    #[error(transparent)]
    Set(#[from] super::SetError),
    /// Stopped from outside.
    #[error("the simulation was interrupted")]
    Interrupted,
}

/// Whether a run with this account should stop.
pub(super) fn check_share(
    source: &(impl SimulationSource + ?Sized),
    report: &FailureReport,
    n: u64,
) -> Result<(), SourceError> {
    let share = source.max_failure_share();
    let basis = report.requested.max(MEANINGFUL.min(n as usize));
    if report.total() as f64 > share * basis as f64 {
        let (report, allowed) = (Box::new(report.clone()), (share * basis as f64) as usize);
        return Err(SourceError::TooManyFailures { report, share, basis, allowed });
    }
    Ok(())
}

/// Joins what `run` delivers.
pub(crate) fn collect(
    source: &impl SimulationSource,
    range: Range<u64>,
    run: impl FnOnce(
        &mut dyn FnMut(SimulatedBatch) -> Result<(), SourceError>,
    ) -> Result<(), SourceError>,
) -> Result<SimulatedBatch, SourceError> {
    let n = range.end - range.start;
    if n == 0 {
        return Err(SimulateError::Nothing.into());
    }
    // Twice: in pieces, and joined.
    check_memory(n as usize, 2 * (source.prior().dim() + source.data_dim()))?;
    let (mut parts, mut failed) = (Vec::new(), Vec::new());
    let (mut failures, mut noise) = (FailureReport::default(), Noise::default());
    let mut indices = Vec::new();
    run(&mut |batch| {
        failures.merge(batch.failures);
        check_share(source, &failures, n)?;
        indices.extend(batch.indices);
        noise.merge(&batch.noise);
        parts.push(batch.simulations);
        failed.push(batch.theta_failed);
        Ok(())
    })?;
    let join = |tables: &mut dyn Iterator<Item = &Array2<f64>>| {
        let views: Vec<_> = tables.map(|table| table.view()).collect();
        // The parts have the same number of columns by construction.
        concatenate(Axis(0), &views).unwrap_or_default()
    };
    let theta = join(&mut parts.iter().map(|part| &part.theta));
    let x = join(&mut parts.iter().map(|part| &part.x));
    let (simulations, theta_failed) = (Simulations { theta, x }, join(&mut failed.iter()));
    Ok(SimulatedBatch { simulations, indices, theta_failed, failures, noise }.require_success()?)
}

impl SimulationSource for Task {
    fn name(&self) -> &str {
        Self::name(self)
    }

    fn prior(&self) -> &Prior {
        Self::prior(self)
    }

    fn data_dim(&self) -> usize {
        self.simulator().data_dim()
    }

    fn identity(&self) -> String {
        format!("task {}", Self::name(self))
    }

    fn max_failure_share(&self) -> f64 {
        1.0
    }

    fn run_at(
        &self,
        draw: DrawTheta<'_>,
        precision: Precision,
        seed: u64,
        range: Range<u64>,
        stop: &AtomicBool,
        sink: &mut dyn FnMut(SimulatedBatch) -> Result<(), SourceError>,
    ) -> Result<(), SourceError> {
        let simulator = self.simulator();
        InProcess::new(Self::name(self), simulator).run_at(draw, precision, seed, range, stop, sink)
    }
}
