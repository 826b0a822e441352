//! A network on many rows, with or without Jacobians.

use super::host::{read, tensor};
use super::{Dual, DualNetwork};
use crate::network::NetworkSpec;
use burn::tensor::Device;

/// Rows × streams of one pass: bounds the memory of large tables.
const PASS_ROWS: usize = 8192;

/// Applies `network` to `input` `[n, D]` with `context` `[n, C]` or `[C]`; writes `output`
/// `[n, D]` and, if asked, Jacobians ∂output_i/∂input_j `[n, D, D]`.
pub(super) fn transform<N: DualNetwork>(
    network: &N,
    spec: &NetworkSpec,
    device: &Device,
    input: &[f32],
    context: &[f32],
    output: &mut [f32],
    mut jacobian: Option<&mut [f32]>,
) {
    let (d, c) = (spec.theta_dim, spec.context_dim);
    let (total, shared) = (input.len() / d, context.len() == c);
    let streams = if jacobian.is_some() { 1 + d } else { 1 };
    let rows = (PASS_ROWS / streams).max(1);
    for start in (0..total).step_by(rows) {
        let n = rows.min(total - start);
        let value = tensor(input[start * d..][..n * d].to_vec(), [n, d], device);
        let context = if shared {
            tensor(context.to_vec(), [1, c], device)
        } else {
            tensor(context[start * c..][..n * c].to_vec(), [n, c], device)
        };
        let input =
            if jacobian.is_some() { Dual::with_basis(value) } else { Dual::constant(value) };
        let (value, columns) = network.apply(input, &context).into_parts();
        output[start * d..][..n * d].copy_from_slice(&read(&value));
        if let (Some(jacobian), Some(columns)) = (jacobian.as_deref_mut(), columns) {
            // Stacked columns [j, row, i] become matrices [row, i, j].
            let matrices = columns.reshape([d, n, d]).permute([1, 2, 0]);
            jacobian[start * d * d..][..n * d * d].copy_from_slice(&read(&matrices));
        }
    }
}
