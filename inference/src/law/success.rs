//! P(success | θ): which simulations succeed, learnt from the θ of those that did and did not.
//!
//! Posterior flows learn from simulations that succeeded: their prior is p(θ) P(success | θ), as it is
//! for an observation, which by being there says that its "simulation" succeeded. A likelihood p(x | θ,
//! success) knows nothing of it, and what multiplies it must be that prior.

use crate::perceptron::{Plan, UNITS};
use crate::random::{Purpose, stream};
use freeform_kernels::{Isa, Mlp};
use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use std::convert::Infallible;

/// Hidden layers.
const LAYERS: [usize; 2] = [24, 24];
/// Networks, each of which is stopped by a part of the rows that it does not train on.
const PARTS: usize = 5;
/// Fewer failures than these teach nothing.
const LEAST_FAILURES: usize = 20;
/// More rows of a kind than these are sampled.
const MOST_ROWS: usize = 20_000;
const BATCH: usize = 256;
const PLAN: Plan = Plan {
    batch: BATCH,
    steps: 4000,
    judged_every: 100,
    patience: 8,
    learning_rate: 5e-3,
    weight_decay: 1e-2,
};
/// Standard errors that held-out rows must gain over a constant share.
const LEAST_GAIN: f64 = 3.0;

/// Networks for the log-odds that the simulation of a θ succeeds; their probabilities are averaged.
#[derive(Clone, Debug, PartialEq)]
pub struct Success {
    dim: usize,
    /// Added to the log-odds of each: rows of one kind may have been sampled.
    offset: f64,
    networks: Vec<Vec<f32>>,
}

/// A row: its place in the flow's space, and whether its simulation succeeded.
type Row<'a> = (&'a [f32], bool);

impl Success {
    /// Learns from points of the flow's space, rows of `dim` numbers, whose simulations succeeded, and
    /// from those whose failed. `None` where too few failed, or held-out rows say that success does
    /// not depend on θ.
    #[must_use]
    pub fn fit(dim: usize, succeeded: &[f32], failed: &[f32], seed: u64) -> Option<Self> {
        if failed.len() / dim < LEAST_FAILURES || succeeded.is_empty() {
            return None;
        }
        let mut rng = stream(seed, Purpose::Success, 0);
        let mut sample = |points: &[f32]| -> Vec<usize> {
            let mut rows: Vec<usize> = (0..points.len() / dim).collect();
            rows.shuffle(&mut rng);
            rows.truncate(MOST_ROWS);
            rows
        };
        let (good, bad) = (sample(succeeded), sample(failed));
        let all = |points: &[f32]| (points.len() / dim) as f64;
        // Of n rows k are there: their odds are too low by n/k.
        let offset =
            (all(succeeded) / good.len() as f64).ln() - (all(failed) / bad.len() as f64).ln();
        let row = |index: usize| index * dim..(index + 1) * dim;
        let mut rows: Vec<Row> = good.iter().map(|i| (&succeeded[row(*i)], true)).collect();
        rows.extend(bad.iter().map(|i| (&failed[row(*i)], false)));
        rows.shuffle(&mut rng);
        let share = good.len() as f64 / rows.len() as f64;
        let fits: Vec<(Vec<f32>, Vec<f64>)> = (0..PARTS)
            .into_par_iter()
            .map(|part| fit_part(&rows, part, (dim, share), seed))
            .collect();
        let gains: Vec<f64> = fits.iter().flat_map(|(_, gains)| gains).copied().collect();
        let n = gains.len() as f64;
        let mean = gains.iter().sum::<f64>() / n;
        let variance = gains.iter().map(|g| (g - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let networks = fits.into_iter().map(|(weights, _)| weights).collect();
        (mean > LEAST_GAIN * (variance / n).sqrt()).then_some(Self { dim, offset, networks })
    }

    /// log P(success) at points of the flow's space.
    #[must_use]
    pub fn log_prob(&self, points: &[f32]) -> Vec<f64> {
        let rows = points.len() / self.dim;
        let mut probabilities = vec![0.0; rows];
        for weights in &self.networks {
            let mut network = network(self.dim, weights.clone());
            for (points, out) in
                points.chunks(BATCH * self.dim).zip(probabilities.chunks_mut(BATCH))
            {
                for (logit, out) in network.forward(points).iter().zip(out) {
                    *out += sigmoid(f64::from(*logit) + self.offset);
                }
            }
        }
        let shares = self.networks.len() as f64;
        probabilities.into_iter().map(|p| (p / shares).max(f64::MIN_POSITIVE).ln()).collect()
    }

    /// Its numbers, for files: what is added to the log-odds, and the networks' weights.
    #[must_use]
    pub fn numbers(&self) -> (f64, &[Vec<f32>]) {
        (self.offset, &self.networks)
    }

    /// From its numbers; `None` where they do not fit together.
    #[must_use]
    pub fn from_numbers(dim: usize, offset: f64, networks: Vec<Vec<f32>>) -> Option<Self> {
        let size = Mlp::parameters(&sizes(dim));
        let whole = |w: &Vec<f32>| w.len() == size && w.iter().all(|v| v.is_finite());
        let fits = !networks.is_empty() && networks.iter().all(whole) && offset.is_finite();
        fits.then_some(Self { dim, offset, networks })
    }
}

/// Trains on all parts of the rows but one; that one's gains in log-probability over a constant share.
fn fit_part(
    rows: &[Row],
    part: usize,
    (dim, share): (usize, f64),
    seed: u64,
) -> (Vec<f32>, Vec<f64>) {
    let n = rows.len();
    let held_out = n * part / PARTS..n * (part + 1) / PARTS;
    let judges = &rows[held_out.clone()];
    let training: Vec<Row> = [&rows[..held_out.start], &rows[held_out.end..]].concat();
    let mut rng = stream(seed, Purpose::Success, 1 + part as u64);
    let mut network = network(dim, initial_weights(dim, share, &mut rng));
    let mut batch = Vec::with_capacity(BATCH * dim);
    let best = PLAN.run(
        &mut network,
        training,
        &mut rng,
        |network| Ok::<_, Infallible>(-log_likelihoods(network, judges, dim).iter().sum::<f64>()),
        |network, rows| {
            batch.clear();
            rows.iter().for_each(|(point, _)| batch.extend_from_slice(point));
            let scale = 1.0 / rows.len() as f64;
            let logits = network.forward(&batch);
            let error = |(logit, (_, good)): (&f32, &Row)| {
                (scale * (sigmoid(f64::from(*logit)) - f64::from(u8::from(*good)))) as f32
            };
            let delta: Vec<f32> = logits.iter().zip(rows).map(error).collect();
            network.backward(&delta);
        },
    );
    let Ok(best) = best;
    network.set_weights(&best);
    let constant = |good: bool| if good { share.ln() } else { (1.0 - share).ln() };
    let gains = log_likelihoods(&mut network, judges, dim)
        .into_iter()
        .zip(judges)
        .map(|(l, (_, good))| l - constant(*good))
        .collect();
    (best, gains)
}

fn log_likelihoods(network: &mut Mlp, rows: &[Row], dim: usize) -> Vec<f64> {
    let mut out = Vec::with_capacity(rows.len());
    for rows in rows.chunks(BATCH) {
        let points: Vec<f32> = rows.iter().flat_map(|(point, _)| *point).copied().collect();
        debug_assert_eq!(points.len(), rows.len() * dim);
        let logits = network.forward(&points);
        out.extend(logits.iter().zip(rows).map(|(logit, (_, good))| {
            let logit = f64::from(*logit);
            -softplus(if *good { -logit } else { logit })
        }));
    }
    out
}

fn sizes(dim: usize) -> [usize; 4] {
    [dim, LAYERS[0], LAYERS[1], 1]
}

fn network(dim: usize, weights: Vec<f32>) -> Mlp {
    Mlp::new(Isa::best(), UNITS, &sizes(dim), BATCH, weights)
}

/// Layers of unit gain, and a last one that says the constant share whatever θ.
fn initial_weights(dim: usize, share: f64, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let sizes = sizes(dim);
    let mut weights = Vec::with_capacity(Mlp::parameters(&sizes));
    for pair in sizes.windows(2).take(LAYERS.len()) {
        let scale = (1.0 / pair[0] as f32).sqrt();
        for _ in 0..pair[0] * pair[1] {
            let normal: f32 = StandardNormal.sample(rng);
            weights.push(scale * normal);
        }
        weights.extend((0..pair[1]).map(|_| rng.random_range(-0.5..0.5_f32)));
    }
    weights.resize(weights.len() + LAYERS[1], 0.0);
    weights.push((share / (1.0 - share)).ln() as f32);
    weights
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// log(1 + eˣ).
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows kept with probability σ(1 + 2 θ₁ − θ₂²), in plain numbers.
    fn rows(n: usize, law: impl Fn(f32, f32) -> f32) -> (Vec<f32>, Vec<f32>) {
        let mut rng = stream(5, Purpose::Success, 99);
        let (mut good, mut bad) = (Vec::new(), Vec::new());
        for _ in 0..n {
            let [a, b]: [f32; 2] =
                [StandardNormal.sample(&mut rng), StandardNormal.sample(&mut rng)];
            let kept = rng.random_range(0.0..1.0) < law(a, b);
            if kept { good.extend([a, b]) } else { bad.extend([a, b]) }
        }
        (good, bad)
    }

    #[test]
    fn a_known_law_is_learnt_and_kept_through_files() {
        let law = |a: f32, b: f32| 1.0 / (1.0 + (-(1.0 + 2.0 * a - b * b)).exp());
        let (good, bad) = rows(6000, law);
        let success = Success::fit(2, &good, &bad, 1).unwrap();
        let points: Vec<f32> = (-6..=6)
            .flat_map(|i| (-6..=6).flat_map(move |j| [i as f32 / 4.0, j as f32 / 4.0]))
            .collect();
        let learnt = success.log_prob(&points);
        let errors: Vec<f64> = points
            .chunks_exact(2)
            .zip(&learnt)
            .map(|(p, l)| (l.exp() - f64::from(law(p[0], p[1]))).abs())
            .collect();
        let mean = errors.iter().sum::<f64>() / errors.len() as f64;
        assert!(mean < 0.04, "mean error of P(success) {mean}");
        let (offset, networks) = success.numbers();
        assert_eq!(Success::from_numbers(2, offset, networks.to_vec()), Some(success.clone()));
        assert_eq!(Success::from_numbers(3, offset, networks.to_vec()), None);
    }

    /// 60,000 succeed, of which 20,000 are looked at; 500 fail, all with θ₁ > 0.
    #[test]
    fn sampled_rows_are_counted_as_what_they_stand_for() {
        let (good, bad) = rows(61_000, |a, _| if a > 0.0 { 0.984 } else { 1.0 });
        let success = Success::fit(2, &good, &bad, 1).unwrap();
        let failing = 1.0 - success.log_prob(&[1.0, 0.3])[0].exp();
        assert!((failing - 0.016).abs() < 0.006, "{failing}");
        assert!(success.log_prob(&[-1.0, 0.3])[0] > -0.004);
    }

    #[test]
    fn failures_that_do_not_depend_on_theta_or_are_few_teach_nothing() {
        let (good, bad) = rows(4000, |_, _| 0.8);
        assert_eq!(Success::fit(2, &good, &bad, 1), None);
        assert_eq!(Success::fit(2, &good, &bad[..20], 1), None);
    }
}
