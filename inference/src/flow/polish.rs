//! Newton's method on the encoder: draws that follow the encoder's density, and that density.

use super::density::{for_chunks, jacobians};
use crate::engine::{Direction, Engine, invert, normal_normalizer};

/// A residual ‖f(θ) − z‖² below this moves a draw by less than a hundredth of the latent normal's
/// width: its law is the encoder's to within a fraction of a percent.
const CONVERGED: f64 = 2.5e-5;
/// A row whose residual stays above this did not find its latent's preimage.
pub(super) const LOST: f64 = 1e-2;
/// Longest Newton step, in the flow's (unit-variance) space: keeps far jumps in the same branch.
const LONGEST_STEP: f64 = 1.0;

/// Refines the decoder's θ₀ = g(z; x) by up to `steps` damped Newton steps on f(θ; x) = z, and
/// returns the encoder's log-density at each result, log N(f(θ; x); 0, I) + log|det J_f|; −∞ where
/// J_f is singular, and where no point with f(θ) = z was found. A step that does not shrink a row's residual is halved the next time; a row
/// never ends with a larger residual than it began with.
///
/// `z` and `theta` are `[n, D]` in the flow's space; `context` `[n, C]` or `[C]`.
pub fn polish(
    engine: &mut dyn Engine,
    z: &[f32],
    context: &[f32],
    steps: usize,
    theta: &mut [f32],
) -> Vec<f64> {
    let mut log_densities = Vec::with_capacity(z.len() / engine.spec().theta_dim);
    let mut start = 0;
    for_chunks(engine, z, context, |engine, z, context| {
        let mut rows = Rows::new(engine.spec().theta_dim, &mut theta[start..start + z.len()]);
        rows.polish(engine, z, context, steps);
        rows.drop_lost();
        log_densities.extend(rows.log_densities);
        start += z.len();
    });
    log_densities
}

/// Where the decoder's g(z), as rows `theta` `[n, D]`, ends after at most `steps` Newton steps, and the
/// squared residual ‖f(θ) − z‖² there.
pub(super) fn ends(
    engine: &mut dyn Engine,
    z: &[f32],
    context: &[f32],
    steps: usize,
    theta: &mut [f32],
) -> Vec<f64> {
    let mut rows = Rows::new(engine.spec().theta_dim, theta);
    if !z.is_empty() {
        rows.polish(engine, z, context, steps);
    }
    rows.best
}

/// Rows on their way, with the best of each so far.
struct Rows<'a> {
    dim: usize,
    theta: &'a mut [f32],
    log_densities: Vec<f64>,
    /// The best points' squared residuals.
    best: Vec<f64>,
    /// Newton's steps from them.
    direction: Vec<f64>,
    damping: Vec<f64>,
}

impl<'a> Rows<'a> {
    fn new(dim: usize, theta: &'a mut [f32]) -> Self {
        let rows = theta.len() / dim;
        Self {
            dim,
            log_densities: vec![f64::NEG_INFINITY; rows],
            best: vec![f64::INFINITY; rows],
            direction: vec![0.0; theta.len()],
            damping: vec![1.0; rows],
            theta,
        }
    }

    fn polish(&mut self, engine: &mut dyn Engine, z: &[f32], context: &[f32], steps: usize) {
        let (dim, width) = (self.dim, engine.spec().context_dim);
        let mut moving: Vec<usize> = (0..self.best.len()).collect();
        let mut candidates = self.theta.to_vec();
        let mut scratch = Scratch::new(dim);
        for round in 0..=steps {
            // Only rows that still move are evaluated.
            let own: Vec<f32>;
            let contexts = if context.len() == width || moving.len() == self.best.len() {
                context
            } else {
                let of = |row: &usize| &context[row * width..(row + 1) * width];
                own = moving.iter().flat_map(of).copied().collect();
                &own
            };
            let (images, matrices) = jacobians(engine, Direction::Encode, &candidates, contexts);
            let evaluated = images.chunks_exact(dim).zip(matrices.chunks_exact(dim * dim));
            for ((row, candidate), (image, matrix)) in
                moving.iter().zip(candidates.chunks_exact(dim)).zip(evaluated)
            {
                let z = &z[row * dim..(row + 1) * dim];
                self.judge(*row, candidate, z, (image, matrix), &mut scratch);
            }
            if round == steps {
                return;
            }
            moving.retain(|row| self.best[*row] > CONVERGED);
            if moving.is_empty() {
                return;
            }
            candidates.clear();
            for row in &moving {
                let at = row * dim..(row + 1) * dim;
                let step = self.direction[at.clone()].iter().map(|d| self.damping[*row] * d);
                let from = self.theta[at].iter();
                candidates.extend(from.zip(step).map(|(t, s)| (f64::from(*t) + s) as f32));
            }
        }
    }

    /// Gives no density to rows that did not find their latent's preimage.
    fn drop_lost(&mut self) {
        for (log_density, best) in self.log_densities.iter_mut().zip(&self.best) {
            if *best > LOST {
                *log_density = f64::NEG_INFINITY;
            }
        }
    }

    /// Takes a candidate for a row where it is better than what was there.
    fn judge(
        &mut self,
        row: usize,
        candidate: &[f32],
        z: &[f32],
        (image, matrix): (&[f32], &[f32]),
        scratch: &mut Scratch,
    ) {
        let (dim, Scratch { residual, inverse, pivots }) = (self.dim, scratch);
        let pairs = z.iter().zip(image);
        residual.iter_mut().zip(pairs).for_each(|(r, (z, f))| *r = f64::from(z - f));
        let square: f64 = residual.iter().map(|v| v * v).sum();
        if square.is_nan() || square >= self.best[row] {
            self.damping[row] *= 0.5;
            return;
        }
        let at = row * dim..(row + 1) * dim;
        self.best[row] = square;
        self.damping[row] = 1.0;
        self.theta[at.clone()].copy_from_slice(candidate);
        inverse.iter_mut().zip(matrix).for_each(|(m, j)| *m = f64::from(*j));
        let log_det = invert(dim, inverse, pivots);
        let step = &mut self.direction[at];
        if log_det.is_nan() {
            self.log_densities[row] = f64::NEG_INFINITY;
            step.fill(0.0);
            return;
        }
        let length: f64 = image.iter().map(|v| f64::from(*v).powi(2)).sum();
        self.log_densities[row] = log_det - 0.5 * length - normal_normalizer(dim);
        for (slot, inverse) in step.iter_mut().zip(inverse.chunks_exact(dim)) {
            *slot = inverse.iter().zip(&*residual).map(|(a, b)| a * b).sum();
        }
        let length = step.iter().map(|v| v * v).sum::<f64>().sqrt();
        if length > LONGEST_STEP {
            step.iter_mut().for_each(|v| *v *= LONGEST_STEP / length);
        }
    }
}

/// Room for one row's numbers.
struct Scratch {
    residual: Vec<f64>,
    inverse: Vec<f64>,
    pivots: Vec<usize>,
}

impl Scratch {
    fn new(dim: usize) -> Self {
        let (residual, inverse) = (vec![0.0; dim], vec![0.0; dim * dim]);
        Self { residual, inverse, pivots: vec![0; dim] }
    }
}
