//! What the scoring of one observation has done so far, so that a kill costs seconds of it.

use super::RunError;
use super::host::CHECKPOINTS;
use freeform_benchmark::Pieces;
use freeform_inference::training::CheckpointFolder;
use ndarray::Array2;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};

/// The draws' piece.
const DRAWS: &str = "scoring.draws";

/// The pieces of one observation's scoring, beside the training's checkpoints.
pub(super) struct ScorePieces {
    folder: PathBuf,
    pieces: CheckpointFolder,
}

/// The draws, and what was said of them.
#[derive(Debug, PartialEq)]
pub(super) struct DrawsPiece {
    pub theta: Array2<f64>,
    pub warnings: Vec<String>,
}

/// What stands before the numbers.
#[derive(Serialize, Deserialize)]
struct Head {
    shape: (usize, usize),
    warnings: Vec<String>,
}

impl ScorePieces {
    /// Those in the run's `folder` of the scoring that `identity` names: a hash of the model, the
    /// observation, the reference draws and the seed.
    pub fn of(folder: &Path, identity: &str) -> Result<Self, RunError> {
        let folder = folder.join(CHECKPOINTS);
        let pieces = CheckpointFolder::new(&folder, identity)?;
        Ok(Self { folder, pieces })
    }

    /// The posterior draws, if an earlier process made them.
    pub fn draws(&self) -> Option<DrawsPiece> {
        let piece = self.pieces.read_piece(DRAWS)?;
        let end = piece.iter().position(|byte| *byte == b'\n')?;
        let Head { shape, warnings } = serde_json::from_slice(&piece[..end]).ok()?;
        let numbers = piece[end + 1..].as_chunks::<8>().0.iter();
        let numbers = numbers.map(|bytes| f64::from_le_bytes(*bytes)).collect();
        Some(DrawsPiece { theta: Array2::from_shape_vec(shape, numbers).ok()?, warnings })
    }

    pub fn keep_draws(&self, draws: &DrawsPiece) -> Result<(), RunError> {
        let head = Head { shape: draws.theta.dim(), warnings: draws.warnings.clone() };
        let mut piece = serde_json::to_vec(&head).map_err(io::Error::other)?;
        piece.push(b'\n');
        piece.extend(draws.theta.iter().flat_map(|number| number.to_le_bytes()));
        Ok(self.pieces.write_piece(DRAWS, &piece)?)
    }

    /// Removes the pieces of an observation that is scored.
    pub fn clear(self) {
        self.pieces.clear_pieces();
        // Where a model without checkpoints was scored.
        let _ = std::fs::remove_dir(self.folder);
    }
}

impl Pieces for ScorePieces {
    fn recall(&self, name: &str) -> Option<Vec<u8>> {
        self.pieces.read_piece(&format!("scoring.{name}"))
    }

    fn put(&self, name: &str, piece: &[u8]) -> io::Result<()> {
        self.pieces.write_piece(&format!("scoring.{name}"), piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn draws_come_back_in_full_to_the_same_scoring_alone() {
        let scratch = tempfile::tempdir().unwrap();
        let of = |identity| ScorePieces::of(scratch.path(), identity).unwrap();
        let draws = DrawsPiece {
            theta: array![[0.1, 1e300], [-0.0, f64::MIN_POSITIVE]],
            warnings: vec!["few\nlines".to_owned()],
        };
        assert_eq!(of("mine").draws(), None);
        of("mine").keep_draws(&draws).unwrap();
        assert_eq!(of("mine").draws(), Some(draws));
        assert_eq!(of("other").draws(), None);
        of("mine").clear();
        assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0);
    }
}
