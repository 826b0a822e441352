//! Newton's method on the encoder: draws that follow the encoder's density exactly.

use super::density::{for_chunks, jacobians};
use crate::engine::{Direction, Engine, invert};

/// A residual ‖f(θ) − z‖² below this is rounding.
const CONVERGED: f64 = 1e-10;
/// Longest Newton step, in the flow's (unit-variance) space: keeps far jumps in the same branch.
const LONGEST_STEP: f64 = 1.0;

/// Refines the decoder's θ₀ = g(z; x) by up to `steps` damped Newton steps on f(θ; x) = z. A step
/// that does not shrink a row's residual is halved the next time; a row never ends with a larger
/// residual than it began with.
///
/// `z` and `theta` are `[n, D]` in the flow's space; `context` `[n, C]` or `[C]`.
pub fn polish(
    engine: &mut dyn Engine,
    z: &[f32],
    context: &[f32],
    steps: usize,
    theta: &mut [f32],
) {
    let mut start = 0;
    for_chunks(engine, z, context, |engine, z, context| {
        polish_chunk(engine, z, context, steps, &mut theta[start..start + z.len()]);
        start += z.len();
    });
}

fn polish_chunk(
    engine: &mut dyn Engine,
    z: &[f32],
    context: &[f32],
    steps: usize,
    theta: &mut [f32],
) {
    let dim = engine.spec().theta_dim;
    let rows = z.len() / dim;
    let mut candidate = theta.to_vec();
    let mut best = vec![f64::INFINITY; rows];
    let mut direction = vec![0.0; z.len()];
    let mut damping = vec![1.0; rows];
    let mut residual = vec![0.0; dim];
    let (mut inverse, mut pivots) = (vec![0.0; dim * dim], vec![0; dim]);
    for round in 0..=steps {
        let (output, jacobian) = jacobians(engine, Direction::Encode, &candidate, context);
        let mut moving = false;
        for r in 0..rows {
            let at = r * dim..(r + 1) * dim;
            let pairs = z[at.clone()].iter().zip(&output[at.clone()]);
            residual.iter_mut().zip(pairs).for_each(|(r, (z, f))| *r = f64::from(z - f));
            let square: f64 = residual.iter().map(|v| v * v).sum();
            if square < best[r] {
                best[r] = square;
                damping[r] = 1.0;
                theta[at.clone()].copy_from_slice(&candidate[at.clone()]);
                let step = &mut direction[at.clone()];
                let matrix = jacobian[r * dim * dim..][..dim * dim].iter();
                inverse.iter_mut().zip(matrix).for_each(|(m, j)| *m = f64::from(*j));
                let singular = invert(dim, &mut inverse, &mut pivots).is_nan();
                for (slot, row) in step.iter_mut().zip(inverse.chunks_exact(dim)) {
                    let product = row.iter().zip(&residual).map(|(a, b)| a * b).sum();
                    *slot = if singular { 0.0 } else { product };
                }
                let length = step.iter().map(|v| v * v).sum::<f64>().sqrt();
                if length > LONGEST_STEP {
                    step.iter_mut().for_each(|v| *v *= LONGEST_STEP / length);
                }
            } else {
                damping[r] *= 0.5;
            }
            if best[r] > CONVERGED && round < steps {
                moving = true;
                for i in at {
                    candidate[i] = (f64::from(theta[i]) + damping[r] * direction[i]) as f32;
                }
            }
        }
        if !moving {
            break;
        }
    }
}
