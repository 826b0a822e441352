//! The average of the posterior flows: drawing from it, and its density.

use super::PosteriorError;
use crate::engine::EngineKind;
use crate::flow::ConditionalFlow;
use crate::model::Model;
use crate::random::{Purpose, stream};
use ndarray::{Array2, ArrayView2, Axis};
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

/// Latents of one random stream.
const CHUNK: usize = 1024;
/// Below this share of draws inside the support, redrawing gives up.
const LEAST_ACCEPTANCE: f64 = 1e-3;

/// Draws from a posterior.
#[derive(Clone, Debug, PartialEq)]
pub struct Draws {
    /// `[n, D]`, every row inside the prior's support.
    pub theta: Array2<f64>,
    /// Share of the flows' draws that lay inside it.
    pub acceptance: f64,
}

/// q(θ | x): the average of some of a model's posterior flows.
#[derive(Clone, Copy)]
pub(super) struct Proposal<'a> {
    pub model: &'a Model,
    pub flows: &'a [ConditionalFlow],
    pub kind: EngineKind,
    /// Set from outside: what is computed from then on is of no use, and not computed.
    pub stop: &'a AtomicBool,
}

impl Proposal<'_> {
    fn dim(&self) -> usize {
        self.model.theta_dim()
    }

    /// Whether nobody waits for the answer any more.
    pub fn stopped(&self) -> Result<(), PosteriorError> {
        match self.stop.load(Ordering::Relaxed) {
            true => Err(PosteriorError::Interrupted),
            false => Ok(()),
        }
    }

    /// `n` draws inside the support; the same for a seed, whatever the thread count.
    pub fn draw(&self, context: &[f32], n: usize, seed: u64) -> Result<Draws, PosteriorError> {
        let dim = self.dim();
        let (mut kept, mut drawn, mut accepted, mut chunk) = (Vec::new(), 0, 0, 0_u64);
        while accepted < n {
            // As many chunks as the acceptance so far asks for, so few are made in vain.
            let rate = if drawn == 0 { 1.0 } else { (accepted as f64 / drawn as f64).max(0.01) };
            let needed = ((n - accepted) as f64 / rate / CHUNK as f64).ceil() as u64;
            let batches: Vec<Vec<f64>> = (chunk..chunk + needed)
                .into_par_iter()
                .map(|c| self.inside(context, seed, c, CHUNK))
                .collect();
            self.stopped()?;
            chunk += needed;
            for batch in batches {
                // Chunks past the last needed draw do not count, so that how many were made at
                // once changes nothing.
                if accepted >= n {
                    break;
                }
                drawn += CHUNK;
                accepted += batch.len() / dim;
                kept.extend(batch);
            }
            if drawn >= 100 * CHUNK && (accepted as f64) < LEAST_ACCEPTANCE * drawn as f64 {
                return Err(PosteriorError::Leakage { accepted, drawn });
            }
        }
        kept.truncate(n * dim);
        let acceptance = accepted as f64 / drawn as f64;
        let theta = Array2::from_shape_vec((n, dim), kept).expect("n rows of D numbers were kept");
        Ok(Draws { theta, acceptance })
    }

    /// Those of `n` draws that lie inside the support.
    pub fn sketch(&self, context: &[f32], n: usize, seed: u64) -> Array2<f64> {
        let kept = self.inside(context, seed, 0, n);
        let rows = kept.len() / self.dim();
        Array2::from_shape_vec((rows, self.dim()), kept).expect("whole rows were kept")
    }

    /// The share of at least `n` draws that lies inside the support; 1 where it is all of R^D.
    pub fn acceptance(&self, context: &[f32], n: usize, seed: u64) -> Result<f64, PosteriorError> {
        if self.model.is_always_inside() {
            return Ok(1.0);
        }
        let chunks = n.div_ceil(CHUNK) as u64;
        let dim = self.dim();
        let accepted: usize = (0..chunks)
            .into_par_iter()
            .map(|c| self.inside(context, seed, c, CHUNK).len() / dim)
            .sum();
        let drawn = chunks as usize * CHUNK;
        self.stopped()?;
        if accepted == 0 {
            return Err(PosteriorError::Leakage { accepted, drawn });
        }
        Ok(accepted as f64 / drawn as f64)
    }

    /// The draws of one chunk of `rows` latents that lie inside the prior's support, row after
    /// row. Row r comes from flow r mod M.
    fn inside(&self, context: &[f32], seed: u64, chunk: u64, rows: usize) -> Vec<f64> {
        if self.stopped().is_err() {
            return Vec::new();
        }
        let (dim, members) = (self.dim(), self.flows.len());
        let steps = self.model.config.posterior.polish_steps;
        let mut rng = stream(seed, Purpose::Latents, chunk);
        let z: Vec<f32> = (0..rows * dim).map(|_| StandardNormal.sample(&mut rng)).collect();
        let mut points = vec![0.0; z.len()];
        for (index, flow) in self.flows.iter().enumerate() {
            let own = || (index..rows).step_by(members);
            let latents: Vec<f32> =
                own().flat_map(|r| &z[r * dim..(r + 1) * dim]).copied().collect();
            let decoded = flow.evaluator(self.kind).decode(&latents, context, steps);
            for (row, point) in own().zip(decoded.chunks_exact(dim)) {
                points[row * dim..(row + 1) * dim].copy_from_slice(point);
            }
        }
        let mut kept = Vec::with_capacity(z.len());
        let mut theta = vec![0.0; dim];
        for point in points.chunks_exact(dim) {
            self.model.parameters.invert(&self.model.prior, point, &mut theta);
            if theta.iter().all(|v| v.is_finite()) && self.model.prior.contains(&theta) {
                kept.extend_from_slice(&theta);
            }
        }
        kept
    }

    /// log q(θ | x) of each row of `theta`, leakage not counted; −∞ outside the prior's support.
    pub fn log_prob(&self, theta: &ArrayView2<f64>, context: &[f32]) -> Vec<f64> {
        in_chunks(theta, |rows| self.log_prob_chunk(rows, context))
    }

    fn log_prob_chunk(&self, theta: &ArrayView2<f64>, context: &[f32]) -> Vec<f64> {
        if self.stopped().is_err() {
            return vec![f64::NAN; theta.nrows()];
        }
        let (prior, parameters) = (&self.model.prior, &self.model.parameters);
        let inside = Inside::of(theta, |row| prior.contains(row));
        let mut points = vec![0.0; inside.theta.len()];
        let rows = inside.theta.chunks_exact(self.dim()).zip(points.chunks_exact_mut(self.dim()));
        let log_dets: Vec<f64> =
            rows.map(|(row, point)| parameters.apply(prior, row, point)).collect();
        let mut densities = average_density(self.flows, self.kind, &points, context);
        densities.iter_mut().zip(log_dets).for_each(|(density, log_det)| *density += log_det);
        inside.spread(&densities)
    }
}

/// log of the flows' average density of rows of u given their contexts.
pub(super) fn average_density(
    flows: &[ConditionalFlow],
    kind: EngineKind,
    target: &[f32],
    context: &[f32],
) -> Vec<f64> {
    let each: Vec<Vec<f64>> =
        flows.iter().map(|f| f.evaluator(kind).log_density(target, context)).collect();
    let shift = (flows.len() as f64).ln();
    (0..each[0].len())
        .map(|row| log_sum(&each.iter().map(|m| m[row]).collect::<Vec<_>>()) - shift)
        .collect()
}

/// log Σ exp.
pub(super) fn log_sum(values: &[f64]) -> f64 {
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !most.is_finite() {
        return most;
    }
    most + values.iter().map(|v| (v - most).exp()).sum::<f64>().ln()
}

/// Runs `each` on runs of rows, in parallel; the runs are the same whatever the thread count.
pub(super) fn in_chunks(
    theta: &ArrayView2<f64>,
    each: impl Fn(&ArrayView2<f64>) -> Vec<f64> + Sync,
) -> Vec<f64> {
    let chunks: Vec<ArrayView2<f64>> = theta.axis_chunks_iter(Axis(0), CHUNK).collect();
    chunks.into_par_iter().flat_map_iter(|rows| each(&rows)).collect()
}

/// The rows of a table that pass a test, and where they came from.
pub(super) struct Inside {
    pub theta: Vec<f64>,
    indices: Vec<usize>,
    rows: usize,
}

impl Inside {
    pub fn of(theta: &ArrayView2<f64>, passes: impl Fn(&[f64]) -> bool) -> Self {
        let (mut kept, mut indices) = (Vec::<f64>::new(), Vec::new());
        for (index, row) in theta.rows().into_iter().enumerate() {
            let start = kept.len();
            kept.extend(row);
            if kept[start..].iter().all(|v| v.is_finite()) && passes(&kept[start..]) {
                indices.push(index);
            } else {
                kept.truncate(start);
            }
        }
        Self { theta: kept, indices, rows: theta.nrows() }
    }

    /// A value a kept row, −∞ for the others.
    pub fn spread(&self, values: &[f64]) -> Vec<f64> {
        let mut out = vec![f64::NEG_INFINITY; self.rows];
        self.indices.iter().zip(values).for_each(|(index, value)| out[*index] = *value);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_sums_do_not_overflow() {
        assert!((log_sum(&[1000.0, 1000.0]) - (1000.0 + 2_f64.ln())).abs() < 1e-12);
        assert_eq!(log_sum(&[f64::NEG_INFINITY]), f64::NEG_INFINITY);
    }
}
