//! Draws of a flow with their densities.

use super::density::{densities, latent};
use crate::flow::{Direction, Flow, Mapped, Mapper, Values};
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
    /// Whether f leads from x to another z with the same g(z), as [`densities`] finds it. Such an x is
    /// drawn from both; so that it counts once, and with the density that it is judged by, this draw has no
    /// [weight](Self::log_weight).
    pub is_second: bool,
}

impl Draw {
    /// ln w = −u − ln q for the energy u of x; −∞ for a second code.
    #[must_use]
    pub fn log_weight(&self, energy: f64) -> f64 {
        if self.is_second { f64::NEG_INFINITY } else { -energy - self.log_q }
    }
}

/// From these distances of f(g(z)) from z on it is looked at which of several codes f leads to.
const NEAR: f64 = 1e-3;
/// Share of that distance which g's slope at z may leave unexplained where it is the code that f leads to.
const BENT: f64 = 0.2;
/// Log-densities of one code, found in two ways, differ less.
const SAME: f64 = 0.01;

/// Draws number `range` of a seed: each has latent numbers of its own, so that pieces make up
/// the same whole on any number of threads.
#[must_use]
pub fn draws(flow: &Flow, seed: u64, range: Range<usize>) -> Vec<Draw> {
    let mut drawn = in_batches(
        range,
        Mapper::new(flow, Direction::Decode).batch(),
        || [Direction::Encode, Direction::Decode].map(|d| Mapper::new(flow, d)),
        |[encoder, decoder], batch| drawn(flow, encoder, decoder, seed, batch),
    );
    let doubtful = drawn.iter().filter(|draw| draw.is_second);
    let x: Vec<f64> = doubtful.flat_map(|draw| draw.x.iter().copied()).collect();
    let doubtful = drawn.iter_mut().filter(|draw| draw.is_second);
    for (draw, density) in doubtful.zip(densities(flow, &x)) {
        let apart = (density.log_q - draw.log_q).abs();
        draw.is_second = density.is_solved() && (apart > SAME || apart.is_nan());
    }
    drawn
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

/// Draws of which those that may be second codes are called so.
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
    let code = encoder.values(&x);
    let again = decoder.values(&code);
    let rows = z.chunks_exact(size).zip(code.chunks_exact(size)).zip(again.chunks_exact(size));
    mapped
        .iter()
        .zip(rows)
        .map(|(mapped, ((z, code), again))| {
            let away = decoder.difference(z, code);
            let cycle = away.iter().map(|v| v * v).sum::<f64>();
            let inverse = mapped.inverse(dof);
            // Where g is as straight as at z on the way from f(x) to z, Newton's method goes there.
            let bent = inverse.as_ref().map_or(f64::INFINITY, |(inverse, _)| {
                let missed = decoder.difference(&mapped.value, again);
                let explained = Mapped::newton_step(inverse, &missed);
                away.iter().zip(explained).map(|(away, by)| (away - by).powi(2)).sum()
            });
            let determinant = inverse.map(|(_, determinant)| determinant);
            Draw {
                x: mapped.value.iter().map(|v| flow.scale * f64::from(*v)).collect(),
                log_q: determinant.map_or(f64::NAN, |d| latent(flow, z) - d.log),
                is_folded: determinant.is_some_and(|d| d.negative),
                cycle,
                is_second: cycle.sqrt() > NEAR && (bent > BENT * BENT * cycle || bent.is_nan()),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Layout, NetworkSpec};

    /// Two particles on a line: one degree of freedom, a decoder that turns back beyond 1.6, an encoder that
    /// changes nothing. For p uniform below 1.2 the mean of p/q is its mass, 1, by draws from codes
    /// that f leads to; by all of them p counts about twice.
    #[test]
    fn positions_with_two_codes_count_once() {
        const DRAWS: usize = 50_000;
        let spec = NetworkSpec { particles: 2, dims: 1, layers: 1, width: 16, normalizer: 1.0 };
        let mut flow = Flow::initial(spec, 1.0, 3);
        let last = Layout::new(&spec).blocks[0].last.clone();
        let (encoder, decoder) = flow.weights.split_at_mut(spec.parameters());
        encoder[last.clone()].fill(0.0);
        decoder[last].iter_mut().for_each(|w| *w *= 4000.0);
        let all = draws(&flow, 1, 0..DRAWS);
        // In the measure of an orthonormal basis.
        let log_p = -(2.4 * 2.0_f64.sqrt()).ln();
        let energy = |draw: &Draw| if draw.x[0].abs() < 1.2 { -log_p } else { f64::INFINITY };
        let mean = |weights: &[f64]| weights.iter().sum::<f64>() / DRAWS as f64;
        let once: Vec<f64> = all.iter().map(|draw| draw.log_weight(energy(draw)).exp()).collect();
        let square: f64 = once.iter().map(|w| (w - 1.0).powi(2)).sum();
        let error = square.sqrt() / DRAWS as f64;
        assert!((mean(&once) - 1.0).abs() < 4.0 * error, "{} ± {error}", mean(&once));
        let own = |draw: &Draw| (-energy(draw) - draw.log_q).exp();
        let twice = mean(&all.iter().map(own).collect::<Vec<f64>>());
        assert!(twice > 1.5 && error < 0.01, "{twice} {error}");
        // Pieces make up the whole.
        let pieces = [draws(&flow, 1, 0..777), draws(&flow, 1, 777..2000)].concat();
        assert_eq!(pieces, all[..2000]);
    }
}
