//! Exact log-determinants of Jacobians that came as tangents, where the tangents are.

use super::sums::per_model;
use burn::tensor::{Bool, Int, Tensor};

/// From J_f's columns `[D·B, …, D]` (column j in rows j·B …): Σ SG(J⁻¹)_ji J_ij, whose gradient is
/// that of log|det J|, and log|det J| itself, both batch means of each model `[S]`. A singular
/// matrix makes the latter −∞ or NaN.
pub(super) fn log_determinant<const R: usize>(columns: Tensor<R>) -> (Tensor<1>, Tensor<1>) {
    let shape = columns.dims();
    let d = shape[R - 1];
    let matrices: usize = shape.iter().product::<usize>() / (d * d);
    let jacobians = columns.clone().without_autodiff().reshape([d, matrices, d]).permute([1, 2, 0]);
    let (inverses, log_dets) = invert(jacobians);
    // J⁻¹_ji beside J_ij: both as columns [j, matrix, i].
    let weights = inverses.swap_dims(0, 1).reshape(shape);
    let mut rows = shape;
    (rows[0], rows[R - 1]) = (shape[0] / d, 1);
    let mean = 1.0 / rows[0] as f64;
    (per_model(columns * weights) * mean, per_model(log_dets.reshape(rows)) * mean)
}

/// Inverses `[M, D, D]` and log|det| `[M]` of matrices `[M, D, D]`: Gauss–Jordan elimination of all
/// of them in step, each with its own pivot among the rows that were none yet.
fn invert(matrices: Tensor<3>) -> (Tensor<3>, Tensor<1>) {
    let ([m, d, _], device, dtype) = (matrices.dims(), matrices.device(), matrices.dtype());
    let identity = Tensor::<2>::eye(d, &device).cast(dtype).unsqueeze::<3>().expand([m, d, d]);
    let mut work = Tensor::cat(vec![matrices, identity], 2);
    let numbers = Tensor::<1, Int>::arange(0..d as i64, &device).reshape([1, d, 1]);
    let mut free = Tensor::<3>::ones([m, d, 1], (&device, dtype));
    let mut log_det = Tensor::<1>::zeros([m], (&device, dtype));
    let mut pivots = Vec::with_capacity(d);
    for k in 0..d {
        let column = work.clone().narrow(2, k, 1);
        // A used row loses to every free one, even to one of zeros.
        let score = (column.clone().abs() + 1.0) * free.clone();
        let chosen: Tensor<3, Bool> =
            numbers.clone().expand([m, d, 1]).equal(score.argmax(1).expand([m, d, 1]));
        let chosen = chosen.float().cast(dtype);
        let row = (work.clone() * chosen.clone()).sum_dim(1);
        let pivot = row.clone().narrow(2, k, 1);
        log_det = log_det + pivot.clone().abs().log().reshape([m]);
        work = work - (column - chosen.clone()) * (row / pivot);
        free = free - chosen.clone();
        pivots.push(chosen);
    }
    // The pivot row of step k is row k of the inverse.
    let order = Tensor::cat(pivots, 2).swap_dims(1, 2);
    (order.matmul(work.narrow(2, d, d)), log_det)
}

/// J v of each row, `[B, …, D]`, from J's columns `[D·B, …, D]` (column j in rows j·B …) and v
/// `[B, …, D]`.
pub(super) fn pushed<const R: usize>(columns: Tensor<R>, v: Tensor<R>) -> Tensor<R> {
    let shape = v.dims();
    let d = shape[R - 1];
    let rows = shape.iter().product::<usize>() / d;
    let columns = columns.reshape([d, rows, d]);
    let weights = v.reshape([rows, d]).transpose().reshape([d, rows, 1]);
    (columns * weights).sum_dim(0).reshape(shape)
}

#[cfg(test)]
mod tests {
    use super::invert;
    use crate::engine::burn::host::read;
    use crate::engine::invert as host_invert;
    use burn::tensor::{Device, Tensor, TensorData};

    #[test]
    fn inverses_and_determinants_are_those_of_the_host() {
        for d in [1, 2, 5, 10] {
            let numbers: Vec<f32> =
                (1..=7 * d * d).map(|i| (0.37 * (i * i % 1009) as f32).sin()).collect();
            let data = TensorData::new(numbers.clone(), [7, d, d]);
            let (inverses, log_dets) = invert(Tensor::from_data(data, &Device::flex()));
            let (inverses, log_dets) = (read(&inverses), read(&log_dets));
            for (m, matrix) in numbers.chunks_exact(d * d).enumerate() {
                let mut expected: Vec<f64> = matrix.iter().map(|v| f64::from(*v)).collect();
                let log_det = host_invert(d, &mut expected, &mut vec![0; d]);
                assert!((f64::from(log_dets[m]) - log_det).abs() < 1e-4, "{d}: {log_det}");
                let largest = expected.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
                for (got, expected) in inverses[m * d * d..].iter().zip(&expected) {
                    assert!((f64::from(*got) - expected).abs() < 1e-4 * largest, "{d}, {m}");
                }
            }
        }
    }

    /// Rows that are zero in the first column: only a pivot finds the other one.
    #[test]
    fn rows_are_exchanged() {
        let data = TensorData::new(vec![0.0_f32, 2.0, 4.0, 1.0], [1, 2, 2]);
        let (inverse, log_det) = invert(Tensor::from_data(data, &Device::flex()));
        assert_eq!(read(&inverse), [-0.125, 0.25, 0.5, 0.0]);
        assert!((read(&log_det)[0] - 8.0_f32.ln()).abs() < 1e-6);
    }
}
