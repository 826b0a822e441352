//! Whole jobs: train into a folder; or simulate, train, sample every observation and score.

mod directory;
mod error;
mod evaluate;
mod progress;
mod source;
mod train;

pub use directory::{Existing, RunRecord};
pub use error::RunError;
pub use evaluate::{Evaluation, ObservationScore, evaluate, mean_c2st};
pub use progress::Reporter;
pub use source::{Source, TrainingInput, failure_warning};
pub use train::{TrainJob, TrainResult, train};
