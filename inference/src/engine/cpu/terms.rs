//! The terms of the loss over rows, each with its gradient.

use crate::engine::inverse::invert;

/// Σ ‖θ̂ − θ‖² over rows, and `scale`/2 times its gradient.
pub(super) fn reconstruction(back: &[f32], theta: &[f32], gradient: &mut [f32], scale: f32) -> f64 {
    let mut sum = 0.0;
    for ((back, theta), g) in back.iter().zip(theta).zip(gradient) {
        let error = back - theta;
        sum += f64::from(error) * f64::from(error);
        *g = scale * error;
    }
    sum
}

/// Σ ‖J (θ̂ − θ)‖² over rows from J's columns `[D, rows, D]`; adds `scale`/2 times its gradient
/// with J held. `image` is room for D numbers.
pub(super) fn latent_reconstruction(
    columns: &[f32],
    back: &[f32],
    theta: &[f32],
    gradient: &mut [f32],
    scale: f32,
    image: &mut [f64],
) -> f64 {
    let (len, dim) = (theta.len(), image.len());
    let mut sum = 0.0;
    for row in (0..len).step_by(dim) {
        let column = |j: usize| &columns[j * len + row..][..dim];
        image.fill(0.0);
        for j in 0..dim {
            let error = f64::from(back[row + j] - theta[row + j]);
            image.iter_mut().zip(column(j)).for_each(|(m, c)| *m += f64::from(*c) * error);
        }
        sum += image.iter().map(|m| m * m).sum::<f64>();
        for (j, g) in gradient[row..row + dim].iter_mut().enumerate() {
            let slope: f64 = image.iter().zip(column(j)).map(|(m, c)| m * f64::from(*c)).sum();
            *g += scale * slope as f32;
        }
    }
    sum
}

/// Tangents e_1 … e_D, each for all rows: `[D, rows, D]`.
pub(super) fn set_basis(dim: usize, tangents: &mut [f32]) {
    let len = tangents.len() / dim;
    for (j, stream) in tangents.chunks_exact_mut(len).enumerate() {
        for row in stream.chunks_exact_mut(dim) {
            row.fill(0.0);
            row[j] = 1.0;
        }
    }
}

/// Σ (1/K) v_kᵀ J_f v2_k over rows, and the gradient of minus its batch mean.
pub(super) fn surrogate(
    probes: &[f32],
    jv: &[f32],
    gradient: &mut [f32],
    average: f32,
    mean: f32,
) -> f64 {
    let mut sum = 0.0;
    for ((v, jv), g) in probes.iter().zip(jv).zip(gradient) {
        sum += f64::from(*v) * f64::from(*jv);
        *g = -average * mean * v;
    }
    sum * f64::from(average)
}

/// Σ log|det J| over rows from J's columns `[D, rows, D]`, and the gradient −J⁻ᵀ of minus its
/// batch mean. NaN where a Jacobian is singular.
pub(super) fn log_determinants(
    dim: usize,
    columns: &[f32],
    gradient: &mut [f32],
    mean: f32,
    matrix: &mut [f64],
    pivots: &mut [usize],
) -> f64 {
    let len = columns.len() / dim;
    let mut sum = 0.0;
    for row in (0..len).step_by(dim) {
        for j in 0..dim {
            for i in 0..dim {
                matrix[i * dim + j] = f64::from(columns[j * len + row + i]);
            }
        }
        sum += invert(dim, matrix, pivots);
        for j in 0..dim {
            for i in 0..dim {
                gradient[j * len + row + i] = -mean * matrix[j * dim + i] as f32;
            }
        }
    }
    sum
}
