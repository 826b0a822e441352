//! The average of the posterior flows: drawing from it, and its density.

use super::PosteriorError;
use super::draws::{Asking, DrawProgress, Draws};
use crate::engine::EngineKind;
use crate::flow::ConditionalFlow;
use crate::model::Model;
use crate::random::{Purpose, stream};
use ndarray::{Array2, ArrayView2, Axis};
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

/// Latents of one random stream.
const CHUNK: usize = 1024;
/// Below this share of draws inside the support, redrawing gives up.
const LEAST_ACCEPTANCE: f64 = 1e-3;
/// It does so once draws this few would come about by chance this rarely at that share.
const GIVE_UP: f64 = 1e-3;
/// Chunks of the first batch: enough to give up after, where nothing lies inside.
const FIRST_BATCH: u64 = 8;

/// q(θ | x): the average of some of a model's posterior flows.
#[derive(Clone, Copy)]
pub(super) struct Proposal<'a> {
    pub model: &'a Model,
    pub flows: &'a [ConditionalFlow],
    pub kind: EngineKind,
    pub asking: Asking<'a>,
}

/// Draws inside the support so far, to be continued.
#[derive(Default)]
pub(super) struct Drawn {
    /// Row after row.
    kept: Vec<f64>,
    /// Draws made.
    drawn: usize,
    /// Of them, those inside.
    accepted: usize,
}

impl Drawn {
    /// The share inside.
    pub fn acceptance(&self) -> f64 {
        self.accepted as f64 / self.drawn as f64
    }

    /// Rows `from..to`.
    pub fn rows(&self, from: usize, to: usize, dim: usize) -> Array2<f64> {
        let kept = self.kept[from * dim..to * dim].to_vec();
        Array2::from_shape_vec((to - from, dim), kept).expect("whole rows were kept")
    }

    /// Whether next to nothing of what is drawn lies inside.
    fn is_hopeless(&self) -> bool {
        let expected = LEAST_ACCEPTANCE * self.drawn as f64;
        if self.drawn >= 100 * CHUNK && (self.accepted as f64) < expected {
            return true;
        }
        // Poisson's lower tail; few terms, since it is asked for few accepted draws only.
        if self.accepted as f64 >= expected {
            return false;
        }
        let (mut term, mut tail) = ((-expected).exp(), 0.0);
        for k in 0..=self.accepted {
            tail += term;
            term *= expected / (k + 1) as f64;
        }
        tail < GIVE_UP
    }
}

impl Proposal<'_> {
    fn dim(&self) -> usize {
        self.model.theta_dim()
    }

    /// `n` draws inside the support; the same for a seed, whatever the thread count.
    pub fn draw(&self, context: &[f32], n: usize, seed: u64) -> Result<Draws, PosteriorError> {
        let mut drawn = Drawn::default();
        self.draw_to(&mut drawn, context, n, seed)?;
        Ok(Draws::plain(drawn.rows(0, n, self.dim()), drawn.acceptance()))
    }

    /// Goes on drawing until there are `n` draws inside the support: the same as if they had been
    /// drawn at once.
    pub fn draw_to(
        &self,
        so_far: &mut Drawn,
        context: &[f32],
        n: usize,
        seed: u64,
    ) -> Result<(), PosteriorError> {
        let (dim, asking) = (self.dim(), &self.asking);
        while so_far.accepted < n {
            asking.check()?;
            // As many chunks as the acceptance so far asks for, so few are made in vain; and not
            // many more than were made, so that the hopeless is noticed.
            let first = (so_far.drawn / CHUNK) as u64;
            let rate = if first == 0 { 1.0 } else { so_far.acceptance().max(0.01) };
            let needed = ((n - so_far.accepted) as f64 / rate / CHUNK as f64).ceil() as u64;
            let needed = needed.min(first.max(FIRST_BATCH));
            let batches: Vec<Vec<f64>> = (first..first + needed)
                .into_par_iter()
                .map(|c| self.inside(context, seed, c, CHUNK))
                .collect();
            asking.check()?;
            for batch in batches {
                // Chunks past the last needed draw do not count, so that how many were made at
                // once changes nothing.
                if so_far.accepted >= n {
                    break;
                }
                so_far.drawn += CHUNK;
                so_far.accepted += batch.len() / dim;
                so_far.kept.extend(batch);
            }
            let Drawn { drawn, accepted, .. } = *so_far;
            if let Some(progress) = asking.progress {
                progress(DrawProgress { accepted: accepted.min(n), wanted: n, drawn });
            }
            if accepted < n && so_far.is_hopeless() {
                let unbounded = self.model.parameters.is_unconstrained();
                return Err(PosteriorError::Leakage { accepted, drawn, unbounded });
            }
        }
        Ok(())
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
        self.asking.check()?;
        let drawn = chunks as usize * CHUNK;
        if accepted == 0 {
            let unbounded = self.model.parameters.is_unconstrained();
            return Err(PosteriorError::Leakage { accepted, drawn, unbounded });
        }
        Ok(accepted as f64 / drawn as f64)
    }

    /// The draws of one chunk of `rows` latents that lie inside the prior's support, row after
    /// row. Row r comes from flow r mod M.
    fn inside(&self, context: &[f32], seed: u64, chunk: u64, rows: usize) -> Vec<f64> {
        // What is computed from then on is of no use.
        if self.asking.stopped() {
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
        let (mut theta, cuts) = (vec![0.0; dim], self.model.cuts(context));
        for point in points.chunks_exact(dim) {
            self.model.theta_at(point, &cuts, &mut theta);
            if theta.iter().all(|v| v.is_finite()) && self.model.prior.contains(&theta) {
                kept.extend_from_slice(&theta);
            }
        }
        kept
    }

    /// log q(θ | x) of each row of `theta`, leakage not counted; −∞ outside the prior's support, and
    /// at its ends where the flow's space has none: there the density goes to 0.
    pub fn log_prob(&self, theta: &ArrayView2<f64>, context: &[f32]) -> Vec<f64> {
        in_chunks(theta, |rows| self.log_prob_chunk(rows, context))
    }

    fn log_prob_chunk(&self, theta: &ArrayView2<f64>, context: &[f32]) -> Vec<f64> {
        if self.asking.stopped() {
            return vec![f64::NAN; theta.nrows()];
        }
        let (prior, parameters) = (&self.model.prior, &self.model.parameters);
        let inside = Inside::of(theta, |row| prior.contains(row) && parameters.reaches(prior, row));
        let (mut points, cuts) = (vec![0.0; inside.theta.len()], self.model.cuts(context));
        let rows = inside.theta.chunks_exact(self.dim()).zip(points.chunks_exact_mut(self.dim()));
        let log_dets: Vec<f64> =
            rows.map(|(row, point)| self.model.point_of(row, &cuts, point)).collect();
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
