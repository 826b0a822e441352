//! All flows of one model: which there are, and what each is trained with.

use super::{
    Checkpoint, CheckpointError, EpochMetrics, Fold, Member, Observer, Outcome, Role, TrainError,
    Trainer, TrainingData, TrainingState, categorical,
};
use crate::config::{Config, WhiteningKind};
use crate::engine::{DeviceError, Engine};
use crate::flow::{Categories, ConditionalFlow, FlowQuality};
use crate::network::{FlowWeights, NetworkSpec};
use crate::random::member_seed;
use crate::whitening::Whitening;
use crate::work::{Halt, Part, Work};
use std::time::Instant;

/// An ensemble that cannot be trained.
#[derive(Debug, thiserror::Error)]
pub enum EnsembleError {
    /// A flow's training failed.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// The same, on simulations that may be why.
    #[error("{cause}. This is probably why the training failed: {error}")]
    Data {
        /// How it failed.
        error: TrainError,
        /// What is amiss in the simulations.
        cause: String,
    },
    /// A checkpoint that does not fit.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The device failed.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// Saving failed.
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

/// Where the flows' trainings are kept, and who watches them.
pub trait Host: Work {
    /// The state in which an earlier process left a member.
    ///
    /// # Errors
    /// [`CheckpointError`] where there is one that does not fit.
    fn restore(&self, member: Member) -> Result<Option<Checkpoint>, CheckpointError>;

    /// Told of a member's state before it goes on from there.
    fn restored(&self, _member: Member, _state: &Checkpoint) {}

    /// Follows the training of a member.
    fn watch(&self, member: Member) -> Box<dyn Observer + '_>;

    /// Keeps the state of a member that finished or was interrupted.
    ///
    /// # Errors
    /// Any error of writing.
    fn keep(
        &self,
        member: Member,
        state: &dyn TrainingState,
        outcome: Outcome,
    ) -> std::io::Result<()>;
}

impl EnsembleError {
    /// A training that failed on simulations that may be why: both are told.
    pub(super) fn because_of(self, data: &TrainingData) -> Self {
        let causes = data.findings().iter().filter(|f| f.may_break_training());
        let cause = causes.map(ToString::to_string).collect::<Vec<_>>().join("; ");
        match self {
            Self::Train(error) if !cause.is_empty() => Self::Data { error, cause },
            error => error,
        }
    }
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
    /// NLL of its whitening alone on its held-out rows, where it has one.
    pub start_nll: Option<f64>,
    /// Quality on its held-out rows; NLLs in the units of the data.
    pub quality: FlowQuality,
    /// One entry an epoch.
    pub history: Vec<EpochMetrics>,
    /// Seconds that it took.
    pub seconds: f64,
}

/// An ensemble to be trained.
#[derive(Clone, Copy)]
pub struct EnsembleJob<'a> {
    /// What it learns from.
    pub data: &'a TrainingData,
    /// How.
    pub config: &'a Config,
    /// Seed of everything random.
    pub seed: u64,
    /// Names the training in checkpoints.
    pub identity: &'a str,
    /// Who keeps and watches it.
    pub host: &'a dyn Host,
}

/// A member before its flow's training: whitened data and initial weights.
pub(super) struct Ready<'a> {
    pub job: EnsembleJob<'a>,
    /// Its own settings.
    config: Config,
    pub member: Member,
    seed: u64,
    pub fold: Fold<'a>,
    categories: Option<Categories>,
    whitening: Option<Whitening>,
    pub network: NetworkSpec,
    pub weights: FlowWeights,
    /// Seconds that it took so far.
    seconds: f64,
}

impl<'a> EnsembleJob<'a> {
    /// Whitens a member's data; `None` where the host interrupted it.
    pub(super) fn prepare(self, member: Member) -> Result<Option<Ready<'a>>, EnsembleError> {
        let started = Instant::now();
        let host = self.host;
        if host.tick().is_break() {
            return Ok(None);
        }
        let role = match member.role {
            Role::Posterior => 0,
            Role::Likelihood => 1 << 32,
            Role::Trials => 1 << 34,
        };
        let seed = member_seed(self.seed, role + member.index as u64);
        let plain = self.data.fold(member.role, member.index);
        let mut config = match member.role {
            Role::Trials => self.config.of_trials(self.data.len(), plain.training.len()),
            _ => self.config.clone(),
        };
        // What is better under a flow is chosen by flows.
        config.whitening = config.whitening.with_network();
        if member.linear {
            config.whitening.kind = WhiteningKind::Linear;
        }
        let (categories, plain) = match self.data.cells().filter(|_| member.role == Role::Posterior)
        {
            None => (None, plain),
            Some(cells) => {
                let part = Part::new(host, format!("categories.{member}"));
                match categorical::learn(&plain, cells, seed, &part) {
                    Ok(own) => {
                        let plain = categorical::without(&plain, &own, seed);
                        (Some(own), plain)
                    }
                    Err(Halt::Stopped) => return Ok(None),
                    Err(Halt::Io(error)) => return Err(error.into()),
                }
            }
        };
        let settings = &config.whitening;
        let part = Part::new(host, format!("whitening.{member}"));
        let whitening = match Whitening::fit(&plain.table(), settings, seed, &part) {
            Ok(whitening) => whitening,
            Err(Halt::Stopped) => return Ok(None),
            Err(Halt::Io(error)) => return Err(error.into()),
        };
        if host.tick().is_break() {
            return Ok(None);
        }
        let fold = match &whitening {
            Some(whitening) => plain.whitened(whitening),
            None => plain,
        };
        let network = config.network_spec(fold.dims.0, fold.dims.1);
        let weights = match whitening {
            Some(_) => network.identity_weights(seed),
            None => network.initial_weights(seed),
        };
        let seconds = started.elapsed().as_secs_f64();
        Ok(Some(Ready {
            job: self,
            config,
            member,
            seed,
            fold,
            categories,
            whitening,
            network,
            weights,
            seconds,
        }))
    }
}

impl Ready<'_> {
    /// The flow's training from its start, or from where it was left.
    pub(super) fn trainer(&self, engine: Box<dyn Engine>) -> Result<Trainer<'_>, EnsembleError> {
        let identity = format!("{} {}", self.job.identity, self.member);
        let mut trainer = Trainer::new(engine, &self.fold, &self.config, self.seed, identity);
        if let Some(checkpoint) = self.job.host.restore(self.member)? {
            let (path, member) = (format!("of {}", self.member), self.member);
            let invalid = |reason| CheckpointError::Invalid { path, reason };
            self.job.host.restored(member, &checkpoint);
            trainer.restore(checkpoint).map_err(invalid)?;
        }
        if self.whitening.is_some() {
            trainer.judge_start();
        }
        Ok(trainer)
    }

    /// Whether another member's flow can be trained in step with this one.
    #[cfg(feature = "burn")]
    pub(super) fn stacks_with(&self, other: &Self) -> bool {
        let sizes = |r: &Self| (r.fold.training.len(), r.fold.validation.len());
        let key = |r: &Self| {
            let (training, optimizer) = (&r.config.training, &r.config.optimizer);
            let averaged = optimizer.average_decay > 0.0;
            let latent = r.config.loss.latent_reconstruction > 0.0;
            let log_det = r.config.log_det(r.fold.dims.0);
            (sizes(r), training.batch_size, averaged, latent, log_det)
        };
        self.network == other.network && key(self) == key(other)
    }

    /// The flow at the end of its training.
    pub(super) fn finish(&self, mut trainer: Trainer) -> Result<TrainedMember, EnsembleError> {
        let (history, seconds) = (trainer.history().to_vec(), trainer.seconds() + self.seconds);
        let start_nll = self.whitening.is_some().then(|| trainer.nll_of(&self.weights));
        let (weights, best_epoch, quality) = trainer.into_best()?;
        let (whitening, network) = (self.whitening.clone(), self.network.clone());
        let categories = self.categories.clone();
        let flow = ConditionalFlow { categories, whitening, network, weights };
        let member = self.member;
        Ok(TrainedMember { member, flow, best_epoch, start_nll, quality, history, seconds })
    }
}
