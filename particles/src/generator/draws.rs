//! Draws of a flow with their densities.

use super::density::latent;
use crate::flow::{Direction, Flow, Mapper, Values};
use crate::random::{Purpose, stream};
use crate::space::center_single;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use std::ops::Range;

/// One draw.
#[derive(Clone, Debug, PartialEq)]
pub struct Draw {
    /// Zero-centred positions, `[N·n]`.
    pub x: Vec<f64>,
    /// ln N(z) − ln|det J_g(z)| at the z that it was drawn with; NaN where J_g is singular.
    pub log_q: f64,
    /// Whether det J_g(z) < 0: such draws are on another branch of g than most.
    pub is_folded: bool,
    /// |f(g(z)) − z|², in latent units.
    pub cycle: f64,
}

/// Draws number `range` of a seed: each has latent numbers of its own, so that pieces make up
/// the same whole on any number of threads.
#[must_use]
pub fn draws(flow: &Flow, seed: u64, range: Range<usize>) -> Vec<Draw> {
    in_batches(
        range,
        Mapper::new(flow, Direction::Decode).batch(),
        || [Direction::Encode, Direction::Decode].map(|d| Mapper::new(flow, d)),
        |[encoder, decoder], batch| drawn(flow, encoder, decoder, seed, batch),
    )
}

/// The positions alone, `[range, N·n]`: one pass a draw, where its density takes (N − 1)·n more.
#[must_use]
pub fn positions(flow: &Flow, seed: u64, range: Range<usize>) -> Vec<f64> {
    in_batches(
        range,
        Values::new(flow, Direction::Decode).batch(),
        || Values::new(flow, Direction::Decode),
        |decoder, batch| {
            let x = decoder.at(&latents(flow, seed, batch));
            x.into_iter().map(|v| flow.scale * f64::from(v)).collect()
        },
    )
}

/// What `each` makes of runs of at most `batch` numbers of a range, side by side.
fn in_batches<S, T: Send>(
    range: Range<usize>,
    batch: usize,
    prepared: impl Fn() -> S + Sync + Send,
    each: impl Fn(&mut S, Range<usize>) -> Vec<T> + Sync + Send,
) -> Vec<T> {
    let (start, end) = (range.start, range.end);
    (0..range.len().div_ceil(batch))
        .into_par_iter()
        .map_init(prepared, |state, chunk| {
            let first = start + chunk * batch;
            each(state, first..(first + batch).min(end))
        })
        .flatten_iter()
        .collect()
}

/// Zero-centred normal numbers, `[range, N·n]`.
fn latents(flow: &Flow, seed: u64, range: Range<usize>) -> Vec<f32> {
    let size = flow.spec.particles * flow.spec.dims;
    let mut z = Vec::with_capacity(range.len() * size);
    for index in range {
        let mut rng = stream(seed, Purpose::Latent, index as u64);
        let mut row: Vec<f32> = StandardNormal.sample_iter(&mut rng).take(size).collect();
        center_single(&mut row, flow.spec.dims);
        z.extend(row);
    }
    z
}

fn drawn(
    flow: &Flow,
    encoder: &mut Mapper,
    decoder: &mut Mapper,
    seed: u64,
    range: Range<usize>,
) -> Vec<Draw> {
    let (dof, size) = (flow.spec.dof(), flow.spec.particles * flow.spec.dims);
    let z = latents(flow, seed, range);
    let mapped = decoder.jacobians(&z);
    let x: Vec<f32> = mapped.iter().flat_map(|mapped| mapped.value.clone()).collect();
    let back = encoder.values(&x);
    let rows = z.chunks_exact(size).zip(back.chunks_exact(size));
    mapped
        .iter()
        .zip(rows)
        .map(|(mapped, (z, back))| {
            let determinant = mapped.inverse(dof).map(|(_, determinant)| determinant);
            Draw {
                x: mapped.value.iter().map(|v| flow.scale * f64::from(*v)).collect(),
                log_q: determinant.map_or(f64::NAN, |d| latent(flow, z) - d.log),
                is_folded: determinant.is_some_and(|d| d.negative),
                cycle: z.iter().zip(back).map(|(z, b)| f64::from(z - b).powi(2)).sum(),
            }
        })
        .collect()
}
