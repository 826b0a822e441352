//! Following a training from outside, and how one ends.

use super::{Checkpoint, EpochMetrics};
use crate::engine::LossReport;
use std::ops::ControlFlow;

/// After this many non-finite steps in a row a training is given up.
pub(super) const MOST_SKIPPED: usize = 50;

/// A training that cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// Loss or gradients stayed non-finite.
    #[error(
        "training diverged: loss or gradient not finite in {MOST_SKIPPED} steps in a row (epoch \
         {epoch}, β = {beta}, learning rate {learning_rate}); lower optimizer.learning_rate, \
         raise loss.beta_start, or set optimizer.clip_norm"
    )]
    Diverged {
        /// Epoch, from 1.
        epoch: usize,
        /// β at that step.
        beta: f64,
        /// Learning rate at that step.
        learning_rate: f64,
    },
    /// No epoch reached a finite validation NLL.
    #[error("no epoch reached a finite validation NLL; lower optimizer.learning_rate")]
    NoModel,
}

/// Where a training stands after a step.
#[derive(Clone, Copy, Debug)]
pub struct StepInfo<'a> {
    /// Epoch, from 1.
    pub epoch: usize,
    /// Steps done.
    pub step: usize,
    /// Steps planned.
    pub total_steps: usize,
    /// The step's report.
    pub report: LossReport,
    /// The last finished epoch.
    pub last_epoch: Option<&'a EpochMetrics>,
}

/// A training as it is seen from outside.
pub trait TrainingState {
    /// The whole state, to be written to disk.
    fn checkpoint(&self) -> Checkpoint;

    /// One entry a finished epoch.
    fn history(&self) -> &[EpochMetrics];

    /// Planned steps: schedules stretch over these.
    fn total_steps(&self) -> usize;
}

/// Follows a training; may stop it.
pub trait Observer {
    /// After each step; `Break` stops the training at once, with its state kept.
    fn after_step(&mut self, info: &StepInfo) -> ControlFlow<()>;

    /// After each step, and again after each epoch: the moment to save the state, of which there
    /// are many more than need be taken. A training goes on from any of them bit for bit.
    ///
    /// # Errors
    /// Whatever keeps the observer from saving it; the training stops.
    fn offer(&mut self, state: &dyn TrainingState) -> std::io::Result<()>;
}

/// How a training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Ran its epochs, or stopped early by its own rule.
    Finished,
    /// Stopped by the observer; goes on from a checkpoint.
    Interrupted,
}
