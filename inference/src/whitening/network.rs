//! The learnt part: a perceptron from the context to a conditional Gaussian's location, scale and
//! shear, trained by maximum likelihood and stopped by validation; or several, whose outputs are averaged.

mod correlation;
mod evaluator;
mod state;

pub(super) use evaluator::Evaluator;

use super::triangular::{Triangular, outputs};
use super::{WhiteningShape, WhiteningTable};
use crate::config::WhiteningConfig;
use crate::random::{Purpose, stream};
use crate::work::{Halt, Part, Saver};
use freeform_kernels::{Isa, Mlp, Nonlinearity};
use rand::RngExt;
use rand::seq::SliceRandom;
use state::State;

/// Rows of one pass outside training.
const CHUNK: usize = 256;
/// Half-width of the last layer's initial law: the map starts next to the identity.
const OUTPUT_INIT: f32 = 1e-3;
/// Training ends after this share of the planned epochs without a better validation.
const PATIENCE: f64 = 0.25;
/// Share of the steps that warm up.
const WARM_UP: f64 = 0.05;
const CLIP_NORM: f32 = 5.0;
/// Decay of the averaged weights that are judged and kept.
const AVERAGE: f32 = 0.98;
/// Keeps the seeds of several perceptrons apart.
const APART: u64 = 0x9e37_79b9_7f4a_7c15;

/// c ↦ (μ, s, N) of u ↦ (I + N)(e^s ⊙ (u − μ)).
#[derive(Clone, Debug, PartialEq)]
pub struct WhiteningNetwork {
    dim: usize,
    context_dim: usize,
    width: usize,
    /// Whether N acts on what is scaled already, as it did not in earlier versions.
    scaled: bool,
    /// One perceptron's behind the other's.
    weights: Vec<f32>,
}

impl WhiteningNetwork {
    /// Learns from the training rows of `table`: as many perceptrons as the settings say, each from an
    /// initialisation and an order of its own (Lakshminarayanan et al. 2017).
    pub(super) fn fit(
        table: &WhiteningTable,
        config: &WhiteningConfig,
        seed: u64,
        part: &Part,
    ) -> Result<Self, Halt> {
        let mut all = Self::fit_one(table, config, seed, &part.part("network"))?;
        for index in 1..config.networks {
            let seed = seed ^ (index as u64).wrapping_mul(APART);
            let part = part.part(&format!("network-{index}"));
            all.weights.extend(Self::fit_one(table, config, seed, &part)?.weights);
        }
        Ok(all)
    }

    /// One perceptron; the epoch with the best likelihood on the validation rows is kept. Its state is
    /// kept now and then as `part`, from which it goes on bit for bit.
    fn fit_one(
        table: &WhiteningTable,
        config: &WhiteningConfig,
        seed: u64,
        part: &Part,
    ) -> Result<Self, Halt> {
        let (dim, context_dim) = table.dims;
        let (width, weights) = (config.width, Vec::new());
        let mut network = Self { dim, context_dim, width, scaled: true, weights };
        network.weights = network.initial_weights(seed);
        let mut mlp = network.mlp(config.batch_size.min(table.training.len()).max(CHUNK));
        let steps_per_epoch = table.training.len().div_ceil(config.batch_size);
        let epochs = (config.steps / steps_per_epoch).clamp(2, 1000);
        let patience = ((epochs as f64 * PATIENCE) as usize).max(10);
        let mut state = match part.recall().and_then(|piece| State::recalled(&piece, &mut mlp)) {
            Some(state) => state,
            None => State {
                epoch: 0,
                step: 0,
                best: (network.nll(&mut mlp, table, part)?, 0),
                best_weights: network.weights.clone(),
                average: network.weights.clone(),
            },
        };
        let mut order = table.training.to_vec();
        for epoch in 0..state.epoch {
            order.shuffle(&mut stream(seed, Purpose::Whitening, 1 + epoch as u64));
        }
        let mut buffers = Buffers::new(config.batch_size.min(order.len()), dim, context_dim);
        let total = (epochs * steps_per_epoch) as f64;
        let mut saver = Saver::new();
        while state.epoch < epochs {
            let epoch = state.epoch;
            order.shuffle(&mut stream(seed, Purpose::Whitening, 1 + epoch as u64));
            for rows in order.chunks(config.batch_size).skip(state.step) {
                let stopped = part.go_on();
                if stopped.is_err() || saver.is_due() {
                    part.keep(|| state.piece(&mlp))?;
                }
                stopped?;
                let done = (epoch * steps_per_epoch + state.step) as f64 / total;
                let rate = config.learning_rate * schedule(done);
                buffers.step(&mut mlp, table, rows);
                mlp.update(rate as f32, config.weight_decay as f32, CLIP_NORM);
                for (mean, w) in state.average.iter_mut().zip(mlp.weights()) {
                    *mean = AVERAGE * *mean + (1.0 - AVERAGE) * w;
                }
                state.step += 1;
            }
            let raw = mlp.weights().to_vec();
            mlp.set_weights(&state.average);
            let nll = network.nll(&mut mlp, table, part)?;
            if nll < state.best.0 {
                state.best = (nll, epoch + 1);
                state.best_weights.clone_from(&state.average);
            }
            mlp.set_weights(&raw);
            (state.epoch, state.step) = (epoch + 1, 0);
            if epoch + 1 >= state.best.1 + patience {
                break;
            }
        }
        network.weights = state.best_weights;
        network.decorrelated(table, part)
    }

    fn sizes(&self) -> [usize; 4] {
        [self.context_dim, self.width, self.width, outputs(self.dim)]
    }

    /// U(±1/√fan_in), the last layer near zero.
    fn initial_weights(&self, seed: u64) -> Vec<f32> {
        let mut rng = stream(seed, Purpose::Whitening, 0);
        let sizes = self.sizes();
        let mut weights = Vec::with_capacity(Mlp::parameters(&sizes));
        for (layer, pair) in sizes.windows(2).enumerate() {
            let bound =
                if layer + 2 == sizes.len() { OUTPUT_INIT } else { 1.0 / (pair[0] as f32).sqrt() };
            weights.extend((0..(pair[0] + 1) * pair[1]).map(|_| rng.random_range(-bound..=bound)));
        }
        weights
    }

    fn mlp(&self, rows: usize) -> Mlp {
        self.mlp_of(&self.weights, rows)
    }

    fn mlp_of(&self, weights: &[f32], rows: usize) -> Mlp {
        Mlp::new(Isa::best(), Nonlinearity::Silu, &self.sizes(), rows, weights.to_vec())
    }

    /// Mean −log N of the validation rows under the network's current weights, up to a constant.
    fn nll(&self, mlp: &mut Mlp, table: &WhiteningTable, part: &Part) -> Result<f64, Halt> {
        let mut sum = 0.0;
        self.whiten(mlp, table, table.validation, part, |white, log_det| {
            let square: f64 = white.iter().map(|z| f64::from(*z).powi(2)).sum();
            sum += 0.5 * square - log_det;
        })?;
        let nll = sum / table.validation.len().max(1) as f64;
        Ok(if nll.is_finite() { nll } else { f64::INFINITY })
    }

    /// Some rows' whitened targets and log-determinants under the network's current weights.
    fn whiten(
        &self,
        mlp: &mut Mlp,
        table: &WhiteningTable,
        rows: &[u32],
        part: &Part,
        mut each: impl FnMut(&[f32], f64),
    ) -> Result<(), Halt> {
        let mut context = Vec::with_capacity(CHUNK * self.context_dim);
        let mut white = vec![0.0; self.dim];
        for rows in rows.chunks(CHUNK) {
            part.go_on()?;
            context.clear();
            rows.iter().for_each(|r| context.extend_from_slice(table.context_row(*r)));
            let output = mlp.forward(&context);
            for (row, output) in rows.iter().zip(output.chunks_exact(outputs(self.dim))) {
                white.copy_from_slice(table.target_row(*row));
                let log_det = Triangular::new(output, self.dim).apply(&mut white);
                each(&white, log_det);
            }
        }
        Ok(())
    }

    /// The network, ready to be applied.
    pub(super) fn evaluator(&self) -> Evaluator {
        let own = self.weights.chunks_exact(Mlp::parameters(&self.sizes()));
        let mlps = own.map(|own| self.mlp_of(own, CHUNK)).collect();
        Evaluator::new(mlps, (self.dim, self.context_dim), self.scaled)
    }

    /// Whether N acts on what is scaled already.
    pub(super) fn is_scaled(&self) -> bool {
        self.scaled
    }

    /// How many perceptrons there are.
    pub(super) fn count(&self) -> usize {
        self.weights.len() / Mlp::parameters(&self.sizes())
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn weights(&self) -> &[f32] {
        &self.weights
    }

    /// Of such sizes; `None` where there is no network, or the number of weights is wrong.
    pub(super) fn from_weights(shape: WhiteningShape, weights: Vec<f32>) -> Option<Self> {
        let WhiteningShape { dim, context_dim, width, networks, scaled, .. } = shape;
        let network = Self { dim, context_dim, width: width?, scaled, weights };
        let all = Mlp::parameters(&network.sizes()).checked_mul(networks)?;
        (networks > 0 && network.weights.len() == all).then_some(network)
    }
}

/// A short warm-up, then half a cosine to zero.
fn schedule(done: f64) -> f64 {
    let warm = (done / WARM_UP).min(1.0);
    warm * 0.5 * (1.0 + (std::f64::consts::PI * done).cos())
}

/// What a training step needs.
struct Buffers {
    dim: usize,
    context: Vec<f32>,
    delta: Vec<f32>,
    scratch: Vec<f32>,
}

impl Buffers {
    fn new(rows: usize, dim: usize, context_dim: usize) -> Self {
        Self {
            dim,
            context: Vec::with_capacity(rows * context_dim),
            delta: vec![0.0; rows * outputs(dim)],
            scratch: vec![0.0; 2 * dim],
        }
    }

    /// The gradient of the mean NLL of a batch.
    fn step(&mut self, mlp: &mut Mlp, table: &WhiteningTable, rows: &[u32]) {
        let width = outputs(self.dim);
        self.context.clear();
        rows.iter().for_each(|r| self.context.extend_from_slice(table.context_row(*r)));
        let output = mlp.forward(&self.context);
        let weight = 1.0 / rows.len() as f32;
        let pairs = output.chunks_exact(width).zip(self.delta.chunks_exact_mut(width));
        for (row, (output, delta)) in rows.iter().zip(pairs) {
            let map = Triangular::new(output, self.dim);
            map.loss(table.target_row(*row), weight, delta, &mut self.scratch);
        }
        mlp.backward(&self.delta[..rows.len() * width]);
    }
}

#[cfg(test)]
mod tests;
