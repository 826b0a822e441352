//! Presets: complete settings as a function of what a user always knows.

use super::settings::{
    Config, Correction, LogDetChoice, LossConfig, NetworkConfig, OptimizerConfig, PosteriorConfig,
    Schedule, TrainingConfig, WhiteningConfig, WhiteningKind,
};
use super::transform::{DataTransform, ThetaTransform, TransformConfig};
use crate::network::Activation;
use freeform_simulators::{DataLayout, Layout, Missing, SimulationSource, Simulations};
use serde::{Deserialize, Serialize};

/// A named set of settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// The most accurate settings we know, from the size of the problem alone.
    #[default]
    Recommended,
    /// ResNet S with ReLU, one probe and a constant β, as the paper describes its benchmark runs.
    Paper,
}

/// What a preset may look at: sizes, never the task's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Simulation budget.
    pub simulations: usize,
    /// D.
    pub theta_dim: usize,
    /// C.
    pub context_dim: usize,
    /// The layout that is stated with the data, where one is.
    pub layout: Option<DataLayout>,
    /// What a NaN in x means, as is stated with the data.
    pub missing: Missing,
}

/// An x of no more numbers than these is taken as it is, unless its layout is stated.
pub(crate) const NARROW: usize = 16;

impl Problem {
    /// The sizes of a table of simulations.
    #[must_use]
    pub fn of(simulations: &Simulations) -> Self {
        Self {
            simulations: simulations.len(),
            theta_dim: simulations.parameter_dim(),
            context_dim: simulations.data_dim(),
            layout: None,
            missing: Missing::Failed,
        }
    }

    /// So many simulations of a simulator, with what it says of x.
    #[must_use]
    pub fn of_source(source: &dyn SimulationSource, simulations: usize) -> Self {
        Self {
            simulations,
            theta_dim: source.prior().dim(),
            context_dim: source.data_dim(),
            layout: source.layout(),
            missing: source.missing(),
        }
    }

    /// With a layout that is stated with the data.
    #[must_use]
    pub fn laid_out(self, layout: Option<DataLayout>) -> Self {
        Self { layout, ..self }
    }

    /// With what a NaN in x means, as is stated with the data.
    #[must_use]
    pub fn with_missing(self, missing: Missing) -> Self {
        Self { missing, ..self }
    }

    /// The layout that is stated; otherwise the one of a preset that `looks` at the data of a wide x.
    fn layout(&self, looks: bool) -> DataLayout {
        let wide = self.context_dim > NARROW;
        let layout = if looks && wide { Layout::Auto } else { Layout::Vector };
        self.layout.clone().map_or(DataLayout::new(layout, 1), |stated| {
            // An array's lengths are no pixels' where one of them is a number of channels.
            DataLayout { shape: stated.shape.filter(|_| stated.may_be_image()), ..stated }
        })
    }
}

impl Preset {
    /// The name users give it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Recommended => "recommended",
            Self::Paper => "paper",
        }
    }

    /// The preset's settings for a problem.
    #[must_use]
    pub fn config(self, problem: &Problem) -> Config {
        match self {
            Self::Recommended => recommended(problem),
            Self::Paper => paper(problem),
        }
    }
}

/// Simulations from which on `recommended` takes larger networks and more steps.
const MANY: usize = 30_000;
/// Simulations up to which `recommended` takes smaller batches.
const FEW: usize = 5_000;

fn recommended(problem: &Problem) -> Config {
    let many = problem.simulations >= MANY;
    let DataLayout { layout, channels, shape, parts } = problem.layout(true);
    let batch_size = if problem.simulations < FEW { 64 } else { 128 };
    let steps_per_epoch = problem.simulations.div_ceil(batch_size).max(1);
    let steps = if many { 24_000 } else { 8_000 };
    let max_epochs = (steps / steps_per_epoch).clamp(20, 500);
    Config {
        network: NetworkConfig {
            width: if many { 64 } else { 48 },
            input_layers: 1,
            blocks: if many { 6 } else { 4 },
            activation: Activation::Silu,
            glu: true,
        },
        loss: LossConfig {
            log_det: LogDetChoice::Auto,
            probes: 1,
            beta_start: 1.0,
            beta_end: 100.0,
            beta_ramp: 0.7,
            latent_reconstruction: 0.3,
        },
        optimizer: OptimizerConfig {
            learning_rate: 2e-3,
            schedule: Schedule::OneCycle,
            weight_decay: 1e-3,
            clip_norm: 5.0,
            average_decay: 0.99,
        },
        training: TrainingConfig {
            batch_size,
            max_epochs,
            patience: (max_epochs / 10).max(20),
            validation_fraction: 0.1,
            members: 4,
        },
        transform: TransformConfig {
            theta: ThetaTransform::Unconstrain,
            data: DataTransform::Shape,
            layout,
            channels,
            shape,
            parts,
            missing: problem.missing,
            screening: true,
        },
        whitening: WhiteningConfig {
            kind: WhiteningKind::Auto,
            networks: 1,
            degree: 1,
            width: if many { 128 } else { 64 },
            steps: 60_000,
            // Small steps learn less by heart.
            batch_size: match problem.simulations {
                0..FEW => 16,
                FEW..MANY => 64,
                _ => 128,
            },
            learning_rate: 2e-3,
            weight_decay: 1e-3,
        },
        posterior: PosteriorConfig { polish_steps: 5, correction: Correction::Auto, proposals: 4 },
    }
}

/// Section 9.1 and the middle of Table 3's grid; batch size by budget as Table 4 finds it.
fn paper(problem: &Problem) -> Config {
    let batch_size = match problem.simulations {
        0..3_000 => 8,
        3_000..30_000 => 32,
        _ => 64,
    };
    let DataLayout { layout, channels, shape, parts } = problem.layout(false);
    Config {
        network: NetworkConfig {
            width: 50,
            input_layers: 1,
            blocks: 10,
            activation: Activation::Relu,
            glu: true,
        },
        loss: LossConfig {
            log_det: LogDetChoice::Hutchinson,
            probes: 1,
            beta_start: 25.0,
            beta_end: 25.0,
            beta_ramp: 0.0,
            latent_reconstruction: 0.0,
        },
        optimizer: OptimizerConfig {
            learning_rate: 5e-4,
            schedule: Schedule::OneCycle,
            weight_decay: 1e-4,
            clip_norm: 0.0,
            average_decay: 0.0,
        },
        training: TrainingConfig {
            batch_size,
            max_epochs: 200,
            patience: 0,
            validation_fraction: 0.1,
            members: 1,
        },
        transform: TransformConfig {
            theta: ThetaTransform::Standardize,
            data: DataTransform::Standardize,
            layout,
            channels,
            shape,
            parts,
            missing: problem.missing,
            screening: false,
        },
        whitening: WhiteningConfig {
            kind: WhiteningKind::Off,
            networks: 1,
            degree: 1,
            width: 64,
            steps: 6_000,
            batch_size: 64,
            learning_rate: 2e-3,
            weight_decay: 1e-2,
        },
        posterior: PosteriorConfig { polish_steps: 0, correction: Correction::Off, proposals: 4 },
    }
}
