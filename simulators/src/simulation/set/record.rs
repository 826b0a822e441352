//! What a finished set says of itself to who reads it.

use std::path::Path;

use super::SetError;
use super::archive::{Found, open};
use super::description::Description;
use crate::Simulations;
use crate::simulation::SimulationSource;

/// The record of a set that [`simulate_set`](super::simulate_set) made.
#[derive(Clone, Debug, PartialEq)]
pub struct SetRecord(Description);

impl SetRecord {
    /// Reads it; `None` of a table that others made, and where there is no file.
    ///
    /// # Errors
    /// [`SetError::Damaged`], or [`SetError::Io`].
    pub fn read(path: impl AsRef<Path>) -> Result<Option<Self>, SetError> {
        let path = path.as_ref();
        if path.metadata().is_ok_and(|found| !found.is_file()) {
            return Ok(None);
        }
        Ok(match open(path)? {
            Found::Set(description) => Some(Self(description)),
            Found::Nothing | Found::Foreign => None,
        })
    }

    /// How many simulations were made, failed ones included.
    #[must_use]
    pub fn simulations(&self) -> u64 {
        self.0.end
    }

    /// The seed that they were made with.
    #[must_use]
    pub fn seed(&self) -> Option<u64> {
        self.0.origin.seed().parse().ok()
    }

    /// How what made the set differs from `source`, in words, if it does: `holds simulations of "a", not
    /// of "b"`.
    #[must_use]
    pub fn differs_from(&self, source: &dyn SimulationSource) -> Option<String> {
        self.0.origin.other_source(source)
    }

    /// How many of the first `n` simulations succeeded: so many of the set's first rows are they. The
    /// parameters of each are drawn again, and compared with those of the rows.
    #[must_use]
    pub fn successes_among(
        &self,
        n: u64,
        rows: &Simulations,
        source: &dyn SimulationSource,
    ) -> usize {
        let (prior, precision) = (source.prior(), self.0.origin.precision);
        let seed = self.seed().unwrap_or_default();
        let mut theta = vec![0.0; prior.dim()];
        let mut row = 0;
        for index in 0..n.min(self.0.end) {
            precision.draw(prior, seed, index, &mut theta);
            let is_next = row < rows.len() && rows.theta.row(row).iter().eq(&theta);
            row += usize::from(is_next);
        }
        row
    }
}
