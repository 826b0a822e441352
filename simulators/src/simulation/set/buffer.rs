//! Simulations in memory, on their way to disk.

use std::io::{self, Write};

use super::description::{Description, Origin};
use super::witness::Witness;
use crate::simulation::{FailureReport, Precision, SimulatedBatch};

/// Rows in memory that will become a chunk, or the end of the table.
pub(super) struct Buffer {
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) rows: u64,
    /// θ and x of the good simulations and θ of the failed ones, row-major, as in [`super::ARRAYS`].
    arrays: [Vec<f64>; 3],
    failures: FailureReport,
    /// The first good simulation.
    pub(super) witness: Option<Witness>,
}

impl Buffer {
    /// An empty buffer for simulations from `start` on.
    pub(super) fn new(start: u64) -> Self {
        let (arrays, failures) = (Default::default(), FailureReport::default());
        Self { start, end: start, rows: 0, arrays, failures, witness: None }
    }

    /// Takes the next simulations.
    pub(super) fn push(&mut self, batch: SimulatedBatch) {
        self.witness = self.witness.take().or_else(|| Witness::of(&batch));
        self.end += batch.failures.requested as u64;
        self.rows += batch.simulations.len() as u64;
        let [theta, x, failed] = &mut self.arrays;
        theta.extend(batch.simulations.theta.iter());
        x.extend(batch.simulations.x.iter());
        failed.extend(batch.theta_failed.iter());
        self.failures.merge(batch.failures);
    }

    /// Numbers held.
    pub(super) fn numbers(&self) -> usize {
        self.arrays.iter().map(Vec::len).sum()
    }

    pub(super) fn description(&self, origin: &Origin) -> Description {
        let failed = Some(self.end - self.start - self.rows);
        Description::new(
            origin,
            (self.start, self.end),
            self.rows,
            failed,
            (self.witness.clone(), &self.failures),
        )
    }

    /// Writes one of the arrays in little-endian order, a bounded piece at a time.
    pub(super) fn write(
        &self,
        which: usize,
        precision: Precision,
        writer: &mut impl Write,
    ) -> io::Result<()> {
        let numbers = &self.arrays[which];
        let mut bytes = Vec::with_capacity(precision.size() * numbers.len().min(16_384));
        for piece in numbers.chunks(16_384) {
            bytes.clear();
            piece.iter().for_each(|number| precision.append(*number, &mut bytes));
            writer.write_all(&bytes)?;
        }
        Ok(())
    }
}
