//! Settings to start from.

use super::settings::{LogDet, Optimizer, Schedule, TrainSettings};

/// Where settings come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// What works on few cores.
    Recommended,
    /// Table 5 of the paper.
    Paper,
}

impl Preset {
    /// Settings for N particles and so many rows of data.
    #[must_use]
    pub fn settings(self, particles: usize, rows: usize) -> TrainSettings {
        let few = particles <= 6;
        let recommended = TrainSettings {
            layers: if few { 5 } else { 8 },
            width: 64,
            normalizer: (particles - 1) as f32,
            scale: true,
            batch: if particles <= 20 { 64 } else { 16 },
            steps: 20_000,
            optimizer: Optimizer::Muon,
            // 24,000 steps of LJ13 passed at the lower one, less than 2,000 at three times as much.
            learning_rate: if few { 2e-3 } else { 1e-3 },
            schedule: Schedule::OneCycle,
            beta_start: if few { 90.0 } else { 100.0 },
            beta_end: if few { 180.0 } else { 400.0 },
            clip: 1.0,
            average: 0.995,
            log_det: LogDet::Probe,
            validate_every: 500,
            validation: match particles {
                ..=6 => 1000,
                7..=20 => 100,
                _ => 8,
            },
        };
        match self {
            Self::Recommended => recommended,
            Self::Paper => {
                let (layers, beta, clip, batch, epochs) = match particles {
                    ..=6 => (20, 10.0, 1.0, 256, 50),
                    7..=20 => (8, 200.0, 1.0, 256, 400),
                    _ => (8, 500.0, 0.1, 56, 200),
                };
                TrainSettings {
                    layers,
                    normalizer: 100.0,
                    scale: false,
                    batch,
                    steps: (rows * epochs).div_ceil(batch).max(1),
                    optimizer: Optimizer::Adam,
                    learning_rate: 1e-3,
                    schedule: if few { Schedule::OneCycle } else { Schedule::Constant },
                    beta_start: beta,
                    beta_end: beta,
                    clip,
                    average: 0.0,
                    ..recommended
                }
            }
        }
    }
}
