//! One simulation of a set, remembered, to tell later whether it still comes out as it did.

use std::sync::atomic::AtomicBool;

use ndarray::ArrayView1;
use serde::{Deserialize, Serialize};

use crate::simulation::{Precision, SimulatedBatch, SimulationSource, SourceError};

/// The first simulation that succeeded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Witness {
    /// Its index.
    pub index: u64,
    /// A hash of its data.
    data: String,
}

impl Witness {
    /// The first of a batch, if any succeeded.
    pub fn of(batch: &SimulatedBatch) -> Option<Self> {
        let index = *batch.indices.first()?;
        Some(Self { index, data: hash(batch.simulations.x.row(0)) })
    }

    /// Whether `source` still gives it; a failure is another answer.
    ///
    /// # Errors
    /// [`SourceError::Interrupted`]; other errors are answers too.
    pub fn stands(
        &self,
        source: &dyn SimulationSource,
        (precision, seed): (Precision, u64),
        stop: &AtomicBool,
    ) -> Result<bool, SourceError> {
        let mut again = None;
        let result = source.run(precision, seed, self.index..self.index + 1, stop, &mut |batch| {
            again = again.take().or_else(|| Self::of(&batch));
            Ok(())
        });
        match result {
            Err(SourceError::Interrupted) => Err(SourceError::Interrupted),
            _ => Ok(again.as_ref() == Some(self)),
        }
    }
}

fn hash(row: ArrayView1<'_, f64>) -> String {
    let mut hasher = blake3::Hasher::new();
    for value in row {
        hasher.update(&value.to_le_bytes());
    }
    hasher.finalize().to_hex()[..16].to_owned()
}
