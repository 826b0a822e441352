//! A training as it is seen from outside.

use super::Trainer;
use crate::training::checkpoint::{Checkpoint, Progress};
use crate::training::{EpochMetrics, TrainingState};
use freeform_kernels::Isa;

impl TrainingState for Trainer<'_> {
    fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            weights: self.engine.weights(),
            optimizer: self.engine.optimizer_state(),
            best: self.engine.best(),
            progress: Progress {
                seconds: self.seconds(),
                arithmetic: Some(Isa::best().arithmetic().to_owned()),
                ..self.progress.clone()
            },
        }
    }

    fn history(&self) -> &[EpochMetrics] {
        &self.progress.history
    }

    fn total_steps(&self) -> usize {
        self.steps_per_epoch() * self.config.training.max_epochs
    }
}
