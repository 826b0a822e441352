//! The benchmark's classifier: what scikit-learn's `MLPClassifier` does with its defaults, two
//! hidden layers of 10·D units, and at most 10,000 epochs.

use super::C2stError;
use super::part::{Layout, Part};
use super::pieces::FoldPieces;
use super::state::State;
use super::table::Table;
use crate::random::stream;
use freeform_kernels::{AdamW, Isa, adamw, sum_squares};
use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

const HIDDEN_PER_COLUMN: usize = 10;
const BATCH: usize = 200;
const MAX_EPOCHS: usize = 10_000;
const L2: f32 = 1e-4;
/// Training ends after this many epochs in a row that lower the loss by less than [`TOLERANCE`].
const PATIENCE: usize = 10;
const TOLERANCE: f64 = 1e-4;

/// Held-out accuracy of a perceptron trained on the training rows, from where `pieces` left it.
pub(super) fn accuracy(
    table: &Table,
    training: &[u32],
    held_out: &[u32],
    (seed, pieces): (u64, &FoldPieces),
    stop: &AtomicBool,
) -> Result<f64, C2stError> {
    let mut rng = stream(seed, "c2st mlp", pieces.fold() as u64);
    let mut network = Mlp::new(table.columns(), BATCH.min(training.len()), &mut rng);
    network.train(table, training, &mut rng, (pieces, stop))?;
    Ok(network.hits(table, held_out) as f64 / held_out.len() as f64)
}

/// Weights and optimiser state of one perceptron D → H → H → 1.
struct Mlp {
    isa: Isa,
    layout: Layout,
    batch: usize,
    weights: Vec<f32>,
    first: Vec<f32>,
    second: Vec<f32>,
    steps: i32,
    /// The halves of a batch, which an idle thread may share.
    parts: [Part; 2],
}

impl Mlp {
    fn new(inputs: usize, batch: usize, rng: &mut ChaCha8Rng) -> Self {
        let layout = Layout::new(inputs, HIDDEN_PER_COLUMN * inputs);
        let (hidden, at, isa) = (layout.hidden, layout.at, Isa::best());
        let mut weights = vec![0.0; layout.len()];
        for (layer, (fan_in, fan_out)) in
            [(inputs, hidden), (hidden, hidden), (hidden, 1)].into_iter().enumerate()
        {
            // Glorot's bound, for biases too.
            let bound = (6.0 / (fan_in + fan_out) as f32).sqrt();
            weights[at[2 * layer]..at[2 * layer + 2]]
                .fill_with(|| rng.random_range(-bound..=bound));
        }
        Self {
            isa,
            layout,
            batch,
            first: vec![0.0; weights.len()],
            second: vec![0.0; weights.len()],
            weights,
            steps: 0,
            parts: [(); 2].map(|()| Part::new(isa, layout, batch.div_ceil(2))),
        }
    }

    fn train(
        &mut self,
        table: &Table,
        training: &[u32],
        rng: &mut ChaCha8Rng,
        (pieces, stop): (&FoldPieces, &AtomicBool),
    ) -> Result<(), C2stError> {
        let mut order = training.to_vec();
        let (mut epoch, mut best, mut stale) = (0, f64::INFINITY, 0);
        if let Some(state) = pieces.state(order.len(), self.weights.len()) {
            (epoch, best, stale, order) = (state.epoch, state.best, state.stale, state.order);
            self.steps = state.steps;
            [self.weights, self.first, self.second] = state.network;
            rng.set_word_pos(state.word);
        }
        let mut clock = Instant::now();
        while epoch < MAX_EPOCHS {
            epoch += 1;
            order.shuffle(rng);
            let mut loss = 0.0;
            for rows in order.chunks(self.batch) {
                if stop.load(Ordering::Relaxed) {
                    return Err(C2stError::Interrupted);
                }
                loss += self.step(table, rows) * rows.len() as f64;
            }
            // An overflow would freeze weights, and pass for sets that cannot be told apart.
            if !self.is_finite() {
                return Err(table.too_far());
            }
            loss /= order.len() as f64;
            stale = if loss > best - TOLERANCE { stale + 1 } else { 0 };
            best = best.min(loss);
            if stale > PATIENCE {
                break;
            }
            if clock.elapsed() >= pieces.save_every() {
                let network = [&self.weights, &self.first, &self.second].map(Clone::clone);
                let (steps, word) = (self.steps, rng.get_word_pos());
                let state = State { epoch, best, stale, order, steps, word, network };
                pieces.keep_state(&state)?;
                order = state.order;
                clock = Instant::now();
            }
        }
        Ok(())
    }

    fn is_finite(&self) -> bool {
        [&self.weights, &self.first, &self.second].iter().all(|v| v.iter().all(|v| v.is_finite()))
    }

    /// One Adam step; the batch's mean loss before it, with its share of the L2 penalty.
    fn step(&mut self, table: &Table, rows: &[u32]) -> f64 {
        let scale = 1.0 / rows.len() as f32;
        // Always in halves, so that the result is the same whoever computes them.
        let (one, two) = rows.split_at(rows.len() / 2);
        let (weights, [a, b]) = (&self.weights, &mut self.parts);
        rayon::join(|| a.run(weights, table, one, scale), || b.run(weights, table, two, scale));
        let loss = (a.loss + b.loss) / rows.len() as f64 + self.add_up(scale);
        self.steps += 1;
        let step = AdamW {
            learning_rate: 1e-3,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.0,
            correction1: (1.0 - 0.9_f64.powi(self.steps)) as f32,
            correction2: (1.0 - 0.999_f64.powi(self.steps)) as f32,
            gradient_scale: 1.0,
        };
        let (first, second) = (&mut self.first, &mut self.second);
        adamw(self.isa, &step, &mut self.weights, &self.parts[0].gradient, first, second);
        loss
    }

    /// The first part's gradient becomes that of both, and of ½ · L2 · scale · ‖W‖² (weights only);
    /// returns that penalty.
    fn add_up(&mut self, scale: f32) -> f64 {
        let at = self.layout.at;
        let [a, b] = &mut self.parts;
        let mut square = 0.0;
        for tensor in 0..6 {
            let range = at[tensor]..at[tensor + 1];
            let (weights, b) = (&self.weights[range.clone()], &b.gradient[range.clone()]);
            let decays = tensor % 2 == 0;
            let decay = if decays { L2 * scale } else { 0.0 };
            for ((a, b), w) in a.gradient[range].iter_mut().zip(b).zip(weights) {
                *a += b + decay * w;
            }
            if decays {
                square += sum_squares(self.isa, weights);
            }
        }
        0.5 * f64::from(L2 * scale) * square
    }

    /// How many of the rows are told right.
    fn hits(&mut self, table: &Table, rows: &[u32]) -> usize {
        let (weights, part) = (&self.weights, &mut self.parts[0]);
        rows.chunks(self.batch.div_ceil(2)).map(|rows| part.hits(weights, table, rows)).sum()
    }
}
