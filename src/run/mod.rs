//! Whole jobs: simulate into a file; train into a folder; or simulate, train, sample every
//! observation and score.

mod benchmark;
mod directory;
mod error;
mod evaluate;
mod predict;
mod progress;
mod source;
mod train;

pub use benchmark::{AMORTISED, BenchmarkJob, BenchmarkTable, benchmark};
pub use directory::{Existing, RunRecord};
pub use error::RunError;
pub use evaluate::{Evaluation, MoreMetrics, evaluate, mean_c2st};
pub use predict::{ObservationSummary, Prediction, predict};
pub use progress::Reporter;
pub use source::{Source, TrainingInput, Workplace, failure_warning, make_set};
pub use train::{TrainJob, TrainResult, train};
