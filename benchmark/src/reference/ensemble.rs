//! Ensemble MCMC (Goodman & Weare 2010) on likelihood × prior, for tasks without a closed form:
//! exact in the limit, and refused where it has not converged.

use super::diagnostics::{Chains, Diagnostics};
use super::{ReferenceDraws, ReferenceError};
use crate::Pieces;
use crate::random::stream;
use freeform_simulators::{Prior, Task};
use hammer_and_sample::{DifferentialEvolution, Mixture, Model, Schedule, Serial, Stretch};
use ndarray::Array2;
use rand::seq::SliceRandom;
use rayon::prelude::*;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Independent ensembles; each has this many walkers.
const ENSEMBLES: usize = 2;
const WALKERS: usize = 100;
/// Prior draws from which the walkers start: the most probable ones.
const STARTS: usize = 20_000;
/// Steps thrown away, and steps of one segment between two looks at convergence.
const BURN_IN: usize = 1_500;
const SEGMENT: usize = 1_000;
const MOST_SEGMENTS: usize = 40;
/// Largest allowed R-hat (Vehtari et al. 2021).
const MOST_R_HAT: f64 = 1.01;
/// Segments made sooner than this are not kept.
const WORTH_KEEPING: Duration = Duration::from_millis(300);
/// Effective draws behind each draw returned: those lie far enough apart to be nearly independent.
const OVERSAMPLING: f64 = 3.0;

/// The posterior in the prior's unconstrained coordinates.
struct Target<'a> {
    task: &'a Task,
    prior: &'a Prior,
    x: &'a [f64],
}

impl Model for Target<'_> {
    type Params = Vec<f64>;

    fn log_prob(&self, u: &Vec<f64>) -> f64 {
        let mut theta = vec![0.0; u.len()];
        let log_slope = self.prior.from_unconstrained(u, &mut theta);
        let log_prior = self.prior.log_prob(&theta);
        if log_prior == f64::NEG_INFINITY {
            return log_prior;
        }
        let value = self.task.log_likelihood(&theta, self.x) + log_prior + log_slope;
        if value.is_nan() { f64::NEG_INFINITY } else { value }
    }
}

/// Steps of all walkers, until there are enough of them or the caller asks to stop.
struct Steps<'a> {
    states: usize,
    stop: &'a AtomicBool,
}

impl Schedule<Vec<f64>> for Steps<'_> {
    fn next_step(&mut self, chain: &[Vec<f64>]) -> ControlFlow<()> {
        match chain.len() >= self.states || self.stop.load(Ordering::Relaxed) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    fn iterations(&self, walkers: usize) -> Option<usize> {
        Some(self.states / walkers)
    }
}

fn go_on(stop: &AtomicBool) -> Result<(), ReferenceError> {
    if stop.load(Ordering::Relaxed) { Err(ReferenceError::Interrupted) } else { Ok(()) }
}

/// `n` nearly independent draws from the posterior.
pub(super) fn draws(
    task: &Task,
    x: &[f64],
    n: usize,
    seed: u64,
    (stop, pieces): (&AtomicBool, &dyn Pieces),
) -> Result<ReferenceDraws, ReferenceError> {
    // Were every state of every chain independent.
    let most = (WALKERS * ENSEMBLES * SEGMENT * MOST_SEGMENTS) as f64 / OVERSAMPLING;
    if n as f64 > most {
        return Err(ReferenceError::TooMany { task: task.name(), n, most: most as usize });
    }
    let target = Target { task, prior: task.prior(), x };
    let dim = task.prior().dim();
    let known = pieces.recall(&segment_name(0)).and_then(|piece| unpack(&piece, dim));
    let mut ensembles = match known {
        Some(known) => last(&known),
        None => {
            let mut ensembles: Vec<Vec<Vec<f64>>> =
                (0..ENSEMBLES).into_par_iter().map(|e| starts(&target, seed, e, stop)).collect();
            go_on(stop)?;
            let begun = Instant::now();
            advance(&target, &mut ensembles, (BURN_IN, 0), seed, stop)?;
            keep(pieces, (0, begun), &ensembles);
            ensembles
        }
    };
    let mut chains = Chains::new(dim, ENSEMBLES * WALKERS);
    let mut diagnostics = Diagnostics::default();
    for segment in 1..=MOST_SEGMENTS {
        let known = pieces.recall(&segment_name(segment));
        let known = known.and_then(|piece| unpack(&piece, dim));
        let states = match known.filter(|known| known[0].len() == SEGMENT * WALKERS) {
            Some(known) => {
                ensembles = last(&known);
                known
            }
            None => {
                let begun = Instant::now();
                let states = advance(&target, &mut ensembles, (SEGMENT, segment), seed, stop)?;
                keep(pieces, (segment, begun), &states);
                states
            }
        };
        chains.extend(&states, WALKERS);
        // A next segment was begun because this one was not enough.
        if pieces.recall(&segment_name(segment + 1)).is_some() {
            continue;
        }
        diagnostics = chains.diagnose(stop);
        go_on(stop)?;
        let enough = diagnostics.effective_draws >= OVERSAMPLING * n as f64;
        if enough && diagnostics.r_hat <= MOST_R_HAT {
            return Ok(ReferenceDraws {
                theta: thin(&chains, task, n, seed),
                diagnostics: Some(diagnostics),
                remark: None,
            });
        }
    }
    let Diagnostics { r_hat, effective_draws } = diagnostics;
    let wanted = (OVERSAMPLING * n as f64) as usize;
    Err(ReferenceError::NotConverged { task: task.name(), r_hat, effective_draws, wanted })
}

fn segment_name(segment: usize) -> String {
    format!("segment-{segment}")
}

/// Keeps the states of a segment, or the walkers after the burn-in; draws are right whether or not they can
/// be kept. What took no time is made again as soon.
fn keep(pieces: &dyn Pieces, (segment, begun): (usize, Instant), ensembles: &[Vec<Vec<f64>>]) {
    if begun.elapsed() < WORTH_KEEPING {
        return;
    }
    let numbers = ensembles.iter().flatten().flatten();
    let piece: Vec<u8> = numbers.flat_map(|number| number.to_le_bytes()).collect();
    let _ = pieces.put(&segment_name(segment), &piece);
}

/// The states that were kept.
fn unpack(piece: &[u8], dim: usize) -> Option<Vec<Vec<Vec<f64>>>> {
    let numbers = piece.as_chunks::<8>().0.iter().map(|bytes| f64::from_le_bytes(*bytes));
    let numbers: Vec<f64> = numbers.collect();
    let states: Vec<Vec<f64>> = numbers.chunks_exact(dim).map(<[f64]>::to_vec).collect();
    let each = states.len() / ENSEMBLES;
    let whole = each >= WALKERS && 8 * ENSEMBLES * each * dim == piece.len();
    whole.then(|| states.chunks_exact(each).map(<[Vec<f64>]>::to_vec).collect())
}

/// Where the walkers stand at the end of a segment.
fn last(ensembles: &[Vec<Vec<f64>>]) -> Vec<Vec<Vec<f64>>> {
    ensembles.iter().map(|chain| chain[chain.len() - WALKERS..].to_vec()).collect()
}

/// The walkers of an ensemble: the most probable of many prior draws, or of fewer when told to stop.
fn starts(target: &Target, seed: u64, ensemble: usize, stop: &AtomicBool) -> Vec<Vec<f64>> {
    let mut rng = stream(seed, "reference starts", ensemble as u64);
    let dim = target.prior.dim();
    let (mut theta, mut scored) = (vec![0.0; dim], Vec::with_capacity(STARTS));
    for _ in 0..STARTS {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let mut u = vec![0.0; dim];
        target.prior.sample(&mut rng, &mut theta);
        target.prior.to_unconstrained(&theta, &mut u);
        scored.push((target.log_prob(&u), u));
    }
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    scored.into_iter().take(WALKERS).map(|(_, u)| u).collect()
}

/// Moves each ensemble by the steps of a segment; returns all states, `[steps][walkers]` for each
/// ensemble.
fn advance(
    target: &Target,
    ensembles: &mut [Vec<Vec<f64>>],
    (steps, segment): (usize, usize),
    seed: u64,
    stop: &AtomicBool,
) -> Result<Vec<Vec<Vec<f64>>>, ReferenceError> {
    let dim = target.prior.dim() as f64;
    // The usual scale of a difference move, spread a little.
    let gamma = 2.38 / (2.0 * dim).sqrt();
    let moves = || {
        let difference = DifferentialEvolution::new(gamma, 0.1 * gamma);
        Mixture::from(((Stretch::default(), 1), (difference, 2)))
    };
    let run = |(ensemble, walkers): (usize, &mut Vec<Vec<f64>>)| {
        let start = walkers.iter().enumerate().map(|(walker, state)| {
            let index = (segment * ENSEMBLES + ensemble) * WALKERS + walker;
            (state.clone(), stream(seed, "reference moves", index as u64))
        });
        let schedule = Steps { states: steps * WALKERS, stop };
        let (chain, _) = hammer_and_sample::sample(target, &moves(), start, schedule, Serial);
        go_on(stop)?;
        walkers.clone_from_slice(&chain[chain.len() - WALKERS..]);
        Ok(chain)
    };
    ensembles.par_iter_mut().enumerate().map(run).collect()
}

/// `n` states as parameters, from all walkers in turn, evenly spaced in time.
fn thin(chains: &Chains, task: &Task, n: usize, seed: u64) -> Array2<f32> {
    let prior = task.prior();
    let walkers = ENSEMBLES * WALKERS;
    let (steps, rounds) = (chains.len() / walkers, n.div_ceil(walkers));
    let mut chosen: Vec<usize> = (0..rounds)
        .flat_map(|round| {
            let step = (round + 1) * steps / rounds - 1;
            (0..walkers).map(move |walker| step * walkers + walker)
        })
        .collect();
    chosen.shuffle(&mut stream(seed, "reference order", 0));
    let mut out = Array2::zeros((n, prior.dim()));
    let mut theta = vec![0.0; prior.dim()];
    for (mut row, index) in out.rows_mut().into_iter().zip(chosen) {
        prior.from_unconstrained(chains.state(index), &mut theta);
        row.iter_mut().zip(&theta).for_each(|(slot, t)| *slot = *t as f32);
    }
    out
}
