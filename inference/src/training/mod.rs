//! Training a flow: data, schedules, the loop, checkpoints.

mod checkpoint;
mod checkpoints;
mod data;
mod ensemble;
mod fold;
mod likelihood;
#[cfg(feature = "burn")]
mod lockstep;
mod metrics;
mod observer;
mod probes;
mod schedule;
mod scores;
#[cfg(feature = "burn")]
mod stacked;
mod train;
mod trainer;

pub use checkpoint::{Checkpoint, CheckpointError, Progress, StepSums};
pub(crate) use checkpoint::{from_bytes, to_bytes};
pub use checkpoints::CheckpointFolder;
pub use data::{DataError, TrainingData};
pub use ensemble::{EnsembleError, EnsembleJob, Host, TrainedMember, members};
pub use fold::{Fold, Member, Role};
pub use likelihood::LikelihoodTables;
pub use metrics::{EpochMetrics, write_metrics};
pub use observer::{Observer, Outcome, StepInfo, TrainError, TrainingState};
pub use probes::draw_probes;
pub use schedule::{beta, learning_rate};
#[cfg(feature = "burn")]
pub use stacked::train_stacked;
pub use train::train_ensemble;
pub use trainer::Trainer;
