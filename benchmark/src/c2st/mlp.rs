//! The benchmark's classifier: what scikit-learn's `MLPClassifier` does with its defaults, two
//! hidden layers of 10·D units, and at most 10,000 epochs.

use super::hidden::Hidden;
use super::table::Table;
use crate::random::stream;
use freeform_kernels::{
    AdamW, Isa, Slopes, Start, View, ViewMut, adamw, gemm_nn, gemm_tn, output_backward, rectify,
    sigmoid, sum_squares, tangent_streams,
};
use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

const HIDDEN_PER_COLUMN: usize = 10;
const BATCH: usize = 200;
const MAX_EPOCHS: usize = 10_000;
const L2: f32 = 1e-4;
/// Training ends after this many epochs in a row that lower the loss by less than [`TOLERANCE`].
const PATIENCE: usize = 10;
const TOLERANCE: f64 = 1e-4;

/// Held-out accuracy of a perceptron trained on the training rows.
pub(super) fn accuracy(
    table: &Table,
    training: &[u32],
    held_out: &[u32],
    (seed, fold): (u64, u64),
) -> f64 {
    let mut rng = stream(seed, "c2st mlp", fold);
    let mut network = Mlp::new(table.columns(), BATCH.min(training.len()), &mut rng);
    network.train(table, training, &mut rng);
    let right: usize = held_out.chunks(network.batch).map(|rows| network.hits(table, rows)).sum();
    right as f64 / held_out.len() as f64
}

/// Weights, optimiser state and buffers of one perceptron D → H → H → 1.
struct Mlp {
    isa: Isa,
    inputs: usize,
    hidden: usize,
    batch: usize,
    /// W₁ `[D, H]`, b₁, W₂ `[H, H]`, b₂, W₃ `[H]`, b₃.
    weights: Vec<f32>,
    gradient: Vec<f32>,
    first: Vec<f32>,
    second: Vec<f32>,
    steps: i32,
    /// The batch's rows `[B, D + 1]`, of which the last column is one for the biases, hidden values
    /// `[B, H]`, logits, and gradients.
    input: Vec<f32>,
    hidden1: Vec<f32>,
    hidden2: Vec<f32>,
    logits: Vec<f32>,
    delta: Vec<f32>,
    /// Gradients with respect to hidden values after the activation, `above`, and before it.
    above: Vec<f32>,
    delta1: Vec<f32>,
    delta2: Vec<f32>,
    products: Hidden,
}

/// Where each tensor begins in the flat vector; the last entry is its length.
fn offsets(d: usize, h: usize) -> [usize; 7] {
    let mut at = [0; 7];
    for (i, size) in [d * h, h, h * h, h, h, 1].into_iter().enumerate() {
        at[i + 1] = at[i] + size;
    }
    at
}

impl Mlp {
    fn new(inputs: usize, batch: usize, rng: &mut ChaCha8Rng) -> Self {
        let hidden = HIDDEN_PER_COLUMN * inputs;
        let at = offsets(inputs, hidden);
        let mut weights = vec![0.0; at[6]];
        for (layer, (fan_in, fan_out)) in
            [(inputs, hidden), (hidden, hidden), (hidden, 1)].into_iter().enumerate()
        {
            // Glorot's bound, for biases too.
            let bound = (6.0 / (fan_in + fan_out) as f32).sqrt();
            weights[at[2 * layer]..at[2 * layer + 2]]
                .fill_with(|| rng.random_range(-bound..=bound));
        }
        let (n, rows) = (weights.len(), batch);
        Self {
            isa: Isa::best(),
            inputs,
            hidden,
            batch,
            weights,
            gradient: vec![0.0; n],
            first: vec![0.0; n],
            second: vec![0.0; n],
            steps: 0,
            input: vec![1.0; rows * (inputs + 1)],
            hidden1: vec![0.0; rows * hidden],
            hidden2: vec![0.0; rows * hidden],
            logits: vec![0.0; rows],
            delta: vec![0.0; rows],
            above: vec![0.0; rows * hidden],
            delta1: vec![0.0; rows * hidden],
            delta2: vec![0.0; rows * hidden],
            products: Hidden::new(hidden, rows),
        }
    }

    fn train(&mut self, table: &Table, training: &[u32], rng: &mut ChaCha8Rng) {
        let mut order = training.to_vec();
        let (mut best, mut stale) = (f64::INFINITY, 0);
        for _ in 0..MAX_EPOCHS {
            order.shuffle(rng);
            let mut loss = 0.0;
            for rows in order.chunks(self.batch) {
                loss += self.step(table, rows) * rows.len() as f64;
            }
            loss /= order.len() as f64;
            stale = if loss > best - TOLERANCE { stale + 1 } else { 0 };
            best = best.min(loss);
            if stale > PATIENCE {
                break;
            }
        }
    }

    /// One Adam step; the batch's mean loss before it, with its share of the L2 penalty.
    fn step(&mut self, table: &Table, rows: &[u32]) -> f64 {
        self.forward(table, rows);
        let scale = 1.0 / rows.len() as f32;
        let loss = self.judge(table, rows, scale);
        self.backward(rows.len());
        let penalty = self.decay(scale);
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
        adamw(self.isa, &step, &mut self.weights, &self.gradient, first, second);
        loss / rows.len() as f64 + penalty
    }

    /// The batch's summed cross-entropy; `delta` receives `scale` times its gradient.
    fn judge(&mut self, table: &Table, rows: &[u32], scale: f32) -> f64 {
        let n = rows.len();
        let sign = |row: u32| 2.0 * table.label(row) - 1.0;
        for ((slot, logit), row) in self.delta.iter_mut().zip(&self.logits).zip(rows) {
            *slot = sign(*row) * logit;
        }
        // Now the probability of the true label.
        sigmoid(self.isa, &mut self.delta[..n]);
        // One logarithm for eight rows: the product of eight f32 does not underflow in f64.
        let products = self.delta[..n].chunks(8).map(|eight| {
            let probable = |p: &f32| f64::from(p.max(f32::MIN_POSITIVE));
            eight.iter().map(probable).product::<f64>().ln()
        });
        let loss = -products.sum::<f64>();
        for (slot, row) in self.delta.iter_mut().zip(rows) {
            *slot = sign(*row) * (*slot - 1.0) * scale;
        }
        loss
    }

    fn forward(&mut self, table: &Table, rows: &[u32]) {
        let (isa, n, d, h) = (self.isa, rows.len(), self.inputs, self.hidden);
        for (row, slot) in rows.iter().zip(self.input.chunks_exact_mut(d + 1)) {
            slot[..d].copy_from_slice(table.row(*row));
        }
        let at = offsets(d, h);
        let w = |i: usize| &self.weights[at[i]..at[i + 1]];
        // W₁ and b₁ lie together: b₁ is the row of W₁ that the column of ones meets.
        let (input, weight) = (View::new(&self.input, d + 1), View::new(&self.weights, h));
        let out = ViewMut::new(&mut self.hidden1, h);
        gemm_nn(isa, [n, h, d + 1], input, weight, out, Start::Zero);
        rectify(isa, &mut self.hidden1[..n * h]);
        self.products.forward((isa, n), &self.hidden1, (w(2), w(3)), &mut self.hidden2);
        rectify(isa, &mut self.hidden2[..n * h]);
        let (input, weight) = (View::new(&self.hidden2, h), View::new(w(4), 1));
        let (out, bias) =
            (ViewMut::new(&mut self.logits, 1), Start::Bias { values: w(5), rows: n });
        gemm_nn(isa, [n, 1, h], input, weight, out, bias);
    }

    /// The gradient of the mean loss over `n` rows, from `delta`, into `gradient`.
    fn backward(&mut self, n: usize) {
        let (isa, d, h) = (self.isa, self.inputs, self.hidden);
        let at = offsets(d, h);
        let delta = &self.delta[..n];
        let (first, rest) = self.gradient.split_at_mut(at[2]);
        let (weight2, rest) = rest.split_at_mut(h * h);
        let (bias2, rest) = rest.split_at_mut(h);
        let (weight3, bias3) = rest.split_at_mut(h);
        bias3[0] = delta.iter().sum();
        let output = (&self.hidden2[..n * h], &self.weights[at[4]..at[5]]);
        let delta2 = &mut self.delta2[..n * h];
        output_backward(isa, output, delta, delta2, bias2, weight3);
        let rows = (isa, n);
        self.products.weight_gradient(rows, &self.hidden1, delta2, weight2);
        let weight = &self.weights[at[2]..at[3]];
        self.products.input_gradient(rows, delta2, weight, &mut self.above);
        let (value, above) = (&self.hidden1[..n * h], &self.above[..n * h]);
        tangent_streams(isa, Slopes::Relu { value }, above, &mut self.delta1[..n * h]);
        let (input, delta1) = (View::new(&self.input, d + 1), View::new(&self.delta1, h));
        gemm_tn(isa, [d + 1, h, n], input, delta1, ViewMut::new(first, h), Start::Zero);
    }

    /// Adds the gradient of ½ · L2 · scale · ‖W‖² (weights only); returns that penalty.
    fn decay(&mut self, scale: f32) -> f64 {
        let at = offsets(self.inputs, self.hidden);
        let mut square = 0.0;
        for layer in [0, 2, 4] {
            let range = at[layer]..at[layer + 1];
            let weights = &self.weights[range.clone()];
            for (g, w) in self.gradient[range].iter_mut().zip(weights) {
                *g += L2 * scale * w;
            }
            square += sum_squares(self.isa, weights);
        }
        0.5 * f64::from(L2 * scale) * square
    }

    /// How many of the rows are told right.
    fn hits(&mut self, table: &Table, rows: &[u32]) -> usize {
        self.forward(table, rows);
        let pairs = rows.iter().zip(&self.logits);
        pairs.filter(|(row, logit)| (**logit > 0.0) == (table.label(**row) > 0.5)).count()
    }
}
