//! What a training tells, and is told by, those who do its steps together with others'.

use super::Trainer;
use crate::engine::burn::RunSums;

impl Trainer<'_> {
    /// Says that `sharers` trainings run in step: each takes its part of the time.
    pub(in crate::training) fn share_time(&mut self, sharers: usize) {
        self.sharers = sharers;
    }

    pub(in crate::training) fn batch_size(&self) -> usize {
        self.config.training.batch_size
    }

    pub(in crate::training) fn step_in_epoch(&self) -> usize {
        self.progress.step_in_epoch
    }

    pub(in crate::training) fn seed(&self) -> u64 {
        self.seed
    }

    /// Counts steps that an engine did by itself; says how many in a row were left out.
    pub(in crate::training) fn count_run(&mut self, run: &RunSums, steps: usize) -> usize {
        self.progress.step_in_epoch += steps;
        let sums = &mut self.progress.sums;
        let skipped = steps - run.finite_steps.min(steps);
        sums.skipped += skipped;
        sums.samples += run.samples;
        sums.loss += run.loss;
        sums.reconstruction += run.reconstruction;
        sums.gradient_norm += run.gradient_norm;
        let in_a_row = &mut self.progress.skipped_in_a_row;
        *in_a_row = if skipped == steps { *in_a_row + steps } else { 0 };
        *in_a_row
    }

    /// Ends an epoch whose weights an engine judged by itself: their NLL in the flow's space, and
    /// their reconstruction error. Says whether they are the best so far, for the engine to keep.
    pub(in crate::training) fn note_epoch(&mut self, nll: f64, reconstruction: f64) -> bool {
        self.close_epoch(nll + self.data.offset, reconstruction)
    }
}
