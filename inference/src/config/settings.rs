//! Every setting of a training, resolved: what `config.toml` of a run holds.

use super::TransformConfig;
use crate::engine::LogDet;
use crate::network::{Activation, NetworkSpec};
use serde::{Deserialize, Serialize};

/// All settings of one training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Architecture of encoder and decoder.
    pub network: NetworkConfig,
    /// The training loss.
    pub loss: LossConfig,
    /// Adam(W) and its learning rate.
    pub optimizer: OptimizerConfig,
    /// Batches, epochs, early stopping.
    pub training: TrainingConfig,
    /// How parameters are mapped to the space the flow works in.
    pub transform: TransformConfig,
    /// The affine map beneath each flow.
    pub whitening: WhiteningConfig,
    /// How draws are made.
    pub posterior: PosteriorConfig,
}

/// `[network]`: see [`NetworkSpec`] for the formula.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkConfig {
    /// Width of the hidden layers.
    pub width: usize,
    /// Linear layers before the blocks.
    pub input_layers: usize,
    /// Residual blocks of two linear layers.
    pub blocks: usize,
    /// `relu`, `silu`, `gelu` or `tanh`.
    pub activation: Activation,
    /// Whether blocks end in a gated linear unit on the data.
    pub glu: bool,
}

/// `[loss]`: ½‖z‖² − change of variables + β · reconstruction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LossConfig {
    /// `exact`, `hutchinson`, or `auto`: exact up to D = 10.
    pub log_det: LogDetChoice,
    /// Probes per sample with `hutchinson` (at most D).
    pub probes: usize,
    /// β at the first step.
    pub beta_start: f64,
    /// β at the end of the ramp and after; equal to `beta_start` for a constant β.
    pub beta_end: f64,
    /// Share of the planned steps over which β moves, geometrically.
    pub beta_ramp: f64,
    /// λ: weight of ‖J_f (θ̂ − θ)‖², the reconstruction error in latent units, which keeps the
    /// decoder faithful where the posterior is narrow; needs the exact log-determinant.
    pub latent_reconstruction: f64,
}

/// `[optimizer]`: AdamW.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptimizerConfig {
    /// The highest learning rate.
    pub learning_rate: f64,
    /// `constant`, `cosine` or `one-cycle`.
    pub schedule: Schedule,
    /// Decoupled weight decay; 0 is Adam.
    pub weight_decay: f64,
    /// Largest global gradient norm; 0 switches clipping off.
    pub clip_norm: f64,
    /// Decay of a moving average of the weights, used for validation and draws; 0 switches it off.
    pub average_decay: f64,
}

/// `[training]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingConfig {
    /// Simulations per optimiser step.
    pub batch_size: usize,
    /// Planned passes over the training part; schedules stretch over them.
    pub max_epochs: usize,
    /// Epochs without a better validation NLL after which training stops; 0 never stops early.
    pub patience: usize,
    /// Share of the simulations held out for validation.
    pub validation_fraction: f64,
    /// Flows that are trained and averaged, each with a part of its own held out.
    pub members: usize,
}

/// `[whitening]`: location, scale and correlation of θ given x as a conditional Gaussian's, which
/// each flow then works relative to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhiteningConfig {
    /// `off`, `linear` (in closed form), `network` (a perceptron over the linear one), or `auto`: one of these
    /// two, for either kind of flow the one over which flows are better on held-out simulations.
    pub kind: WhiteningKind,
    /// Perceptrons whose outputs are averaged.
    #[serde(default = "one")]
    pub networks: usize,
    /// Highest degree, up to 3, that the regression beneath may have, where held-out simulations gain by it.
    #[serde(default = "one")]
    pub degree: usize,
    /// Width of the perceptron's two hidden layers.
    pub width: usize,
    /// Planned optimiser steps.
    pub steps: usize,
    /// Simulations per step.
    pub batch_size: usize,
    /// The highest learning rate.
    pub learning_rate: f64,
    /// Decoupled weight decay.
    pub weight_decay: f64,
}

/// The highest degree of a regression.
pub(crate) const MOST_DEGREE: usize = 3;
/// Share of a whitening's steps that tell ways of showing data to it apart.
const TRIAL_SHARE: usize = 4;

impl WhiteningConfig {
    /// The same with a network where the kind is open.
    pub(crate) fn with_network(&self) -> Self {
        let kind = match self.kind {
            WhiteningKind::Auto => WhiteningKind::Network,
            stated => stated,
        };
        Self { kind, ..self.clone() }
    }

    /// The settings of a short training, which tells ways of showing data to it apart.
    pub(crate) fn trial(&self) -> Self {
        Self { steps: self.steps.div_ceil(TRIAL_SHARE), networks: 1, ..self.clone() }
    }
}

/// How location and scale are learnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WhiteningKind {
    /// Not at all.
    Off,
    /// By ridge regression.
    Linear,
    /// By a perceptron over the ridge regression.
    Network,
    /// By one of these two, whichever flows do better over.
    Auto,
}

/// `[posterior]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PosteriorConfig {
    /// Damped Newton steps on f(θ; x) = z that refine each draw; 0 keeps the decoder's.
    pub polish_steps: usize,
    /// Whether draws are corrected by a likelihood p(x | θ) learnt from the same simulations:
    /// `off`, `on`, or `auto`: as far as the held-out simulations say that it helps.
    pub correction: Correction,
    /// At most eight times as many proposals are made for each corrected draw.
    pub proposals: usize,
}

/// Whether a learnt likelihood corrects the posterior.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Correction {
    /// The posterior flows alone.
    Off,
    /// As far as it helps on held-out simulations.
    Auto,
    /// Wholly.
    On,
}

/// Learning-rate schedules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// The same rate throughout.
    Constant,
    /// Half a cosine from the highest rate to zero.
    Cosine,
    /// Up over the first 30% of steps, then down to zero, both by half a cosine.
    OneCycle,
}

/// How the change of variables is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogDetChoice {
    /// Exact up to D = 10, Hutchinson beyond.
    Auto,
    /// D tangents.
    Exact,
    /// Random probes.
    Hutchinson,
}

/// What counts of things have in files of before they could be counted.
pub(crate) fn one() -> usize {
    1
}

/// The largest D at which `auto` chooses the exact log-determinant.
const AUTO_EXACT_DIM: usize = 10;

impl Config {
    /// The part of `text`, settings as TOML, by which a run is known: without keys that came later,
    /// where they say what was so before, so that runs of before are still the same.
    #[must_use]
    pub fn known_by(text: &str) -> String {
        let later = |line: &&str| {
            matches!(
                *line,
                "layout = \"vector\""
                    | "channels = 1"
                    | "shape = []"
                    | "parts = []"
                    | "missing = \"failed\""
            )
        };
        text.lines().filter(|line| !later(line)).map(|line| format!("{line}\n")).collect()
    }

    /// The network for D parameters and C data.
    #[must_use]
    pub fn network_spec(&self, theta_dim: usize, context_dim: usize) -> NetworkSpec {
        let NetworkConfig { width, input_layers, blocks, activation, glu } = self.network;
        NetworkSpec { theta_dim, context_dim, width, input_layers, blocks, activation, glu }
    }

    /// The change-of-variables term for D parameters.
    #[must_use]
    pub fn log_det(&self, theta_dim: usize) -> LogDet {
        let probes = self.loss.probes.min(theta_dim);
        match self.loss.log_det {
            LogDetChoice::Exact => LogDet::Exact,
            LogDetChoice::Auto if theta_dim <= AUTO_EXACT_DIM => LogDet::Exact,
            LogDetChoice::Auto | LogDetChoice::Hutchinson => LogDet::Hutchinson { probes },
        }
    }
}
