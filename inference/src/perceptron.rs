//! Training of small perceptrons: batches of rows, and rows held out that say when to stop.

use freeform_kernels::{Mlp, Nonlinearity};
use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// Longer gradients are shortened to this.
const CLIP_NORM: f32 = 5.0;

/// How a perceptron is trained; its learning rate falls to zero in a straight line.
pub(crate) struct Plan {
    pub batch: usize,
    pub steps: usize,
    /// Steps between two looks at the rows held out, and how many looks in vain end it.
    pub judged_every: usize,
    pub patience: usize,
    pub learning_rate: f32,
    pub weight_decay: f32,
}

impl Plan {
    /// Trains on `rows`, in an order that `rng` gives; the weights with the least loss by `judge`. `learn` runs
    /// a batch forward and its gradient backward.
    ///
    /// # Errors
    /// Those of `judge`.
    pub fn run<T, E>(
        &self,
        network: &mut Mlp,
        mut rows: Vec<T>,
        rng: &mut ChaCha8Rng,
        mut judge: impl FnMut(&mut Mlp) -> Result<f64, E>,
        mut learn: impl FnMut(&mut Mlp, &[T]),
    ) -> Result<Vec<f32>, E> {
        let (mut best, mut stale) = ((f64::INFINITY, network.weights().to_vec()), 0);
        let mut next = usize::MAX;
        for step in 0..self.steps {
            if step % self.judged_every == 0 {
                let loss = judge(network)?;
                if loss < best.0 {
                    (best, stale) = ((loss, network.weights().to_vec()), 0);
                } else {
                    stale += 1;
                }
                if stale > self.patience {
                    break;
                }
            }
            if next.saturating_add(self.batch) > rows.len() {
                rows.shuffle(rng);
                next = 0;
            }
            let batch = &rows[next..(next + self.batch).min(rows.len())];
            next += self.batch;
            learn(network, batch);
            let rate = self.learning_rate * (1.0 - step as f32 / self.steps as f32);
            network.update(rate, self.weight_decay, CLIP_NORM);
        }
        Ok(best.1)
    }
}

/// The kind of unit that all of them have.
pub(crate) const UNITS: Nonlinearity = Nonlinearity::Silu;

/// Layers of unit gain with biases from a uniform law of half-width `bias`; the last one says nothing of the
/// input.
pub(crate) fn initial_weights(sizes: &[usize], bias: f32, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let mut weights = Vec::with_capacity(Mlp::parameters(sizes));
    for (layer, pair) in sizes.windows(2).enumerate() {
        let last = layer + 2 == sizes.len();
        let scale = if last { 0.0 } else { (1.0 / pair[0] as f32).sqrt() };
        for _ in 0..pair[0] * pair[1] {
            let normal: f32 = StandardNormal.sample(rng);
            weights.push(scale * normal);
        }
        let bias = if last { 0.0 } else { bias };
        weights.extend((0..pair[1]).map(|_| bias * rng.random_range(-1.0..1.0_f32)));
    }
    weights
}
