//! A run's folder while its flows train: checkpoints, metrics, one bar over all of them.

use super::progress::Bar;
use super::{Reporter, RunError};
use freeform_inference::training::{
    Checkpoint, CheckpointError, CheckpointFolder, EnsemblePlan, EpochMetrics, Host, Member,
    Observer, Outcome, StepInfo, TrainingData, TrainingState, write_metrics,
};
use freeform_inference::{Config, Saver, Work};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

const METRICS: &str = "metrics.jsonl";
/// Where checkpoints lie.
pub(super) const CHECKPOINTS: &str = "checkpoints";

/// Keeps all that one training does in its folder.
pub(super) struct FolderHost<'a> {
    folder: &'a Path,
    checkpoints: CheckpointFolder,
    interrupt: &'a AtomicBool,
    reporter: Reporter,
    shared: Mutex<Shared>,
}

/// What the flows' trainings have in common.
struct Shared {
    bar: Option<Bar>,
    members: Vec<Progress>,
    /// Whether the user knows that the processor is not like the one before.
    told: bool,
}

/// One flow's part of it.
struct Progress {
    member: Member,
    steps: usize,
    history: Vec<EpochMetrics>,
}

impl<'a> FolderHost<'a> {
    pub fn new(
        folder: &'a Path,
        identity: &str,
        interrupt: &'a AtomicBool,
        reporter: Reporter,
    ) -> Result<Self, RunError> {
        let checkpoints = CheckpointFolder::new(&folder.join(CHECKPOINTS), identity)?;
        let shared = Mutex::new(Shared { bar: None, members: Vec::new(), told: false });
        Ok(Self { folder, checkpoints, interrupt, reporter, shared })
    }

    /// The flows' trainings begin, or go on.
    pub fn begin(&self, data: &TrainingData, config: &Config, resumed: bool) {
        let plan = EnsemblePlan::of(config, data);
        let members: Vec<Progress> = plan
            .possible()
            .into_iter()
            .map(|member| Progress { member, steps: 0, history: Vec::new() })
            .collect();
        let fold = data.fold(members[0].member.role, 0);
        let epochs = config.training.max_epochs;
        let steps = fold.training.len().div_ceil(config.training.batch_size) * epochs;
        if resumed {
            self.reporter.say("resuming from the last checkpoints");
        }
        let mut shared = self.shared();
        shared.bar = Some(self.reporter.bar("training", steps * plan.trainings(), 0));
        shared.members = members;
    }

    /// Takes the bar off the screen.
    pub fn finish(&self) {
        if let Some(bar) = &self.shared().bar {
            bar.finish();
        }
    }

    /// Removes what only an unfinished training needs.
    pub fn tidy(&self) {
        self.checkpoints.clear_pieces();
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Metrics after the checkpoint: a checkpoint never knows less than the metrics say.
    fn save(&self, member: Member, trainer: &dyn TrainingState) -> std::io::Result<()> {
        self.checkpoints.write(member, trainer)?;
        let mut shared = self.shared();
        for progress in shared.members.iter_mut().filter(|p| p.member == member) {
            progress.history = trainer.history().to_vec();
        }
        let histories: Vec<(String, &[EpochMetrics])> =
            shared.members.iter().map(|p| (p.member.to_string(), &p.history[..])).collect();
        write_metrics(&self.folder.join(METRICS), &histories)
    }
}

impl Work for FolderHost<'_> {
    fn tick(&self) -> ControlFlow<()> {
        match self.interrupt.load(Ordering::Relaxed) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    fn recall(&self, name: &str) -> Option<Vec<u8>> {
        self.checkpoints.read_piece(name)
    }

    fn put(&self, name: &str, piece: &[u8]) -> std::io::Result<()> {
        self.checkpoints.write_piece(name, piece)
    }
}

impl Host for FolderHost<'_> {
    fn restore(&self, member: Member) -> Result<Option<Checkpoint>, CheckpointError> {
        self.checkpoints.read(member)
    }

    fn restored(&self, _: Member, state: &Checkpoint) {
        let other = state.other_arithmetic();
        if let Some(other) = other
            && !std::mem::replace(&mut self.shared().told, true)
        {
            self.reporter.warn(&format!(
                "this training was begun on a processor whose arithmetic is `{other}`, unlike this \
                 one's: its result will differ by rounding from one made on either alone"
            ));
        }
    }

    fn watch(&self, member: Member) -> Box<dyn Observer + '_> {
        Box::new(Watch { host: self, member, saver: Saver::new() })
    }

    fn keep(
        &self,
        member: Member,
        trainer: &dyn TrainingState,
        outcome: Outcome,
    ) -> std::io::Result<()> {
        let mut shared = self.shared();
        if outcome == Outcome::Finished {
            // A flow that stopped early counts as done.
            let Shared { bar, members, .. } = &mut *shared;
            for progress in members.iter_mut().filter(|p| p.member == member) {
                if let Some(bar) = bar {
                    bar.skip(trainer.total_steps().saturating_sub(progress.steps));
                }
                progress.steps = trainer.total_steps();
            }
        }
        drop(shared);
        self.save(member, trainer)
    }
}

/// Watches one flow: shows it, saves it, stops it.
struct Watch<'a> {
    host: &'a FolderHost<'a>,
    member: Member,
    saver: Saver,
}

impl Observer for Watch<'_> {
    fn after_step(&mut self, info: &StepInfo) -> ControlFlow<()> {
        let mut shared = self.host.shared();
        let Shared { bar, members, .. } = &mut *shared;
        for progress in members.iter_mut().filter(|p| p.member == self.member) {
            progress.steps = info.step;
        }
        if let Some(bar) = bar {
            let done = members.iter().map(|p| p.steps).sum();
            let rate = bar.rate(done);
            bar.update(done, || {
                // Known after the first epoch.
                let judged = info.last_epoch.map_or(String::new(), |e| {
                    let (nll, rec) = (e.validation_nll, e.validation_reconstruction);
                    format!(" nll {nll:.3} rec {rec:.1e}")
                });
                let (epoch, loss, member) = (info.epoch, info.report.loss, self.member);
                format!("{member} epoch {epoch} loss {loss:.3}{judged} {rate:.0} steps/s")
            });
        }
        drop(shared);
        self.host.tick()
    }

    fn offer(&mut self, trainer: &dyn TrainingState) -> std::io::Result<()> {
        if self.saver.is_due() { self.host.save(self.member, trainer) } else { Ok(()) }
    }
}
