//! Draws of a run that an earlier process made and that are still what this one would make.

use super::directory::create_folder;
use super::{ObservationSummary, RunError};
use freeform_simulators::write_bytes_atomically;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Where the draws of a run lie.
const SAMPLES: &str = "samples";

/// The draws of one observation in a run's folder.
pub(super) struct KeptDraws<'a> {
    pub folder: &'a Path,
    pub number: usize,
    /// Names all that they are made of.
    pub identity: String,
}

/// `samples/observation_01.json`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    /// What the draws were made of.
    identity: String,
    /// BLAKE3 of the file of draws.
    draws: String,
    summary: ObservationSummary,
    /// BLAKE3 of the summary.
    checksum: String,
}

impl KeptDraws<'_> {
    /// The file of draws.
    pub fn path(&self) -> PathBuf {
        self.folder.join(SAMPLES).join(format!("observation_{:02}.npy", self.number))
    }

    fn record(&self) -> PathBuf {
        self.path().with_extension("json")
    }

    /// Makes the folder of draws.
    pub fn make_folder(folder: &Path) -> std::io::Result<()> {
        create_folder(&folder.join(SAMPLES))
    }

    /// The summary of draws that are there, whole, and made of the same.
    pub fn recall(&self) -> Option<ObservationSummary> {
        let record: Record = serde_json::from_slice(&std::fs::read(self.record()).ok()?).ok()?;
        let whole = record.identity == self.identity
            && record.checksum == checksum(&record.summary)?
            && record.draws == blake3::hash(&std::fs::read(self.path()).ok()?).to_hex().as_str();
        whole.then_some(record.summary)
    }

    /// Remembers what was made of the draws in the file.
    pub fn keep(&self, summary: &ObservationSummary) -> Result<(), RunError> {
        let path = self.path();
        let named = |e: std::io::Error| {
            std::io::Error::new(e.kind(), format!("cannot read {}: {e}", path.display()))
        };
        let record = Record {
            identity: self.identity.clone(),
            draws: blake3::hash(&std::fs::read(&path).map_err(named)?).to_hex().to_string(),
            summary: summary.clone(),
            checksum: checksum(summary).unwrap_or_default(),
        };
        let text = serde_json::to_string_pretty(&record).map_err(std::io::Error::other)?;
        Ok(write_bytes_atomically(&self.record(), (text + "\n").as_bytes())?)
    }
}

fn checksum(summary: &ObservationSummary) -> Option<String> {
    Some(blake3::hash(&serde_json::to_vec(summary).ok()?).to_hex().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_come_back_only_whole_and_of_the_same() {
        let scratch = tempfile::tempdir().unwrap();
        let of = |identity: &str| KeptDraws {
            folder: scratch.path(),
            number: 3,
            identity: identity.to_owned(),
        };
        let kept = of("mine");
        KeptDraws::make_folder(scratch.path()).unwrap();
        std::fs::write(kept.path(), "draws").unwrap();
        let summary = ObservationSummary {
            num_observation: 3,
            mean: vec![0.1],
            std: vec![1.0 / 3.0],
            probabilities: Vec::new(),
            acceptance: 1.0,
            effective: 900.0,
            distinct: 800,
        };
        kept.keep(&summary).unwrap();
        assert_eq!(kept.recall(), Some(summary));
        assert_eq!(of("other").recall(), None);
        let record = std::fs::read(kept.record()).unwrap();
        for bit in 0..record.len() * 8 {
            let mut damaged = record.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(kept.record(), &damaged).unwrap();
            let white = damaged[bit / 8].is_ascii_whitespace();
            assert!(kept.recall().is_none() || white, "bit {bit}");
        }
        std::fs::write(kept.record(), record).unwrap();
        std::fs::write(kept.path(), "other").unwrap();
        assert_eq!(kept.recall(), None);
    }
}
