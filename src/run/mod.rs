//! Whole jobs: simulate into a file; train into a folder; or simulate, train, sample every
//! observation and score.

mod benchmark;
mod calibrate;
mod check;
mod clear;
mod directory;
mod error;
mod evaluate;
mod figure;
mod host;
mod interruptible;
mod kept;
mod origin;
mod own;
mod plots;
mod predict;
mod progress;
mod room;
mod rounds;
mod said;
mod score_pieces;
mod scored;
mod sealed;
mod sets;
mod settled;
mod source;
mod train;
mod tune;

pub use benchmark::{BenchmarkJob, BenchmarkTable, benchmark};
pub use calibrate::{Calibration, ParameterRanks, calibrate};
pub use check::{
    Check, CheckJob, ConformalLevel, CoverageCurve, Finding, ObservedCheck, PairJob,
    ParameterRecovery, ToCheck, check,
};
pub(crate) use check::{Found, read_check};
pub use directory::{Existing, RunRecord};
pub(crate) use directory::{read_status, write_status};
pub use error::RunError;
pub use evaluate::{Evaluation, MoreMetrics, evaluate, mean_c2st};
pub use figure::AMORTISED;
pub(crate) use figure::curves as published_curves;
pub use origin::{OriginError, announce, open_origin};
pub use own::{Owned, own, own_soon};
pub(crate) use plots::plot;
pub use plots::{Plots, plots_wanted, want_plots};
pub use predict::{ObservationSummary, Prediction, predict};
pub(crate) use progress::Bar;
pub use progress::Reporter;
pub use room::check_room;
pub(crate) use rounds::inference_seed;
pub use rounds::{
    Continued, FirstRound, Inferred, RoundsJob, holds_inference, infer_in_rounds, moved_in_words,
    share_in_words,
};
pub use said::{FAILING, failure_warning, noise_warning, set_warnings};
pub(crate) use scored::known_scores;
pub use sets::make_set;
pub(crate) use source::all_failed;
pub use source::{SimulatorRecord, Source, TrainingInput, Workplace};
#[cfg(feature = "burn")]
pub use train::train_together;
pub use train::{TrainJob, TrainResult, train};
pub use tune::{Knob, Trial, TuneJob, Tuned, tune};
