//! What corrects the posterior flows: a likelihood learnt from the same simulations, and the law that
//! θ of the simulations was drawn from.
//!
//! Posterior flow q_j(θ | x) and learnt likelihood L_k(x | θ) make the pair
//! t_jk = q_j^(1 − α) · (L_k·p)^α; the corrected posterior is, up to a constant, the average of all
//! pairs. Draws ask one pair each, not all. Few simulations may make flows surer than they should be: what
//! is learnt, t_jk/p, then counts to a power s < 1 (a power posterior), and p^(1 − s) · t_jk^s is the target.
//! Where θ of the simulations was not drawn from p but from r, q_j learnt what follows from r: q_j·p/r
//! stands in its place. Where simulations fail, both know θ of those that succeeded only, so that p is
//! multiplied by P(success | θ), which q_j has learnt.

use super::at::At;
use super::proposal::{CHUNK, Inside, Proposal, log_sum};
use crate::model::{LikelihoodModel, Model};
use rayon::prelude::*;

/// A proposal, and what corrects it.
#[derive(Clone, Copy)]
pub(super) struct Corrected<'a> {
    pub proposal: Proposal<'a>,
    pub likelihood: Option<&'a LikelihoodModel>,
    /// Of the likelihood's flows, the one that counts; `None`: all.
    pub member: Option<usize>,
    /// Whether simulations as they were made are asked about, not the posterior: the law that θ was
    /// drawn from then stands in for the prior.
    pub as_simulated: bool,
}

/// Rows of θ, each asked of one pair.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    /// `[n, D]`, row after row.
    pub theta: &'a [f64],
    /// The pair of each: j + k times the number of posterior flows.
    pub pairs: &'a [usize],
    /// log q_j of each, where it is known.
    pub log_q: Option<&'a [f64]>,
}

impl<'a> Rows<'a> {
    /// `len` rows from `start`, or what is left.
    fn chunk(self, start: usize, len: usize, dim: usize) -> Self {
        let end = (start + len).min(self.pairs.len());
        Self {
            theta: &self.theta[start * dim..end * dim],
            pairs: &self.pairs[start..end],
            log_q: self.log_q.map(|log_q| &log_q[start..end]),
        }
    }
}

impl<'a> Corrected<'a> {
    pub fn model(&self) -> &'a Model {
        self.proposal.model
    }

    /// α.
    fn strength(&self, at: At) -> f64 {
        match self.likelihood {
            Some(_) if at.few && !at.target.is_empty() => 1.0,
            likelihood => likelihood.map_or(0.0, |likelihood| likelihood.strength_at(at.target)),
        }
    }

    /// s.
    fn power(&self) -> f64 {
        self.likelihood.map_or(1.0, |likelihood| likelihood.power)
    }

    /// How many of the likelihood's flows count.
    pub fn likelihoods(&self) -> usize {
        let all = self.likelihood.map_or(0, |likelihood| likelihood.flows.len());
        if self.member.is_some() { all.min(1) } else { all }
    }

    /// How many pairs there are.
    pub fn pairs(&self) -> usize {
        self.proposal.flows.len() * self.likelihoods().max(1)
    }

    /// log t_jk of each row; −∞ outside the support, off flow j's branch, and where it is no number.
    pub fn log_target(&self, rows: Rows, at: At) -> Vec<f64> {
        let (alpha, power) = (self.strength(at), self.power());
        in_chunks(rows, self.model().theta_dim(), |rows| {
            let log_q =
                if alpha < 1.0 { self.log_q(rows, at) } else { vec![0.0; rows.pairs.len()] };
            let log_joint = if alpha > 0.0 { self.log_joint(rows, at) } else { log_q.clone() };
            let shifts = self.log_shifts(rows);
            let log_prior = (power < 1.0).then(|| self.log_prior(rows.theta));
            let mix = |row: usize| {
                // Outside either law's support there is no density, whatever the flows say.
                let shift = shifts.as_ref().map_or(0.0, |shifts| shifts[row]);
                let value = match alpha {
                    0.0 => log_q[row] + shift,
                    1.0 => log_joint[row],
                    _ => (1.0 - alpha) * (log_q[row] + shift) + alpha * log_joint[row],
                };
                let value = match &log_prior {
                    Some(log_prior) => power * value + (1.0 - power) * log_prior[row],
                    None => value,
                };
                let is_number = shift.is_finite() && value.is_finite();
                if is_number { value } else { f64::NEG_INFINITY }
            };
            (0..log_q.len()).map(mix).collect()
        })
    }

    /// log of the corrected density of rows of θ `[n, D]`, up to a constant that depends on x alone.
    pub fn log_density(&self, theta: &[f64], at: At) -> Vec<f64> {
        let (alpha, power) = (self.strength(at), self.power());
        let flows = self.proposal.flows.len();
        let pairs = vec![0; theta.len() / self.model().theta_dim()];
        in_chunks(Rows { theta, pairs: &pairs, log_q: None }, self.model().theta_dim(), |rows| {
            let len = rows.pairs.len();
            let log_q = |j| {
                self.log_power((1.0 - alpha) * power, Rows { pairs: &vec![j; len], ..rows }, at)
            };
            let log_joint =
                |k: usize| self.log_joint(Rows { pairs: &vec![k * flows; len], ..rows }, at);
            let mut densities = vec![0.0; len];
            if power < 1.0 {
                densities = self.log_prior(rows.theta);
                densities.iter_mut().for_each(|density| *density *= 1.0 - power);
            }
            // The average of products is the product of the averages: every j goes with every k.
            let mut add = |power: f64, each: Vec<Vec<f64>>| {
                let share = (each.len() as f64).ln();
                for (row, density) in densities.iter_mut().enumerate() {
                    let powers: Vec<f64> = each.iter().map(|log| power * log[row]).collect();
                    *density += log_sum(&powers) - share;
                }
            };
            add(1.0, (0..flows).map(log_q).collect());
            if alpha > 0.0 {
                add(alpha * power, (0..self.likelihoods()).map(log_joint).collect());
            }
            if let Some(shifts) = self.log_shifts(rows) {
                for (density, shift) in densities.iter_mut().zip(shifts) {
                    // Outside either law's support there is no density, whatever the flows say.
                    *density += match shift.is_finite() {
                        true => (1.0 - alpha) * power * shift,
                        false => f64::NEG_INFINITY,
                    };
                }
            }
            densities
        })
    }

    /// log p of each row, or of what stands in for the prior; −∞ outside the support.
    fn log_prior(&self, theta: &[f64]) -> Vec<f64> {
        let (model, dim) = (self.model(), self.model().theta_dim());
        let prior = &model.prior;
        let inside = Inside::of(theta, dim, |row| prior.contains(row));
        let log_prior = |row| model.law.log_prob(prior, row, self.as_simulated);
        let mut log_priors: Vec<f64> = inside.theta.chunks_exact(dim).map(log_prior).collect();
        model.law.add_log_valid(prior, &model.parameters, &inside.theta, &mut log_priors);
        if self.as_simulated {
            model.law.add_log_steps(dim, &inside.theta, &mut log_priors);
        }
        inside.spread(&log_priors)
    }

    /// log(q_j/p) of each row: what the flow has learnt.
    pub fn log_learnt(&self, rows: Rows, at: At) -> Vec<f64> {
        let log_q = self.log_q(rows, at);
        log_q.iter().zip(self.log_prior(rows.theta)).map(|(q, p)| q - p).collect()
    }

    /// log(L_k·p/q_j) of each row; −∞ where that is no number.
    pub fn log_ratios(&self, rows: Rows, at: At) -> Vec<f64> {
        in_chunks(rows, self.model().theta_dim(), |rows| {
            let ratio = |(joint, q): (f64, f64)| match joint - q {
                ratio if ratio.is_finite() => ratio,
                _ => f64::NEG_INFINITY,
            };
            self.log_joint(rows, at).into_iter().zip(self.log_q(rows, at)).map(ratio).collect()
        })
    }

    /// log q_j of each row; −∞ where none of flow j's draws lie.
    pub fn log_q(&self, rows: Rows, at: At) -> Vec<f64> {
        if let Some(known) = rows.log_q {
            return known.to_vec();
        }
        let flows = self.proposal.flows;
        let flow_of = |pair| pair % flows.len();
        self.by_flow(rows, flows.len(), flow_of, |flow, theta| {
            let own = Proposal { flows: &flows[flow..=flow], ..self.proposal };
            own.log_prob_rows(theta, at.context)
        })
    }

    /// log q_j^power of each row. To the power of 0 it still says where flow j's draws lie, the ends of an
    /// interval, which its space does not have, included.
    fn log_power(&self, power: f64, rows: Rows, at: At) -> Vec<f64> {
        let mut log_q = self.log_q(rows, at);
        if power > 0.0 {
            log_q.iter_mut().for_each(|log| *log *= power);
            return log_q;
        }
        let Model { prior, parameters, .. } = self.model();
        for (log, row) in log_q.iter_mut().zip(rows.theta.chunks_exact(self.model().theta_dim())) {
            if log.is_finite() || !parameters.reaches(prior, row) {
                *log = 0.0;
            }
        }
        log_q
    }

    /// log L_k(x | θ) p(θ) of each row, up to a constant that depends on x alone.
    fn log_joint(&self, rows: Rows, at: At) -> Vec<f64> {
        let Some(likelihood) = self.likelihood else { return vec![0.0; rows.pairs.len()] };
        let flow_of = |pair| pair / self.proposal.flows.len() % self.likelihoods();
        self.by_flow(rows, self.likelihoods(), flow_of, |flow, theta| {
            self.log_joint_of((likelihood, self.member.unwrap_or(flow)), theta, at)
        })
    }

    fn log_joint_of(
        &self,
        (likelihood, flow): (&LikelihoodModel, usize),
        theta: &[f64],
        at: At,
    ) -> Vec<f64> {
        let (prior, dim) = (&self.model().prior, self.model().theta_dim());
        let inside = Inside::of(theta, dim, |row| prior.contains(row));
        let seen = likelihood.seen(prior, inside.theta.chunks_exact(dim), at.context);
        let (asked, go_on) = ((flow, self.proposal.kind), || !self.proposal.asking.stopped());
        let densities = likelihood.log_density(asked, at.target, &seen, &go_on);
        let mut joint = inside.spread(&densities);
        joint.iter_mut().zip(self.log_prior(theta)).for_each(|(joint, prior)| *joint += prior);
        joint
    }

    /// Asks each of `flows` about its rows.
    fn by_flow(
        &self,
        rows: Rows,
        flows: usize,
        flow_of: impl Fn(usize) -> usize,
        ask: impl Fn(usize, &[f64]) -> Vec<f64>,
    ) -> Vec<f64> {
        let dim = self.model().theta_dim();
        let mut out = vec![f64::NAN; rows.pairs.len()];
        for flow in 0..flows {
            // What is computed from then on is of no use.
            if self.proposal.asking.stopped() {
                return out;
            }
            let own: Vec<usize> =
                (0..out.len()).filter(|row| flow_of(rows.pairs[*row]) == flow).collect();
            if own.is_empty() {
                continue;
            }
            let of = |row: &usize| &rows.theta[row * dim..(row + 1) * dim];
            let theta: Vec<f64> = own.iter().flat_map(of).copied().collect();
            own.into_iter().zip(ask(flow, &theta)).for_each(|(row, value)| out[row] = value);
        }
        out
    }

    /// log p/r of each row, r the law that θ of the simulations was drawn from: what takes q from one
    /// to the other. `None` where they are the same.
    fn log_shifts(&self, rows: Rows) -> Option<Vec<f64>> {
        let (law, prior) = (&self.model().law, &self.model().prior);
        let shifted = law.is_shifted() && !self.as_simulated;
        let shift = |row: &[f64]| law.log_shift(prior, row);
        shifted.then(|| rows.theta.chunks_exact(self.model().theta_dim()).map(shift).collect())
    }
}

/// Runs `each` on runs of rows, in parallel; the runs are the same whatever the thread count.
fn in_chunks<T: Send>(rows: Rows, dim: usize, each: impl Fn(Rows) -> Vec<T> + Sync) -> Vec<T> {
    let starts: Vec<usize> = (0..rows.pairs.len()).step_by(CHUNK).collect();
    starts.into_par_iter().flat_map_iter(|start| each(rows.chunk(start, CHUNK, dim))).collect()
}
