//! Exact log-determinants of Jacobians that came as tangents.

use crate::engine::burn::host::{read, tensor};
use crate::engine::inverse::invert;
use burn::tensor::Tensor;

/// From J_f's columns `[D·B, D]` (column j in rows j·B …): Σ SG(J⁻¹)_ji J_ij, whose gradient is
/// that of log|det J|, and log|det J| itself, both batch means `[1]`. The D × D matrices are
/// inverted on the host in double precision; a singular one makes the latter NaN.
pub(super) fn log_determinant(columns: Tensor<2>) -> (Tensor<1>, Tensor<1>) {
    let ([stacked, d], device) = (columns.dims(), columns.device().without_autodiff());
    let n = stacked / d;
    let jacobians = read(&columns.clone().without_autodiff());
    let mut weights = vec![0.0; jacobians.len()];
    let (mut matrix, mut pivots) = (vec![0.0; d * d], vec![0; d]);
    let mut sum = 0.0;
    for row in 0..n {
        let entry = |i: usize, j: usize| (j * n + row) * d + i;
        for i in 0..d {
            for j in 0..d {
                matrix[i * d + j] = f64::from(jacobians[entry(i, j)]);
            }
        }
        sum += invert(d, &mut matrix, &mut pivots);
        for i in 0..d {
            for j in 0..d {
                weights[entry(i, j)] = matrix[j * d + i] as f32;
            }
        }
    }
    let mean = 1.0 / n as f64;
    let weights = tensor(weights, [stacked, d], &device);
    let surrogate = (columns * weights).sum() * mean;
    (surrogate, Tensor::from_floats([(sum * mean) as f32], &device))
}

/// J v of each row, `[B, D]`, from J's columns `[D·B, D]` (column j in rows j·B …) and v `[B, D]`.
pub(super) fn pushed(columns: Tensor<2>, v: Tensor<2>) -> Tensor<2> {
    let [n, d] = v.dims();
    let columns = columns.reshape([d, n, d]);
    let weights = v.transpose().reshape([d, n, 1]);
    (columns * weights).sum_dim(0).reshape([n, d])
}
