//! All flows of one model: which there are, and how each is trained.

use super::{
    Checkpoint, CheckpointError, EpochMetrics, Fold, Member, Observer, Outcome, Role, TrainError,
    Trainer, TrainingData,
};
use crate::config::{Config, Correction};
use crate::engine::{self, EngineKind};
use crate::flow::{ConditionalFlow, FlowQuality};
use crate::random::member_seed;
use crate::whitening::Whitening;
use rayon::prelude::*;
use std::ops::ControlFlow;
use std::time::Instant;

/// An ensemble that cannot be trained.
#[derive(Debug, thiserror::Error)]
pub enum EnsembleError {
    /// A flow's training failed.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// A checkpoint that does not fit.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Saving failed.
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

/// Where the flows' trainings are kept, and who watches them.
pub trait Host: Sync {
    /// The state in which an earlier process left a member.
    ///
    /// # Errors
    /// [`CheckpointError`] where there is one that does not fit.
    fn restore(&self, member: Member) -> Result<Option<Checkpoint>, CheckpointError>;

    /// Follows the training of a member.
    fn watch(&self, member: Member, trainer: &Trainer) -> Box<dyn Observer + '_>;

    /// Asked now and then while there are no steps to follow; `Break` stops.
    fn tick(&self) -> ControlFlow<()>;

    /// Keeps the state of a member that finished or was interrupted.
    ///
    /// # Errors
    /// Any error of writing.
    fn keep(&self, member: Member, trainer: &Trainer, outcome: Outcome) -> std::io::Result<()>;
}

/// A flow at the end of its training.
#[derive(Debug)]
pub struct TrainedMember {
    /// Which.
    pub member: Member,
    /// The flow.
    pub flow: ConditionalFlow,
    /// The epoch whose weights these are (from 1; 0: before the first).
    pub best_epoch: usize,
    /// Quality on its held-out rows; NLLs in the units of the data.
    pub quality: FlowQuality,
    /// One entry an epoch.
    pub history: Vec<EpochMetrics>,
    /// Seconds that it took.
    pub seconds: f64,
}

/// The flows that a configuration asks for, given the tables.
#[must_use]
pub fn members(config: &Config, data: &TrainingData) -> Vec<Member> {
    let of = |role| (0..config.training.members).map(move |index| Member { role, index });
    let wanted = config.posterior.correction != Correction::Off && data.likelihood().is_some();
    let likelihood = wanted.then(|| of(Role::Likelihood)).into_iter().flatten();
    of(Role::Posterior).chain(likelihood).collect()
}

/// Trains all members, side by side where there are threads for it; `None` where the host
/// interrupted it. The result does not depend on the number of threads.
///
/// # Errors
/// [`EnsembleError`] of the first member that failed.
pub fn train_ensemble(
    data: &TrainingData,
    config: &Config,
    seed: u64,
    kind: EngineKind,
    identity: &str,
    host: &dyn Host,
) -> Result<Option<Vec<TrainedMember>>, EnsembleError> {
    members(config, data)
        .into_par_iter()
        // One at a time: members are large pieces of work.
        .with_max_len(1)
        .map(|member| {
            let fold = data.fold(member.role, member.index);
            let training = MemberTraining { member, fold, config, seed, kind, identity, host };
            training.run()
        })
        .collect()
}

struct MemberTraining<'a> {
    member: Member,
    fold: Fold<'a>,
    config: &'a Config,
    seed: u64,
    kind: EngineKind,
    identity: &'a str,
    host: &'a dyn Host,
}

impl MemberTraining<'_> {
    fn run(self) -> Result<Option<TrainedMember>, EnsembleError> {
        let started = Instant::now();
        let Self { member, config, host, .. } = self;
        if host.tick().is_break() {
            return Ok(None);
        }
        let seed = match member.role {
            Role::Posterior => member_seed(self.seed, member.index as u64),
            Role::Likelihood => member_seed(self.seed, (1 << 32) + member.index as u64),
        };
        let (table, settings) = (self.fold.table(), &config.whitening);
        let whitening = Whitening::fit(&table, settings, seed, &mut || host.tick());
        if host.tick().is_break() {
            return Ok(None);
        }
        let fold = match &whitening {
            Some(whitening) => self.fold.whitened(whitening),
            None => self.fold,
        };
        let prepared = started.elapsed().as_secs_f64();

        let network = config.network_spec(fold.dims.0, fold.dims.1);
        let weights = match whitening {
            Some(_) => network.identity_weights(seed),
            None => network.initial_weights(seed),
        };
        let engine = engine::create(self.kind, &network, &weights);
        let identity = format!("{} {member}", self.identity);
        let mut trainer = Trainer::new(engine, &fold, config, seed, identity);
        if let Some(checkpoint) = host.restore(member)? {
            trainer.restore(checkpoint);
        }
        if whitening.is_some() {
            trainer.judge_start();
        }
        let outcome = trainer.run(&mut *host.watch(member, &trainer))??;
        host.keep(member, &trainer, outcome)?;
        if outcome == Outcome::Interrupted {
            return Ok(None);
        }
        let (history, seconds) = (trainer.history().to_vec(), trainer.seconds() + prepared);
        let (weights, best_epoch, quality) = trainer.into_best()?;
        let flow = ConditionalFlow { whitening, network, weights };
        Ok(Some(TrainedMember { member, flow, best_epoch, quality, history, seconds }))
    }
}
