//! Training a flow: data, schedules, the loop, checkpoints.

mod agreement;
mod bounds;
mod categorical;
mod check;
mod checkpoint;
mod checkpoints;
mod choice;
mod columns;
mod data;
mod data_error;
mod ensemble;
mod findings;
mod fold;
mod likelihood;
#[cfg(feature = "burn")]
mod lockstep;
mod metrics;
mod missing;
mod observer;
mod order;
mod origin;
mod plan;
mod probes;
mod rows;
mod schedule;
mod scores;
mod shapes;
mod shown;
#[cfg(feature = "burn")]
mod stacked;
mod train;
mod trained_on;
mod trainer;
mod trials;

pub use agreement::{ColumnShift, PairShift};
pub use bounds::OutsideRows;
pub use check::{check_layout, check_simulations};
pub use checkpoint::{Checkpoint, CheckpointError, Progress, StepSums};
pub(crate) use checkpoint::{from_bytes, to_bytes};
pub use checkpoints::CheckpointFolder;
pub use choice::Choice;
pub use data::TrainingData;
pub use data_error::DataError;
pub use ensemble::{EnsembleError, EnsembleJob, Host, TrainedMember};
pub use findings::{Finding, unlike_prior};
pub use fold::{Fold, Member, Role};
pub use likelihood::LikelihoodTables;
pub use metrics::{EpochMetrics, write_metrics};
pub use observer::{Observer, Outcome, StepInfo, TrainError, TrainingState};
pub use origin::ThetaOrigin;
pub use plan::EnsemblePlan;
pub use probes::draw_probes;
pub use schedule::{beta, learning_rate};
#[cfg(feature = "burn")]
pub use stacked::train_stacked;
pub use train::train_ensemble;
pub(crate) use trained_on::TrainedOn;
pub use trainer::Trainer;
pub(crate) use trials::TrialTables;
