//! A trained flow on disk: `model.toml` (what it is) and `weights.safetensors` (its numbers).

mod error;
mod files;

pub use error::ModelError;
pub(crate) use files::FORMAT_VERSION;

use crate::config::Config;
use crate::flow::FlowQuality;
use crate::network::{FlowWeights, NetworkSpec};
use crate::transform::{DataTransform, ParameterTransform};
use freeform_simulators::{Prior, Support};

/// A trained conditional free-form flow with everything that turns data into posterior draws.
#[derive(Clone, Debug)]
pub struct Model {
    /// Architecture of encoder and decoder.
    pub network: NetworkSpec,
    /// Their weights.
    pub weights: FlowWeights,
    /// The prior it was trained under.
    pub prior: Prior,
    /// θ to the flow's space and back.
    pub parameters: ParameterTransform,
    /// x to what the networks see.
    pub data: DataTransform,
    /// The settings it was trained with.
    pub config: Config,
    /// What it was trained on, and how well that went.
    pub training: TrainingSummary,
}

/// How a model came to be.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct TrainingSummary {
    /// The benchmark task, if it was one: lets `--observation 3` mean its third observation.
    pub task: Option<String>,
    /// Simulations used (training and validation).
    pub simulations: usize,
    /// Seed.
    pub seed: u64,
    /// Epochs trained.
    pub epochs: usize,
    /// The epoch whose weights these are (from 1).
    pub best_epoch: usize,
    /// Quality on the validation part; NLLs in the units of θ.
    pub quality: FlowQuality,
}

impl Model {
    /// Whether the prior's support is all of R^D, so that no draw can leave it.
    #[must_use]
    pub fn is_always_inside(&self) -> bool {
        self.prior.support().iter().all(|support| *support == Support::Real)
    }
}
