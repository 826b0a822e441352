//! Which category something falls into, given some numbers.

use crate::perceptron::{Plan, UNITS, initial_weights};
use crate::random::{Purpose, stream};
use crate::work::{Halt, Pack, Part, Unpack};
use freeform_kernels::{Isa, Mlp};
use serde::{Deserialize, Serialize};

const HIDDEN: [usize; 2] = [48, 48];
/// Rows of a batch at most.
const BATCH: usize = 256;
/// How tens of thousands of rows are learnt from.
pub(crate) const OF_MANY: Plan = Plan {
    batch: BATCH,
    steps: 8000,
    judged_every: 200,
    patience: 8,
    learning_rate: 4e-3,
    weight_decay: 1e-4,
};
const BIAS: f32 = 0.5;

/// Sizes of [`Classifier`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClassifierShape {
    /// Numbers that it sees.
    pub inputs: usize,
    /// Categories.
    pub classes: usize,
}

impl ClassifierShape {
    fn sizes(self) -> [usize; 4] {
        [self.inputs, HIDDEN[0], HIDDEN[1], self.classes]
    }

    /// How many numbers its network has; `None` where there are more than can be counted.
    pub fn parameters(self) -> Option<usize> {
        let layer = |pair: &[usize]| pair[0].checked_add(1)?.checked_mul(pair[1]);
        self.sizes().windows(2).try_fold(0_usize, |sum, pair| sum.checked_add(layer(pair)?))
    }
}

/// Rows to learn from.
pub(crate) struct ClassifierTable<'a> {
    /// What is seen, first in each row, `[n, width]`.
    pub context: &'a [f32],
    pub width: usize,
    /// The category of each.
    pub classes: &'a [u32],
    pub training: &'a [u32],
    /// Rows that say when to stop.
    pub validation: &'a [u32],
}

/// log P(category | what is seen).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Classifier {
    shape: ClassifierShape,
    weights: Vec<f32>,
}

impl Classifier {
    /// Learns from a table, in batches of [`BATCH`] at most; kept as `part`.
    pub fn fit(
        table: &ClassifierTable,
        shape: ClassifierShape,
        plan: &Plan,
        seed: u64,
        part: &Part,
    ) -> Result<Self, Halt> {
        let known = part.recall().and_then(|piece| Unpack::new(&piece).singles());
        if let Some(choices) = known.and_then(|weights| Self::from_numbers(shape, weights)) {
            return Ok(choices);
        }
        let sizes = shape.sizes();
        let weights = initial_weights(&sizes, BIAS, &mut stream(seed, Purpose::Choices, 0));
        let mut network = Mlp::new(Isa::best(), UNITS, &sizes, BATCH, weights);
        let seen = |rows: &[u32]| -> Vec<f32> {
            let row = |r: &u32| &table.context[*r as usize * table.width..][..shape.inputs];
            rows.iter().flat_map(row).copied().collect()
        };
        let class = |row: &u32| table.classes[*row as usize] as usize;
        let weights = plan.run(
            &mut network,
            table.training.to_vec(),
            &mut stream(seed, Purpose::Choices, 1),
            |network| {
                part.go_on()?;
                let loss = |rows: &[u32]| -> f64 {
                    let logits = network.forward(&seen(rows)).chunks_exact(shape.classes);
                    rows.iter().zip(logits).map(|(row, l)| -log_softmax(l)[class(row)]).sum()
                };
                Ok::<_, Halt>(table.validation.chunks(BATCH).map(loss).sum())
            },
            |network, rows| {
                let scale = 1.0 / rows.len() as f64;
                let logits = network.forward(&seen(rows)).chunks_exact(shape.classes);
                let error = |(row, logits): (&u32, &[f32])| {
                    let own = class(row);
                    let each = log_softmax(logits).into_iter().enumerate();
                    each.map(move |(at, log)| {
                        (scale * (log.exp() - f64::from(u8::from(at == own)))) as f32
                    })
                };
                let delta: Vec<f32> = rows.iter().zip(logits).flat_map(error).collect();
                network.backward(&delta);
            },
        )?;
        part.keep(|| Pack::default().singles(&weights).finish())?;
        Ok(Self { shape, weights })
    }

    /// log P of every category, `[n, classes]`, for rows of what is seen, `[n, inputs]`.
    pub fn log_probs(&self, seen: &[f32]) -> Vec<f64> {
        let sizes = self.shape.sizes();
        let mut network = Mlp::new(Isa::best(), UNITS, &sizes, BATCH, self.weights.clone());
        let mut out = Vec::with_capacity(seen.len() / self.shape.inputs * self.shape.classes);
        for rows in seen.chunks(BATCH * self.shape.inputs) {
            let logits = network.forward(rows).chunks_exact(self.shape.classes);
            out.extend(logits.flat_map(log_softmax));
        }
        out
    }

    pub fn shape(&self) -> ClassifierShape {
        self.shape
    }

    /// Its numbers, for files.
    pub fn numbers(&self) -> &[f32] {
        &self.weights
    }

    /// From its numbers; `None` where they do not fit.
    pub fn from_numbers(shape: ClassifierShape, weights: Vec<f32>) -> Option<Self> {
        let whole = shape.parameters() == Some(weights.len());
        (whole && weights.iter().all(|w| w.is_finite())).then_some(Self { shape, weights })
    }
}

fn log_softmax(logits: &[f32]) -> Vec<f64> {
    let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let shifted = |logit: &f32| f64::from(logit - most);
    let total = logits.iter().map(|l| shifted(l).exp()).sum::<f64>().ln();
    logits.iter().map(|l| shifted(l) - total).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::work::Unwatched;
    use rand::RngExt;

    /// P(1 | θ) = σ(2 θ), P(2 | θ) a third of what is left.
    #[test]
    fn known_shares_are_learnt() {
        let law = |t: f64| {
            let one = 1.0 / (1.0 + (-2.0 * t).exp());
            [(1.0 - one) * 2.0 / 3.0, one, (1.0 - one) / 3.0]
        };
        let mut rng = stream(3, Purpose::Choices, 99);
        let context: Vec<f32> = (0..20_000).map(|_| rng.random_range(-2.0..2.0)).collect();
        let draw = |t: &f32| {
            let [zero, one, _] = law(f64::from(*t));
            let at: f64 = rng.random_range(0.0..1.0);
            if at < zero { 0 } else { 1 + u32::from(at >= zero + one) }
        };
        let classes: Vec<u32> = context.iter().map(draw).collect();
        let rows: Vec<u32> = (0..20_000).collect();
        let (validation, training) = rows.split_at(2000);
        let table = ClassifierTable {
            context: &context,
            width: 1,
            classes: &classes,
            training,
            validation,
        };
        let shape = ClassifierShape { inputs: 1, classes: 3 };
        let choices =
            Classifier::fit(&table, shape, &OF_MANY, 1, &Part::new(&Unwatched, "test")).unwrap();
        for t in [-1.5, -0.5, 0.0, 0.7, 1.5] {
            for (log, p) in choices.log_probs(&[t]).iter().zip(law(f64::from(t))) {
                assert!((log.exp() - p).abs() < 0.03, "at {t}: {} for {p}", log.exp());
            }
        }
    }
}
