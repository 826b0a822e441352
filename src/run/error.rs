//! Why a job stopped.

use freeform_inference::ConfigError;
use freeform_inference::ModelError;
use freeform_inference::PosteriorError;
use freeform_inference::network::SpecError;
use freeform_inference::training::{CheckpointError, DataError, EnsembleError, TrainError};

/// A job that ended without its result.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Settings.
    #[error(transparent)]
    Config(Box<ConfigError>),
    /// Sizes of the network.
    #[error(transparent)]
    Network(#[from] SpecError),
    /// Unusable simulations.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Unusable simulations in a file.
    #[error("{path}: {error}")]
    DataFile {
        /// The file.
        path: String,
        /// What is wrong.
        error: DataError,
    },
    /// Simulating failed.
    #[error(transparent)]
    Simulation(#[from] freeform_simulators::SimulateError),
    /// Simulating a task or program failed.
    #[error(transparent)]
    Source(#[from] freeform_simulators::SourceError),
    /// Stopped by a signal while simulating.
    #[error("interrupted; the simulations so far are kept beside {path}: the same command goes on")]
    SimulationInterrupted {
        /// The table that they are for.
        path: String,
    },
    /// A task that is not there.
    #[error(transparent)]
    Task(#[from] freeform_simulators::TaskError),
    /// An array file.
    #[error(transparent)]
    Array(#[from] freeform_simulators::ArrayError),
    /// A folder that another process works on.
    #[error(transparent)]
    Ownership(#[from] freeform_simulators::OwnershipError),
    /// The simulator of a model.
    #[error(transparent)]
    Origin(#[from] super::OriginError),
    /// More than fits into the memory.
    #[error("{what} would take {needed} of memory; there are {available}: ask for fewer")]
    Room {
        /// What it is, and the option that says how many.
        what: String,
        /// How much that is.
        needed: String,
        /// How much there is.
        available: String,
    },
    /// A prior.
    #[error(transparent)]
    Prior(#[from] freeform_simulators::PriorError),
    /// A device that is not there, or that gave up.
    #[error(transparent)]
    Device(#[from] freeform_inference::DeviceError),
    /// Training failed.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// Training failed, and the simulations may be why.
    #[error(transparent)]
    Ensemble(EnsembleError),
    /// Draws were made and kept, but are worth next to nothing.
    #[error("{path} is whole, but of some observations the posterior draws are worthless:\n{}",
        reasons.join("\n"))]
    Worthless {
        /// The folder.
        path: String,
        /// One line an observation.
        reasons: Vec<String>,
    },
    /// A checkpoint that does not fit.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A model on disk.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A question the posterior cannot answer.
    #[error(transparent)]
    Posterior(#[from] PosteriorError),
    /// Reference draws.
    #[error(transparent)]
    Reference(#[from] freeform_benchmark::ReferenceError),
    /// The classifier test.
    #[error(transparent)]
    C2st(#[from] freeform_benchmark::C2stError),
    /// The local classifier test.
    #[error(transparent)]
    Lc2st(#[from] freeform_benchmark::Lc2stError),
    /// MMD or median distance.
    #[error(transparent)]
    Distance(#[from] freeform_benchmark::DistanceError),
    /// A plot.
    #[error(transparent)]
    Plot(#[from] freeform_benchmark::PlotError),
    /// A table.
    #[error(transparent)]
    Table(#[from] freeform_benchmark::TableError),
    /// Reading or writing.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The folder is in use by another run.
    #[error("{path} already holds a run{}; {fix}", .differs.as_ref().map_or(String::new(), |how| format!(" {how}")))]
    Occupied {
        /// The folder.
        path: String,
        /// How it differs from this one, in words; `None` where it is the same run.
        differs: Option<String>,
        /// What to do.
        fix: &'static str,
    },
    /// The folder's model is of another run.
    #[error(
        "{path} holds the model of another training than its config.toml says: choose another \
         folder, or add --overwrite to start anew"
    )]
    OtherModel {
        /// The folder.
        path: String,
    },
    /// A table stopped by a signal.
    #[error("interrupted; everything finished is kept in {path}: the same command goes on")]
    TableInterrupted {
        /// The folder.
        path: String,
    },
    /// A check stopped by a signal.
    #[error("interrupted; the finished ranks are kept in {path}: the same command goes on")]
    CalibrationInterrupted {
        /// The file.
        path: String,
    },
    /// θ that the model's prior cannot have drawn.
    #[error(
        "{} of {simulations} simulations have θ outside the model's prior, the first in row {} \
         ({} = {}): calibration needs θ drawn from that prior; leave such rows out only if the \
         others are such draws", found.rows, found.first + 1, found.name, found.value
    )]
    OutsidePrior {
        /// Simulations given.
        simulations: usize,
        /// What was found.
        found: freeform_benchmark::Outside,
    },
    /// A simulation that the posterior gives up on.
    #[error("simulation {simulation}: {source}")]
    Ranking {
        /// Its number, from 1.
        simulation: usize,
        /// Why.
        source: PosteriorError,
    },
    /// No training of a search ended well.
    #[error("no training of the search succeeded; the first: {failure}")]
    NothingTuned {
        /// Why the first one failed.
        failure: String,
    },
    /// An inference in rounds stopped by a signal.
    #[error("interrupted; everything so far is kept in {path}: the same command goes on")]
    RoundsInterrupted {
        /// The folder.
        path: String,
    },
    /// A budget that nothing can be learnt from.
    #[error(
        "{asked} simulations are too few to infer from: allow at least {least} (--simulations)"
    )]
    FewSimulations {
        /// Simulations asked for.
        asked: usize,
        /// Fewest.
        least: usize,
    },
    /// Rounds cannot go on from there.
    #[error("{path}: {reason}")]
    NoMoreRounds {
        /// The folder.
        path: String,
        /// Why not, in words.
        reason: String,
    },
    /// The folder holds another inference.
    #[error(
        "{path} holds another inference: {reason}; choose another folder, give a finished one more rounds (--from \
         {path}), or add --overwrite to start anew"
    )]
    OtherInference {
        /// The folder.
        path: String,
        /// How it differs, in words.
        reason: String,
    },
    /// Stopped by a signal.
    #[error("interrupted; the state is saved in {path}: add --resume to go on")]
    Interrupted {
        /// The folder.
        path: String,
    },
}

impl RunError {
    /// Whether a score or reference draws were given up because a signal asked for it.
    pub(crate) fn is_stopped_scoring(&self) -> bool {
        use freeform_benchmark::{C2stError, DistanceError, ReferenceError};
        matches!(
            self,
            Self::C2st(C2stError::Interrupted)
                | Self::Distance(DistanceError::Interrupted)
                | Self::Reference(ReferenceError::Interrupted)
        )
    }
}

impl From<ConfigError> for RunError {
    fn from(error: ConfigError) -> Self {
        Self::Config(Box::new(error))
    }
}

impl From<EnsembleError> for RunError {
    fn from(error: EnsembleError) -> Self {
        match error {
            EnsembleError::Train(error) => Self::Train(error),
            EnsembleError::Checkpoint(error) => Self::Checkpoint(error),
            EnsembleError::Io(error) => Self::Io(error),
            EnsembleError::Device(error) => Self::Device(error),
            error @ EnsembleError::Data { .. } => Self::Ensemble(error),
        }
    }
}
