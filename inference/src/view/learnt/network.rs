//! A network that says what windows tell of θ: one network for each window, whose outputs are averaged, and one for
//! the averages beside the row's levels; by the likelihood of θ as a Gaussian's.

use super::windows::{Row, Windows};
use crate::perceptron::UNITS;
use crate::work::{Halt, Part};
use freeform_kernels::{Isa, Mlp};

/// What each window says, and what is made of it.
const FEATURES: usize = 32;
const HIDDEN: usize = 64;
/// Rows of a batch.
pub(super) const BATCH: usize = 32;
const WEIGHT_DECAY: f32 = 1e-3;
const CLIP_NORM: f32 = 5.0;

/// The two networks, for windows of some kind and D targets.
pub(super) struct Network<'a> {
    windows: &'a Windows,
    outputs: usize,
    pub each: Mlp,
    pub whole: Mlp,
    /// Of the last rows: their windows side by side, how many each has, and what the second network was given.
    cut: Vec<f32>,
    counts: Vec<usize>,
    seen: Vec<f32>,
}

/// Rows of x with what is to be learnt of them.
pub(super) struct Examples<'a> {
    pub rows: &'a [Row],
    /// θ, `[n, D]`.
    pub targets: &'a [f32],
}

pub(super) fn sizes(windows: &Windows, outputs: usize) -> ([usize; 4], [usize; 4]) {
    let seen = windows.level_inputs() + FEATURES;
    ([windows.inputs(), FEATURES, FEATURES, FEATURES], [seen, HIDDEN, HIDDEN, 2 * outputs])
}

/// How many numbers both networks have; `None` where there are more than can be counted.
pub(super) fn parameters(windows: &Windows, outputs: usize) -> Option<usize> {
    outputs.checked_mul(2 * (HIDDEN + 1))?;
    let (each, whole) = sizes(windows, outputs);
    let layer = |pair: &[usize]| pair[0].checked_add(1)?.checked_mul(pair[1]);
    let pairs = each.windows(2).chain(whole.windows(2));
    pairs.map(layer).try_fold(0_usize, |sum, layer| sum.checked_add(layer?))
}

impl<'a> Network<'a> {
    /// With all weights, those of the first network first, for so many rows at a time.
    pub fn new(windows: &'a Windows, outputs: usize, weights: &[f32], rows: usize) -> Self {
        let (each, whole) = sizes(windows, outputs);
        let (first, second) = weights.split_at(Mlp::parameters(&each));
        let isa = Isa::best();
        Self {
            windows,
            outputs,
            each: Mlp::new(isa, UNITS, &each, rows * windows.count(), first.to_vec()),
            whole: Mlp::new(isa, UNITS, &whole, rows, second.to_vec()),
            cut: Vec::new(),
            counts: Vec::new(),
            seen: Vec::new(),
        }
    }

    pub fn set_weights(&mut self, weights: &[f32]) {
        let (first, second) = weights.split_at(self.each.weights().len());
        self.each.set_weights(first);
        self.whole.set_weights(second);
    }

    /// Location and log-precision of each target, `[n, 2 D]`.
    pub fn forward<'r>(&mut self, rows: impl Iterator<Item = &'r Row>) -> &[f32] {
        self.cut.clear();
        self.counts.clear();
        self.seen.clear();
        let levels = self.windows.level_inputs();
        for row in rows {
            self.counts.push(self.windows.cut(row, &mut self.cut));
            self.seen.extend_from_slice(&row.levels);
            self.seen.resize(self.seen.len() + FEATURES, 0.0);
        }
        let mut features = self.each.forward(&self.cut).chunks_exact(FEATURES);
        let seen = self.seen.chunks_exact_mut(levels + FEATURES);
        for (seen, count) in seen.zip(&self.counts) {
            let share = 1.0 / (*count).max(1) as f32;
            for feature in features.by_ref().take(*count) {
                let sums = seen[levels..].iter_mut().zip(feature);
                sums.for_each(|(sum, value)| *sum += share * value);
            }
        }
        self.whole.forward(&self.seen)
    }

    /// One step on rows of these numbers.
    pub fn learn(&mut self, examples: &Examples, rows: &[u32], rate: f32) {
        let (outputs, levels) = (self.outputs, self.windows.level_inputs());
        let said = self.forward(rows.iter().map(|row| &examples.rows[*row as usize]));
        let scale = 1.0 / rows.len() as f32;
        let mut delta = Vec::with_capacity(said.len());
        for (said, row) in said.chunks_exact(2 * outputs).zip(rows) {
            let (location, log_precision) = said.split_at(outputs);
            let target = &examples.targets[*row as usize * outputs..][..outputs];
            let white = |k: usize| (target[k] - location[k]) * log_precision[k].exp();
            delta.extend((0..outputs).map(|k| -scale * white(k) * log_precision[k].exp()));
            delta.extend((0..outputs).map(|k| scale * (white(k).powi(2) - 1.0)));
        }
        self.whole.backward(&delta);
        let gradients = self.whole.input_gradient(&delta).chunks_exact(levels + FEATURES);
        let mut of_windows = Vec::with_capacity(self.counts.iter().sum::<usize>() * FEATURES);
        for (gradient, count) in gradients.zip(&self.counts) {
            let share = 1.0 / (*count).max(1) as f32;
            let own: Vec<f32> = gradient[levels..].iter().map(|g| share * g).collect();
            (0..*count).for_each(|_| of_windows.extend_from_slice(&own));
        }
        self.each.backward(&of_windows);
        self.whole.update(rate, WEIGHT_DECAY, CLIP_NORM);
        self.each.update(rate, WEIGHT_DECAY, CLIP_NORM);
    }

    /// Mean NLL of these rows, up to a constant.
    pub fn judge(&mut self, examples: &Examples, rows: &[u32], part: &Part) -> Result<f64, Halt> {
        let (outputs, mut sum) = (self.outputs, 0.0);
        for rows in rows.chunks(BATCH) {
            part.go_on()?;
            let said = self.forward(rows.iter().map(|row| &examples.rows[*row as usize]));
            for (said, row) in said.chunks_exact(2 * outputs).zip(rows) {
                let target = &examples.targets[*row as usize * outputs..][..outputs];
                let (location, log_precision) = said.split_at(outputs);
                for (k, target) in target.iter().enumerate() {
                    let white = f64::from((target - location[k]) * log_precision[k].exp());
                    sum += 0.5 * white * white - f64::from(log_precision[k]);
                }
            }
        }
        Ok(sum / rows.len().max(1) as f64)
    }
}
