//! Training by the free-form loss on the zero-centred subspace (Algorithm 1).

mod batch;
mod data;
mod engine;
mod loss;
mod optimizer;
mod preset;
mod settings;
mod state;
mod train;

pub use data::data_scale;
pub use loss::{LossReport, Losses};
pub use preset::Preset;
pub use settings::{LogDet, Optimizer, Schedule, SettingsError, TrainSettings};
pub use train::{Checked, Told, TrainError, Trained, check_training, train, train_on};
