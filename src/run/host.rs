//! A run's folder while its flows train: checkpoints, metrics, one bar over all of them.

use super::progress::Bar;
use super::{RunError, TrainJob};
use freeform_inference::Config;
use freeform_inference::training::{
    Checkpoint, CheckpointError, EpochMetrics, Host, Member, Observer, Outcome, StepInfo,
    TrainingData, TrainingState, members, write_metrics,
};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

const METRICS: &str = "metrics.jsonl";
/// Where checkpoints lie, a file a flow.
pub(super) const CHECKPOINTS: &str = "checkpoints";
/// At most this much work is lost to a kill.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(5);

/// Keeps all flows' trainings in one folder.
pub(super) struct FolderHost<'a> {
    folder: &'a Path,
    identity: &'a str,
    interrupt: &'a AtomicBool,
    shared: Mutex<Shared>,
}

/// What the flows' trainings have in common.
struct Shared {
    bar: Bar,
    members: Vec<Progress>,
}

/// One flow's part of it.
struct Progress {
    member: Member,
    steps: usize,
    history: Vec<EpochMetrics>,
}

impl<'a> FolderHost<'a> {
    pub fn new(
        job: &'a TrainJob,
        data: &TrainingData,
        config: &Config,
        identity: &'a str,
        resumed: bool,
    ) -> Result<Self, RunError> {
        std::fs::create_dir_all(job.folder.join(CHECKPOINTS))?;
        let members: Vec<Progress> = members(config, data)
            .into_iter()
            .map(|member| Progress { member, steps: 0, history: Vec::new() })
            .collect();
        let fold = data.fold(members[0].member.role, 0);
        let epochs = config.training.max_epochs;
        let steps = fold.training.len().div_ceil(config.training.batch_size) * epochs;
        let bar = job.reporter.bar("training", steps * members.len(), 0);
        if resumed {
            job.reporter.say("resuming from the last checkpoints");
        }
        let shared = Mutex::new(Shared { bar, members });
        Ok(Self { folder: job.folder, identity, interrupt: job.interrupt, shared })
    }

    /// Takes the bar off the screen.
    pub fn finish(&self) {
        self.shared().bar.finish();
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn checkpoint(&self, member: Member) -> PathBuf {
        self.folder.join(CHECKPOINTS).join(format!("{member}.safetensors"))
    }

    fn interrupted(&self) -> bool {
        self.interrupt.load(Ordering::Relaxed)
    }

    /// Metrics after the checkpoint: a checkpoint never knows less than the metrics say.
    fn save(&self, member: Member, trainer: &dyn TrainingState) -> std::io::Result<()> {
        let checkpoint = self.checkpoint(member);
        trainer.checkpoint().write(&checkpoint).map_err(std::io::Error::other)?;
        let mut shared = self.shared();
        for progress in shared.members.iter_mut().filter(|p| p.member == member) {
            progress.history = trainer.history().to_vec();
        }
        let histories: Vec<(String, &[EpochMetrics])> =
            shared.members.iter().map(|p| (p.member.to_string(), &p.history[..])).collect();
        write_metrics(&self.folder.join(METRICS), &histories)
    }
}

impl Host for FolderHost<'_> {
    fn restore(&self, member: Member) -> Result<Option<Checkpoint>, CheckpointError> {
        let path = self.checkpoint(member);
        if !path.exists() {
            return Ok(None);
        }
        Checkpoint::read(&path, &format!("{} {member}", self.identity)).map(Some)
    }

    fn watch(&self, member: Member) -> Box<dyn Observer + '_> {
        Box::new(Watch { host: self, member, saved: Instant::now() })
    }

    fn tick(&self) -> ControlFlow<()> {
        if self.interrupted() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
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
            let Shared { bar, members } = &mut *shared;
            for progress in members.iter_mut().filter(|p| p.member == member) {
                bar.skip(trainer.total_steps().saturating_sub(progress.steps));
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
    saved: Instant,
}

impl Observer for Watch<'_> {
    fn after_step(&mut self, info: &StepInfo) -> ControlFlow<()> {
        let mut shared = self.host.shared();
        let Shared { bar, members } = &mut *shared;
        for progress in members.iter_mut().filter(|p| p.member == self.member) {
            progress.steps = info.step;
        }
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
        drop(shared);
        self.host.tick()
    }

    fn after_epoch(&mut self, trainer: &dyn TrainingState) -> std::io::Result<()> {
        if self.saved.elapsed() >= CHECKPOINT_EVERY {
            self.host.save(self.member, trainer)?;
            self.saved = Instant::now();
        }
        Ok(())
    }
}
