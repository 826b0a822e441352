//! The state of a perceptron's training, from which it goes on bit for bit.

use crate::work::{Pack, Unpack};
use freeform_kernels::Mlp;

/// Where a training stands, but for the weights and moments in its [`Mlp`].
pub(super) struct State {
    /// Finished epochs, and finished steps of the current one.
    pub epoch: usize,
    pub step: usize,
    /// Best validation NLL and its epoch, from 1 (0: before the first).
    pub best: (f64, usize),
    pub best_weights: Vec<f32>,
    pub average: Vec<f32>,
}

impl State {
    /// As a piece, with the rest of it.
    pub fn piece(&self, mlp: &Mlp) -> Vec<u8> {
        let (steps, [first, second]) = mlp.optimizer();
        Pack::default()
            .whole(self.epoch)
            .whole(self.step)
            .doubles(&[self.best.0])
            .whole(self.best.1)
            .singles(&self.best_weights)
            .singles(&self.average)
            .singles(mlp.weights())
            .whole(steps.unsigned_abs() as usize)
            .singles(first)
            .singles(second)
            .finish()
    }

    /// The state of such a piece; the rest of it goes into the network.
    pub fn recalled(piece: &[u8], mlp: &mut Mlp) -> Option<Self> {
        let (mut piece, n) = (Unpack::new(piece), mlp.weights().len());
        let (epoch, step) = (piece.whole()?, piece.whole()?);
        let best = (piece.doubles_of(1)?[0], piece.whole()?);
        let (best_weights, average) = (piece.singles_of(n)?, piece.singles_of(n)?);
        let (weights, steps) = (piece.singles_of(n)?, i32::try_from(piece.whole()?).ok()?);
        let moments = [piece.singles_of(n)?, piece.singles_of(n)?];
        piece.end()?;
        mlp.set_weights(&weights);
        mlp.set_optimizer(steps, [&moments[0], &moments[1]]);
        Some(Self { epoch, step, best, best_weights, average })
    }
}
