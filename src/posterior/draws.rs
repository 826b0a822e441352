//! Drawing: latents through the decoder, polished, kept where the prior allows.

use super::{Posterior, PosteriorError};
use crate::engine::Direction;
use crate::flow::polish;
use crate::random::{Purpose, stream};
use ndarray::Array2;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

/// Latents of one random stream.
const CHUNK: usize = 1024;
/// Below this share of draws inside the support, redrawing gives up.
const LEAST_ACCEPTANCE: f64 = 1e-3;

/// Draws from a posterior.
#[derive(Clone, Debug, PartialEq)]
pub struct Draws {
    /// `[n, D]`, every row inside the prior's support.
    pub theta: Array2<f32>,
    /// Share of the flow's draws that lay inside it.
    pub acceptance: f64,
}

pub(super) fn draw(
    posterior: &Posterior,
    context: &[f32],
    n: usize,
    seed: u64,
) -> Result<Draws, PosteriorError> {
    let dim = posterior.model.network.theta_dim;
    let (mut kept, mut drawn, mut accepted, mut chunk) = (Vec::new(), 0, 0, 0_u64);
    while accepted < n {
        // As many chunks as the acceptance so far asks for, so few are made in vain.
        let rate = if drawn == 0 { 1.0 } else { (accepted as f64 / drawn as f64).max(0.01) };
        let needed = ((n - accepted) as f64 / rate / CHUNK as f64).ceil() as u64;
        let batches: Vec<Vec<f32>> = (chunk..chunk + needed)
            .into_par_iter()
            .map(|c| inside(posterior, context, seed, c))
            .collect();
        chunk += needed;
        for batch in batches {
            // Chunks past the last needed draw do not count, so that how many were made at once
            // changes nothing.
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

/// The share of at least `n` draws that lies inside the support; 1 where it is all of R^D.
pub(super) fn acceptance(
    posterior: &Posterior,
    context: &[f32],
    n: usize,
    seed: u64,
) -> Result<f64, PosteriorError> {
    if posterior.model.is_always_inside() {
        return Ok(1.0);
    }
    let chunks = n.div_ceil(CHUNK) as u64;
    let dim = posterior.model.network.theta_dim;
    let accepted: usize =
        (0..chunks).into_par_iter().map(|c| inside(posterior, context, seed, c).len() / dim).sum();
    let drawn = chunks as usize * CHUNK;
    if accepted == 0 {
        return Err(PosteriorError::Leakage { accepted, drawn });
    }
    Ok(accepted as f64 / drawn as f64)
}

/// The draws of one chunk that lie inside the prior's support, row after row.
fn inside(posterior: &Posterior, context: &[f32], seed: u64, chunk: u64) -> Vec<f32> {
    let model = &posterior.model;
    let dim = model.network.theta_dim;
    let mut rng = stream(seed, Purpose::Latents, chunk);
    let z: Vec<f32> = (0..CHUNK * dim).map(|_| StandardNormal.sample(&mut rng)).collect();
    let mut points = vec![0.0; z.len()];
    let mut engine = posterior.engine();
    engine.transform(Direction::Decode, &z, context, &mut points);
    polish(&mut *engine, &z, context, model.config.posterior.polish_steps, &mut points);
    let mut kept = Vec::with_capacity(z.len());
    let mut theta = vec![0.0; dim];
    for point in points.chunks_exact(dim) {
        model.parameters.invert(&model.prior, point, &mut theta);
        // What is judged is what is kept: the rounded numbers.
        let rounded: Vec<f32> = theta.iter().map(|v| *v as f32).collect();
        theta.iter_mut().zip(&rounded).for_each(|(t, r)| *t = f64::from(*r));
        if rounded.iter().all(|v| v.is_finite()) && model.prior.contains(&theta) {
            kept.extend(rounded);
        }
    }
    kept
}
