//! Where a flow's draws lie: an encoder that folds gives density to more points than are ever decoded.

use super::density::{for_chunks, jacobians, log_densities};
use super::polish::{LOST, ends};
use crate::engine::{Direction, Engine};

/// Squared distance, in units of the latent, within which two points are taken for one: so near to each
/// other, two that the encoder takes to one latent hold next to nothing between them.
const SAME: f64 = 0.09;
/// The same after Newton's steps, which may end as far from their latent.
const SAME_AT_END: f64 = 4.0 * LOST;
/// Share of a difference by which the encoder may deviate from its tangent there, for Newton's steps to
/// go from one of the two points to the other.
const STRAIGHT: f64 = 0.1;

/// [`encoder_log_density`](super::encoder_log_density) where draws lie, −∞ elsewhere: at points that their
/// own latent is not decoded and polished to, by at most `steps` Newton steps.
///
/// Newton's steps solve f(θ) = z, so that no two latents have the same draw: where draws lie, this is the
/// density that they have.
pub fn branch_log_density(
    engine: &mut dyn Engine,
    theta: &[f32],
    context: &[f32],
    steps: usize,
) -> Vec<f64> {
    let dim = engine.spec().theta_dim;
    let mut out = Vec::with_capacity(theta.len() / dim);
    for_chunks(engine, theta, context, |engine, theta, context| {
        let (z, jacobian) = jacobians(engine, Direction::Encode, theta, context);
        let mut back = vec![0.0; z.len()];
        engine.transform(Direction::Decode, &z, context, &mut back);
        let rows = Rows { dim, theta, z: &z, jacobian: &jacobian, context };
        let returned = rows.returns(engine, back, steps);
        let densities = log_densities(&z, &jacobian, 1.0, dim).zip(returned);
        out.extend(densities.map(|(log, is_there)| if is_there { log } else { f64::NEG_INFINITY }));
    });
    out
}

/// Points θ `[n, D]` of one chunk, z = f(θ) and the Jacobians ∂f/∂θ there.
#[derive(Clone, Copy)]
struct Rows<'a> {
    dim: usize,
    theta: &'a [f32],
    z: &'a [f32],
    jacobian: &'a [f32],
    context: &'a [f32],
}

impl Rows<'_> {
    /// Whether each θ is what z is decoded and polished to, `back` being the decoder's g(z).
    fn returns(self, engine: &mut dyn Engine, back: Vec<f32>, steps: usize) -> Vec<bool> {
        let dim = self.dim;
        let n = self.z.len() / dim;
        let mut returned: Vec<bool> =
            (0..n).map(|row| self.square(row, &back[row * dim..][..dim]) <= SAME).collect();
        // A decoder may be off, and Newton's steps mend it.
        let off: Vec<usize> = (0..n).filter(|row| !returned[*row]).collect();
        if off.is_empty() {
            return returned;
        }
        let (off_back, z) = (self.of(&back, dim, &off), self.of(self.z, dim, &off));
        let mut images = vec![0.0; z.len()];
        let contexts = self.contexts(engine, &off);
        engine.transform(Direction::Encode, &off_back, &contexts, &mut images);
        let mut unclear = Vec::new();
        for (row, image) in off.iter().zip(images.chunks_exact(dim)) {
            returned[*row] = self.is_straight(*row, &back[row * dim..][..dim], image);
            if !returned[*row] {
                unclear.push(*row);
            }
        }
        let mut points = self.of(&back, dim, &unclear);
        let z = self.of(self.z, dim, &unclear);
        let contexts = self.contexts(engine, &unclear);
        let best = ends(engine, &z, &contexts, steps, &mut points);
        for ((row, end), best) in unclear.iter().zip(points.chunks_exact(dim)).zip(best) {
            returned[*row] = best <= LOST && self.square(*row, end) <= SAME_AT_END;
        }
        returned
    }

    /// J (end − θ), the difference of two points in units of the latent.
    fn difference(self, row: usize, end: &[f32]) -> impl Iterator<Item = f64> {
        let (dim, theta) = (self.dim, &self.theta[row * self.dim..][..self.dim]);
        let jacobian = self.jacobian[row * dim * dim..][..dim * dim].chunks_exact(dim);
        jacobian.map(move |line| {
            let terms = line.iter().zip(end.iter().zip(theta));
            terms.map(|(j, (end, theta))| f64::from(*j) * f64::from(end - theta)).sum()
        })
    }

    fn square(self, row: usize, end: &[f32]) -> f64 {
        self.difference(row, end).map(|d: f64| d * d).sum()
    }

    /// Whether the encoder goes straight from θ, whose latent is z, to a point with this image.
    fn is_straight(self, row: usize, end: &[f32], image: &[f32]) -> bool {
        let z = &self.z[row * self.dim..][..self.dim];
        let bend = self.difference(row, end).zip(image.iter().zip(z));
        let bend: f64 = bend.map(|(d, (f, z))| (f64::from(f - z) - d).powi(2)).sum();
        bend <= STRAIGHT * STRAIGHT * self.square(row, end)
    }

    fn of(self, table: &[f32], width: usize, rows: &[usize]) -> Vec<f32> {
        rows.iter().flat_map(|row| &table[row * width..(row + 1) * width]).copied().collect()
    }

    /// Contexts of some rows, or the one that all share.
    fn contexts(self, engine: &dyn Engine, rows: &[usize]) -> Vec<f32> {
        let width = engine.spec().context_dim;
        let shared = self.context.len() == width;
        if shared { self.context.to_vec() } else { self.of(self.context, width, rows) }
    }
}
