//! Settings of a training: TOML over a preset, every key checked.

mod describe;
mod error;
mod laid_out;
mod limits;
mod memory;
mod parts;
mod places;
mod preset;
mod resolve;
mod settings;
mod shape;
mod transform;
mod trials;

pub use describe::Setting;
pub use error::{ConfigError, Place};
pub(crate) use preset::NARROW;
pub use preset::{Preset, Problem};
pub use resolve::Overrides;
pub use settings::{
    Config, Correction, LogDetChoice, LossConfig, NetworkConfig, OptimizerConfig, PosteriorConfig,
    Schedule, TrainingConfig, WhiteningConfig, WhiteningKind,
};
pub(crate) use settings::{MOST_DEGREE, one};
pub use transform::{DataTransform, ThetaTransform, TransformConfig};
