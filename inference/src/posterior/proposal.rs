//! The average of the posterior flows: drawing from it, and its density.

use super::PosteriorError;
use super::drawn::{Drawn, Kept};
use super::draws::{Asking, DrawProgress, Draws};
use crate::engine::EngineKind;
use crate::flow::{ConditionalFlow, FlowEvaluator};
use crate::model::Model;
use crate::random::{Purpose, stream};
use ndarray::Array2;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

/// Latents of one random stream.
pub(super) const CHUNK: usize = 512;
/// Chunks of the first batch: enough to give up after, where nothing lies inside.
const FIRST_BATCH: u64 = 16;

/// q(θ | x): the average of some of a model's posterior flows.
#[derive(Clone, Copy)]
pub(super) struct Proposal<'a> {
    pub model: &'a Model,
    pub flows: &'a [ConditionalFlow],
    pub kind: EngineKind,
    pub asking: Asking<'a>,
    /// Whether a flow's density counts at θ that its draws never come to, too, since its encoder folds there:
    /// no density then, but nothing that any of the encoders holds for likely is left out.
    pub folds: bool,
}

impl Proposal<'_> {
    fn dim(&self) -> usize {
        self.model.theta_dim()
    }

    /// `n` draws inside the support; the same for a seed, whatever the thread count.
    pub fn draw(&self, context: &[f32], n: usize, seed: u64) -> Result<Draws, PosteriorError> {
        let mut drawn = Drawn::default();
        self.draw_to(&mut drawn, context, n, seed)?;
        let theta = drawn.first(n, self.dim());
        Ok(Draws::plain(theta, drawn.acceptance(), self.model.is_categories_alone()))
    }

    /// Goes on drawing until at least `n` draws lie inside the support: the same as if they had been
    /// drawn at once.
    pub fn draw_to(
        &self,
        so_far: &mut Drawn,
        context: &[f32],
        n: usize,
        seed: u64,
    ) -> Result<(), PosteriorError> {
        let asking = &self.asking;
        while so_far.accepted() < n {
            asking.check()?;
            // As many chunks as the acceptance so far asks for, so few are made in vain; and not
            // many more than were made, so that the hopeless is noticed.
            let first = (so_far.made / CHUNK) as u64;
            let rate = if first == 0 { 1.0 } else { so_far.acceptance().max(0.01) };
            let needed = ((n - so_far.accepted()) as f64 / rate / CHUNK as f64).ceil() as u64;
            let needed = needed.min(first.max(FIRST_BATCH));
            let batches: Vec<Kept> = (first..first + needed)
                .into_par_iter()
                .map(|c| self.inside(context, seed, c, CHUNK))
                .collect();
            asking.check()?;
            for mut batch in batches {
                // Chunks past the last needed draw do not count, so that how many were made at
                // once changes nothing.
                if so_far.accepted() >= n {
                    break;
                }
                so_far.made += CHUNK;
                so_far.kept.append(&mut batch);
            }
            let (accepted, drawn) = (so_far.accepted(), so_far.made);
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
    pub fn sketch(&self, context: &[f32], n: usize, seed: u64) -> Kept {
        self.inside(context, seed, 0, n)
    }

    /// The share of at least `n` draws that lies inside the support; 1 where it is all of R^D.
    pub fn acceptance(&self, context: &[f32], n: usize, seed: u64) -> Result<f64, PosteriorError> {
        if self.model.is_always_inside() {
            return Ok(1.0);
        }
        let chunks = n.div_ceil(CHUNK) as u64;
        let accepted: usize = (0..chunks)
            .into_par_iter()
            .map(|c| self.inside(context, seed, c, CHUNK).members.len())
            .sum();
        self.asking.check()?;
        let drawn = chunks as usize * CHUNK;
        if accepted == 0 {
            let unbounded = self.model.parameters.is_unconstrained();
            return Err(PosteriorError::Leakage { accepted, drawn, unbounded });
        }
        Ok(accepted as f64 / drawn as f64)
    }

    /// The draws of one chunk of `rows` latents that lie inside the prior's support. Row r comes
    /// from flow r mod M.
    fn inside(&self, context: &[f32], seed: u64, chunk: u64, rows: usize) -> Kept {
        let mut kept = Kept::default();
        // What is computed from then on is of no use.
        if self.asking.stopped() {
            return kept;
        }
        let (dim, members) = (self.dim(), self.flows.len());
        let steps = self.model.config.posterior.polish_steps;
        let mut rng = stream(seed, Purpose::Latents, chunk);
        let z: Vec<f32> = (0..rows * dim).map(|_| StandardNormal.sample(&mut rng)).collect();
        let (mut points, mut log_own) = (vec![0.0; z.len()], vec![0.0; rows]);
        for (index, flow) in self.flows.iter().enumerate() {
            let own = || (index..rows).step_by(members);
            let latents: Vec<f32> =
                own().flat_map(|r| &z[r * dim..(r + 1) * dim]).copied().collect();
            let (decoded, densities) = flow.evaluator(self.kind).decode(&latents, context, steps);
            for (row, (point, density)) in own().zip(decoded.chunks_exact(dim).zip(densities)) {
                points[row * dim..(row + 1) * dim].copy_from_slice(point);
                log_own[row] = density;
            }
        }
        let prior = &self.model.prior;
        let (mut theta, mut back) = (vec![0.0; dim], vec![0.0; dim]);
        let cuts = self.model.cuts(context);
        for (row, point) in points.chunks_exact(dim).enumerate() {
            self.model.theta_at(point, &cuts, &mut theta);
            if theta.iter().all(|v| v.is_finite()) && prior.contains(&theta) {
                kept.theta.extend_from_slice(&theta);
                kept.members.push(row % members);
                let log_det = self.model.point_of(&theta, &cuts, &mut back);
                kept.log_own.push(log_own[row] + log_det);
            }
        }
        kept
    }

    /// log q(θ | x) of rows of θ `[n, D]`, leakage not counted: each flow's where its draws lie. −∞ where
    /// no flow's do, outside the prior's support, and at its ends where the flow's space has none: there
    /// the density goes to 0.
    pub fn log_prob(&self, theta: &[f64], context: &[f32]) -> Vec<f64> {
        let chunks = theta.par_chunks(CHUNK * self.dim());
        chunks.flat_map_iter(|rows| self.log_prob_rows(rows, context)).collect()
    }

    /// As [`log_prob`](Self::log_prob), of a few rows.
    pub fn log_prob_rows(&self, theta: &[f64], context: &[f32]) -> Vec<f64> {
        let steps = self.model.config.posterior.polish_steps;
        self.log_prob_by(theta, context, |flow, points| match self.folds {
            true => flow.log_density(points, context),
            false => flow.branch_log_density(points, context, steps),
        })
    }

    fn log_prob_by(
        &self,
        theta: &[f64],
        context: &[f32],
        density: impl Fn(&mut FlowEvaluator, &[f32]) -> Vec<f64>,
    ) -> Vec<f64> {
        let dim = self.dim();
        if self.asking.stopped() {
            return vec![f64::NAN; theta.len() / dim];
        }
        let (prior, parameters) = (&self.model.prior, &self.model.parameters);
        let reached = |row: &[f64]| prior.contains(row) && parameters.reaches(prior, row);
        let inside = Inside::of(theta, dim, reached);
        let (mut points, cuts) = (vec![0.0; inside.theta.len()], self.model.cuts(context));
        let rows = inside.theta.chunks_exact(dim).zip(points.chunks_exact_mut(dim));
        let log_dets: Vec<f64> =
            rows.map(|(row, point)| self.model.point_of(row, &cuts, point)).collect();
        let mut densities = average_density(self.flows, self.kind, |flow| density(flow, &points));
        densities.iter_mut().zip(log_dets).for_each(|(density, log_det)| *density += log_det);
        inside.spread(&densities)
    }
}

/// log of the flows' average density of rows.
fn average_density(
    flows: &[ConditionalFlow],
    kind: EngineKind,
    density: impl Fn(&mut FlowEvaluator) -> Vec<f64>,
) -> Vec<f64> {
    let each: Vec<Vec<f64>> = flows.iter().map(|f| density(&mut f.evaluator(kind))).collect();
    let shift = (flows.len() as f64).ln();
    (0..each[0].len())
        .map(|row| log_sum(&each.iter().map(|m| m[row]).collect::<Vec<_>>()) - shift)
        .collect()
}

/// Rows of D numbers as a table.
pub(super) fn table(rows: Vec<f64>, dim: usize) -> Array2<f64> {
    Array2::from_shape_vec((rows.len() / dim, dim), rows).expect("whole rows were kept")
}

/// log Σ exp.
pub(super) fn log_sum(values: &[f64]) -> f64 {
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !most.is_finite() {
        return most;
    }
    most + values.iter().map(|v| (v - most).exp()).sum::<f64>().ln()
}

/// The rows of a table that pass a test, and where they came from.
pub(super) struct Inside {
    pub theta: Vec<f64>,
    indices: Vec<usize>,
    rows: usize,
}

impl Inside {
    /// Of rows of `dim` numbers, those that are finite and pass.
    pub fn of(theta: &[f64], dim: usize, passes: impl Fn(&[f64]) -> bool) -> Self {
        let good = |row: &[f64]| row.iter().all(|v| v.is_finite()) && passes(row);
        let rows = theta.chunks_exact(dim);
        let indices: Vec<usize> =
            rows.clone().enumerate().filter(|(_, row)| good(row)).map(|(index, _)| index).collect();
        let kept = indices.iter().flat_map(|index| &theta[index * dim..(index + 1) * dim]);
        Self { theta: kept.copied().collect(), rows: rows.len(), indices }
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
    use crate::fit::Fit;
    use freeform_simulators::{Marginal, Prior, Simulations};
    use ndarray::Axis;

    /// θ uniform on [−2, 2]², x = |θ₁| + noise: the posterior of 1 has two bars, which no map takes to a
    /// normal law without folds. The encoder's density integrates to more than 1, and where draws lie to 1.
    #[test]
    fn densities_where_draws_lie_integrate_to_one() {
        let prior = Prior::identical(2, Marginal::Uniform { low: -2.0, high: 2.0 }).unwrap();
        let theta = prior.sample_n(1, 4000);
        let mut rng = stream(1, Purpose::Latents, 0);
        let x = theta.map_axis(Axis(1), |row| {
            let e: f64 = StandardNormal.sample(&mut rng);
            row[0].abs() + 0.1 * e
        });
        // A seed whose flow folds.
        let mut fit = Fit::new(&prior).seed(7);
        for setting in ["posterior.correction=off", "training.members=1", "training.max_epochs=60"]
        {
            fit = fit.set(setting).unwrap();
        }
        let simulations = Simulations::new(theta, x.insert_axis(Axis(1))).unwrap();
        let posterior = fit.set("network.blocks=2").unwrap().run(simulations).unwrap();
        let proposal = posterior.proposal(Asking::default());
        let context = posterior.observed(&[1.0]).unwrap().context;
        let n = 160;
        let at = |i: usize| -2.0 + 4.0 * (i as f64 + 0.5) / f64::from(n);
        let rows = (0..n * n).map(|i| i as usize);
        let grid: Vec<f64> = rows.flat_map(|i| [at(i / n as usize), at(i % n as usize)]).collect();
        let integral = |log_densities: Vec<f64>| {
            let sum: f64 = log_densities.iter().map(|l| l.exp()).sum();
            sum * (4.0 / f64::from(n)).powi(2)
        };
        let encoder = |flow: &mut FlowEvaluator, points: &[f32]| flow.log_density(points, &context);
        let whole = integral(proposal.log_prob_by(&grid, &context, encoder));
        let branch = integral(proposal.log_prob_rows(&grid, &context));
        assert!(whole > 1.15 && (branch - 1.0).abs() < 0.1, "{whole} {branch}");
    }

    #[test]
    fn log_sums_do_not_overflow() {
        assert!((log_sum(&[1000.0, 1000.0]) - (1000.0 + 2_f64.ln())).abs() < 1e-12);
        assert_eq!(log_sum(&[f64::NEG_INFINITY]), f64::NEG_INFINITY);
    }
}
