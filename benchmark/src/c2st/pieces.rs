//! What a test has done so far.

use super::C2stError;
use super::state::State;
use crate::Pieces;
use std::time::Duration;

/// The pieces of one fold: its classifier while it learns, its accuracy once it has.
pub(super) struct FoldPieces<'a> {
    pieces: &'a dyn Pieces,
    fold: usize,
}

impl<'a> FoldPieces<'a> {
    pub(super) fn new(pieces: &'a dyn Pieces, fold: usize) -> Self {
        Self { pieces, fold }
    }

    /// Its number, from 0.
    pub(super) fn fold(&self) -> usize {
        self.fold
    }

    pub(super) fn accuracy(&self) -> Option<f64> {
        let piece = self.pieces.recall(&self.name("accuracy"))?;
        let accuracy = f64::from_le_bytes(piece.try_into().ok()?);
        (0.0..=1.0).contains(&accuracy).then_some(accuracy)
    }

    pub(super) fn keep_accuracy(&self, accuracy: f64) -> Result<(), C2stError> {
        self.put("accuracy", &accuracy.to_le_bytes())
    }

    /// The state of a classifier with so many weights, trained on so many rows.
    pub(super) fn state(&self, rows: usize, weights: usize) -> Option<State> {
        State::unpack(&self.pieces.recall(&self.name("state"))?, rows, weights)
    }

    pub(super) fn keep_state(&self, state: &State) -> Result<(), C2stError> {
        self.put("state", &state.pack())
    }

    pub(super) fn save_every(&self) -> Duration {
        self.pieces.save_every()
    }

    fn put(&self, what: &str, piece: &[u8]) -> Result<(), C2stError> {
        self.pieces.put(&self.name(what), piece).map_err(|e| C2stError::Pieces(e.to_string()))
    }

    fn name(&self, what: &str) -> String {
        format!("fold-{}.{what}", self.fold)
    }
}
