//! Random small problems.

use crate::reference::Problem;
use freeform_inference::engine::{Batch, LogDet, LossSettings, UpdateSettings};
use freeform_inference::network::{Activation, FlowWeights, NetworkSpec};
use proptest::prelude::*;

/// Reproducible numbers in (−1, 1).
pub fn numbers(n: usize, seed: u64) -> Vec<f32> {
    let mut state = (seed + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    (0..n).map(|_| next()).collect()
}

/// Adam, with averaging if asked.
pub fn adam(average_decay: Option<f32>) -> UpdateSettings {
    UpdateSettings {
        learning_rate: 1e-3,
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        weight_decay: 0.0,
        clip_norm: None,
        average_decay,
    }
}

#[derive(Clone, Debug)]
pub struct Case {
    pub spec: NetworkSpec,
    pub log_det: LogDet,
    pub batch: usize,
    pub seed: u64,
}

/// A table of twice the batch's rows, and the batch's rows in it.
pub struct Data {
    dim: usize,
    width: usize,
    pub theta: Vec<f32>,
    pub x: Vec<f32>,
    pub rows: Vec<u32>,
    pub probes: Vec<f32>,
}

impl Case {
    pub fn weights(&self) -> FlowWeights {
        let scale = 1.0 / (self.spec.width as f32).sqrt().max(1.5);
        let network =
            |seed| numbers(self.spec.layout().len(), seed).iter().map(|w| w * scale).collect();
        FlowWeights { encoder: network(self.seed + 100), decoder: network(self.seed + 200) }
    }

    pub fn loss(&self) -> LossSettings {
        LossSettings { beta: 3.0, latent_reconstruction: 2.0, log_det: self.log_det }
    }

    pub fn data(&self) -> Data {
        let (dim, width, n) = (self.spec.theta_dim, self.spec.context_dim, 2 * self.batch);
        let probes = match self.log_det {
            LogDet::Hutchinson { probes } => probes,
            LogDet::Exact => 0,
        };
        Data {
            dim,
            width,
            theta: numbers(n * dim, self.seed + 1),
            x: numbers(n * width, self.seed + 2),
            // Every other row, backward.
            rows: (0..self.batch as u32).map(|b| 2 * (self.batch as u32 - 1 - b)).collect(),
            probes: numbers(probes * self.batch * dim, self.seed + 3),
        }
    }
}

impl Data {
    pub fn batch(&self) -> Batch<'_> {
        Batch { theta: &self.theta, x: &self.x, rows: &self.rows, probes: &self.probes }
    }

    fn gathered(&self, table: &[f32], width: usize) -> Vec<Vec<f64>> {
        let row = |r: &u32| &table[*r as usize * width..][..width];
        self.rows.iter().map(|r| row(r).iter().map(|v| f64::from(*v)).collect()).collect()
    }

    pub fn problem<'a>(&self, case: &'a Case) -> Problem<'a> {
        let wide = |row: &[f32]| row.iter().map(|v| f64::from(*v)).collect();
        let rows = |probe: &[f32]| probe.chunks_exact(self.dim).map(wide).collect();
        let probes = self.probes.chunks_exact(self.rows.len() * self.dim).map(rows).collect();
        Problem {
            spec: &case.spec,
            theta: self.gathered(&self.theta, self.dim),
            x: self.gathered(&self.x, self.width),
            probes,
            beta: 3.0,
            lambda: 2.0,
        }
    }

    /// The batch cut into batches of `count` rows.
    pub fn parts(&self, count: usize) -> Vec<Data> {
        let total = self.rows.len() * self.dim;
        self.rows
            .chunks(count)
            .enumerate()
            .map(|(index, rows)| {
                let (start, len) = (index * count * self.dim, rows.len() * self.dim);
                let cut = |probe: &[f32]| probe[start..start + len].to_vec();
                Data {
                    dim: self.dim,
                    width: self.width,
                    theta: self.theta.clone(),
                    x: self.x.clone(),
                    rows: rows.to_vec(),
                    probes: self.probes.chunks_exact(total).flat_map(cut).collect(),
                }
            })
            .collect()
    }
}

/// Shapes down to 1 everywhere. Only smooth activations: a finite difference may step over a kink.
pub fn cases() -> impl Strategy<Value = Case> {
    let activation =
        prop::sample::select(vec![Activation::Silu, Activation::Gelu, Activation::Tanh]);
    let shape = (1..4usize, 1..4usize, 1..12usize, 1..4usize, 0..3usize);
    (shape, activation, any::<bool>(), 0..4usize, 1..6usize, 0..1000u64).prop_map(
        |(shape, activation, glu, probes, batch, seed)| {
            let (theta_dim, context_dim, width, input_layers, blocks) = shape;
            let spec = NetworkSpec {
                theta_dim,
                context_dim,
                width,
                input_layers,
                blocks,
                activation,
                glu,
            };
            let log_det = match probes {
                0 => LogDet::Exact,
                k => LogDet::Hutchinson { probes: k.min(theta_dim) },
            };
            Case { spec, log_det, batch, seed }
        },
    )
}
