//! A simulator whose parameters were chosen beforehand.

use std::ops::Range;
use std::sync::atomic::AtomicBool;

use ndarray::ArrayView2;

use super::{DrawTheta, Precision, SimulatedBatch, SimulationSource, SourceError};
use crate::{DataLayout, Missing, Prior};

/// A simulator at the rows of a table `[n, D]`: simulation i of a run, i < n, is at row i. So the
/// sets of [`simulate_set`](crate::simulate_set), chunked and resumable, hold simulations of any
/// parameters, not of the prior's draws only.
#[derive(Clone, Copy)]
pub struct Proposed<'a> {
    source: &'a dyn SimulationSource,
    theta: ArrayView2<'a, f64>,
}

impl<'a> Proposed<'a> {
    /// `source` at the rows of `theta`.
    ///
    /// # Panics
    /// If θ has another number of columns than the simulator has parameters.
    #[must_use]
    pub fn new(source: &'a dyn SimulationSource, theta: ArrayView2<'a, f64>) -> Self {
        assert_eq!(theta.ncols(), source.prior().dim(), "a column for each parameter");
        Self { source, theta }
    }
}

impl SimulationSource for Proposed<'_> {
    fn name(&self) -> &str {
        self.source.name()
    }

    fn prior(&self) -> &Prior {
        self.source.prior()
    }

    fn data_dim(&self) -> usize {
        self.source.data_dim()
    }

    fn layout(&self) -> Option<DataLayout> {
        self.source.layout()
    }

    fn missing(&self) -> Missing {
        self.source.missing()
    }

    fn identity(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        self.theta.iter().for_each(|v| {
            hasher.update(&v.to_le_bytes());
        });
        format!("{} at {}", self.source.identity(), &hasher.finalize().to_hex()[..32])
    }

    fn max_failure_share(&self) -> f64 {
        self.source.max_failure_share()
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
        self.source.run_at(draw, precision, seed, range, stop, sink)
    }

    fn run(
        &self,
        precision: Precision,
        seed: u64,
        range: Range<u64>,
        stop: &AtomicBool,
        sink: &mut dyn FnMut(SimulatedBatch) -> Result<(), SourceError>,
    ) -> Result<(), SourceError> {
        let draw = |index: u64, out: &mut [f64]| {
            let row = self.theta.row(index as usize);
            out.iter_mut().zip(row).for_each(|(slot, value)| *slot = *value);
            precision.round(out);
        };
        self.source.run_at(&draw, precision, seed, range, stop, sink)
    }
}
