//! A fit's flows while they train: progress, interruption, checkpoints.

use crate::training::{
    Checkpoint, CheckpointError, CheckpointFolder, Host, Member, Observer, Outcome, StepInfo,
    TrainingState,
};
use crate::work::{Saver, Work};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

/// Where a fit stands, after a step of one of its flows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FitProgress {
    /// The flow.
    pub member: Member,
    /// Flows in all.
    pub members: usize,
    /// Its epoch, from 1.
    pub epoch: usize,
    /// Its steps done.
    pub step: usize,
    /// Its steps planned; early stopping may end it sooner.
    pub total_steps: usize,
    /// Loss of the step.
    pub loss: f64,
    /// Validation NLL after its last finished epoch.
    pub validation_nll: Option<f64>,
    /// Whether it has ended.
    pub finished: bool,
}

/// Called after steps, from any thread.
pub type OnProgress<'a> = &'a (dyn Fn(&FitProgress) + Sync);

/// What a caller hears of a fit, and says to it.
#[derive(Clone, Copy, Default)]
pub(super) struct Watcher<'a> {
    pub members: usize,
    pub checkpoints: Option<&'a CheckpointFolder>,
    pub interrupt: Option<&'a AtomicBool>,
    pub progress: Option<OnProgress<'a>>,
}

impl Work for Watcher<'_> {
    fn tick(&self) -> ControlFlow<()> {
        match self.interrupt {
            Some(flag) if flag.load(Ordering::Relaxed) => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }

    fn recall(&self, name: &str) -> Option<Vec<u8>> {
        self.checkpoints?.read_piece(name)
    }

    fn put(&self, name: &str, piece: &[u8]) -> std::io::Result<()> {
        self.checkpoints.map_or(Ok(()), |folder| folder.write_piece(name, piece))
    }
}

impl Host for Watcher<'_> {
    fn restore(&self, member: Member) -> Result<Option<Checkpoint>, CheckpointError> {
        self.checkpoints.map_or(Ok(None), |folder| folder.read(member))
    }

    fn watch(&self, member: Member) -> Box<dyn Observer + '_> {
        Box::new(Watch { host: *self, member, saver: Saver::new() })
    }

    fn keep(
        &self,
        member: Member,
        state: &dyn TrainingState,
        outcome: Outcome,
    ) -> std::io::Result<()> {
        if let (Outcome::Finished, Some(progress)) = (outcome, self.progress) {
            let last = state.history().last();
            progress(&FitProgress {
                member,
                members: self.members,
                epoch: last.map_or(0, |epoch| epoch.epoch),
                step: state.total_steps(),
                total_steps: state.total_steps(),
                loss: last.map_or(f64::NAN, |epoch| epoch.loss),
                validation_nll: last.map(|epoch| epoch.validation_nll),
                finished: true,
            });
        }
        self.checkpoints.map_or(Ok(()), |folder| folder.write(member, state))
    }
}

/// Watches one flow.
struct Watch<'a> {
    host: Watcher<'a>,
    member: Member,
    saver: Saver,
}

impl Observer for Watch<'_> {
    fn after_step(&mut self, info: &StepInfo) -> ControlFlow<()> {
        if let Some(progress) = self.host.progress {
            progress(&FitProgress {
                member: self.member,
                members: self.host.members,
                epoch: info.epoch,
                step: info.step,
                total_steps: info.total_steps,
                loss: info.report.loss,
                validation_nll: info.last_epoch.map(|epoch| epoch.validation_nll),
                finished: false,
            });
        }
        self.host.tick()
    }

    fn offer(&mut self, state: &dyn TrainingState) -> std::io::Result<()> {
        match self.host.checkpoints {
            Some(folder) if self.saver.is_due() => folder.write(self.member, state),
            _ => Ok(()),
        }
    }
}
