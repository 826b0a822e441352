//! A [`Simulator`] as something that is simulated range by range.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::batch::simulate_range_by;
use super::{DrawTheta, Precision, SimulatedBatch, SimulationSource, Simulator, SourceError};
use crate::{DataLayout, Missing, Prior};

/// Time between two looks at the stop flag, and between two reports.
const PIECE: Duration = Duration::from_millis(500);
/// Numbers that a piece may hold.
const LARGEST_PIECE: u64 = 1 << 22;

/// A simulator of one's own as a [`SimulationSource`]. What it simulates cannot be told from outside:
/// a set on disk takes any two of one name and prior for the same.
#[derive(Clone, Copy)]
pub struct InProcess<'a> {
    name: &'a str,
    simulator: &'a dyn Simulator,
}

impl<'a> InProcess<'a> {
    /// `simulator` under a name.
    pub fn new(name: &'a str, simulator: &'a dyn Simulator) -> Self {
        Self { name, simulator }
    }
}

impl SimulationSource for InProcess<'_> {
    fn name(&self) -> &str {
        self.name
    }

    fn prior(&self) -> &Prior {
        self.simulator.prior()
    }

    fn data_dim(&self) -> usize {
        self.simulator.data_dim()
    }

    fn layout(&self) -> Option<DataLayout> {
        self.simulator.layout()
    }

    fn missing(&self) -> Missing {
        self.simulator.missing()
    }

    fn identity(&self) -> String {
        format!("in process: {} under\n{}", self.name, self.prior().to_toml())
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
        let columns = (self.prior().dim() + self.data_dim()) as u64;
        let (mut start, mut piece) = (range.start, 1024);
        while start < range.end {
            if stop.load(Ordering::Relaxed) {
                return Err(SourceError::Interrupted);
            }
            let end = range.end.min(start + piece);
            let began = Instant::now();
            sink(simulate_range_by(draw, precision, self.simulator, seed, start..end)?)?;
            if began.elapsed() < PIECE / 2 {
                piece = (2 * piece).min((LARGEST_PIECE / columns).max(1));
            } else if began.elapsed() > PIECE * 2 {
                piece = (piece / 2).max(1);
            }
            start = end;
        }
        Ok(())
    }
}
