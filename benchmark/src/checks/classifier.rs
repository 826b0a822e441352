//! A small perceptron that says how likely a row is of the second of two sets.

use crate::random::stream;
use freeform_kernels::{Isa, Mlp, Nonlinearity};
use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

const BATCH: usize = 128;
const MAX_EPOCHS: usize = 200;
const LEARNING_RATE: f32 = 5e-3;
const WEIGHT_DECAY: f32 = 1e-3;
/// Every so many rows one is held out, to stop by.
const HELD_OUT: usize = 10;
/// Epochs without a better held-out loss, after which the best is taken.
const PATIENCE: usize = 12;

/// Rows `[n, width]` with their set: 0 or 1.
pub(super) struct Labelled<'a> {
    pub rows: &'a [f32],
    pub labels: &'a [f32],
    pub width: usize,
}

/// Two hidden layers of `hidden` units, trained by Adam until held-out rows no longer gain.
pub(super) struct Classifier {
    network: Mlp,
    width: usize,
}

impl Classifier {
    /// Trains one; `None` as soon as `stopped` says so. Rows 2i and 2i + 1 are held out together.
    pub fn train(
        table: &Labelled,
        hidden: usize,
        (seed, index): (u64, u64),
        stopped: &dyn Fn() -> bool,
    ) -> Option<Self> {
        let mut rng = stream(seed, "local c2st", index);
        let sizes = [table.width, hidden, hidden, 1];
        let network =
            Mlp::new(Isa::best(), Nonlinearity::Silu, &sizes, BATCH, start(&sizes, &mut rng));
        let mut this = Self { network, width: table.width };
        let pairs = (table.labels.len() / 2) as u32;
        let mut order: Vec<u32> = (0..pairs).collect();
        order.shuffle(&mut rng);
        let (held_out, training) = order.split_at((pairs as usize / HELD_OUT).max(1));
        let both = |pairs: &[u32]| pairs.iter().flat_map(|p| [2 * p, 2 * p + 1]).collect();
        let (held_out, mut training): (Vec<u32>, Vec<u32>) = (both(held_out), both(training));
        let (mut best, mut stale) = (this.loss(table, &held_out), 0);
        let mut weights = this.network.weights().to_vec();
        for _ in 0..MAX_EPOCHS {
            training.shuffle(&mut rng);
            for rows in training.chunks(BATCH) {
                if stopped() {
                    return None;
                }
                this.step(table, rows);
            }
            let loss = this.loss(table, &held_out);
            if loss < best {
                (best, stale) = (loss, 0);
                weights.copy_from_slice(this.network.weights());
            } else {
                stale += 1;
            }
            if stale >= PATIENCE {
                break;
            }
        }
        this.network.set_weights(&weights);
        Some(this)
    }

    /// The probability of the second set, for each of the rows.
    pub fn probabilities(&mut self, rows: &[f32]) -> Vec<f64> {
        let chunk = BATCH * self.width;
        let logits = rows.chunks(chunk).flat_map(|rows| self.network.forward(rows).to_vec());
        logits.map(|logit| 1.0 / (1.0 + (-f64::from(logit)).exp())).collect()
    }

    fn step(&mut self, table: &Labelled, rows: &[u32]) {
        let logits = self.network.forward(&gathered(table, rows)).to_vec();
        let scale = 1.0 / rows.len() as f32;
        let slope = |(logit, row): (f32, &u32)| {
            (1.0 / (1.0 + (-logit).exp()) - table.labels[*row as usize]) * scale
        };
        let slopes: Vec<f32> = logits.into_iter().zip(rows).map(slope).collect();
        self.network.backward(&slopes);
        self.network.update(LEARNING_RATE, WEIGHT_DECAY, f32::INFINITY);
    }

    /// Mean logistic loss.
    fn loss(&mut self, table: &Labelled, rows: &[u32]) -> f64 {
        let mut sum = 0.0;
        for rows in rows.chunks(BATCH) {
            let logits = self.network.forward(&gathered(table, rows));
            for (logit, row) in logits.iter().zip(rows) {
                let sign = if table.labels[*row as usize] > 0.5 { -1.0 } else { 1.0 };
                let z = sign * f64::from(*logit);
                sum += z.max(0.0) + (-z.abs()).exp().ln_1p();
            }
        }
        sum / rows.len().max(1) as f64
    }
}

fn gathered(table: &Labelled, rows: &[u32]) -> Vec<f32> {
    let row = |r: &u32| &table.rows[*r as usize * table.width..][..table.width];
    rows.iter().flat_map(row).copied().collect()
}

/// Weights uniform within Glorot's bound, biases 0; the last layer's weights too, so that training
/// begins where nothing is told apart.
fn start(sizes: &[usize], rng: &mut ChaCha8Rng) -> Vec<f32> {
    let mut weights = Vec::with_capacity(Mlp::parameters(sizes));
    for pair in sizes.windows(2) {
        let bound = if pair[1] == 1 { 0.0 } else { (6.0 / (pair[0] + pair[1]) as f32).sqrt() };
        weights.extend((0..pair[0] * pair[1]).map(|_| rng.random_range(-bound..=bound)));
        weights.extend(std::iter::repeat_n(0.0, pair[1]));
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_distr::{Distribution, StandardNormal};

    /// N(0, 1) against N(1.5, 1): the log-odds are 1.5·t − 1.125.
    #[test]
    fn probabilities_are_those_of_the_densities() {
        let mut rng = stream(1, "test", 0);
        let mut rows = Vec::new();
        for _ in 0..4000 {
            let draw: f32 = StandardNormal.sample(&mut rng);
            let other: f32 = StandardNormal.sample(&mut rng);
            rows.extend([draw, other + 1.5]);
        }
        let labels: Vec<f32> = (0..8000).map(|i| (i % 2) as f32).collect();
        let table = Labelled { rows: &rows, labels: &labels, width: 1 };
        let mut trained = Classifier::train(&table, 16, (1, 0), &|| false).unwrap();
        for t in [-1.0_f32, 0.0, 0.75, 1.5, 2.5] {
            let exact = 1.0 / (1.0 + (1.125 - 1.5 * f64::from(t)).exp());
            let found = trained.probabilities(&[t])[0];
            assert!((found - exact).abs() < 0.04, "{found} for {exact} at {t}");
        }
        assert!(Classifier::train(&table, 16, (1, 0), &|| true).is_none());
    }
}
