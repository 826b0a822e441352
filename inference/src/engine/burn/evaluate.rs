//! A network on many rows, with or without Jacobians.

use super::host::{read, tensor};
use super::{Dual, DualNetwork, Tensor};
use crate::network::NetworkSpec;
use burn::tensor::Device;

/// Rows × streams of one pass: bounds the memory of large tables.
const PASS_ROWS: usize = 8192;

/// A network's output and exact Jacobians J_ij = ∂output_i/∂input_j, from D tangents in one pass:
/// log|det J| of encoder or decoder is the change of variables of any architecture (Algorithm 2).
///
/// # Shapes
/// input `[N, D]`, context `[N, C]` or `[1, C]`; output `[N, D]`, Jacobians `[N, D, D]`.
#[must_use]
pub fn jacobian<N: DualNetwork>(
    network: &N,
    input: Tensor<2>,
    context: &Tensor<2>,
) -> (Tensor<2>, Tensor<3>) {
    let [n, d] = input.dims();
    let (value, columns) = network.apply(Dual::with_basis(input), context).into_parts();
    let columns = columns.expect("a dual network keeps its input's tangents");
    // Stacked columns [j, row, i] become matrices [row, i, j].
    (value, columns.reshape([d, n, d]).permute([1, 2, 0]))
}

/// Applies `network` to `input` `[n, D]` with `context` `[n, C]` or `[C]`; writes `output`
/// `[n, D]` and, if asked, Jacobians ∂output_i/∂input_j `[n, D, D]`.
pub(super) fn transform<N: DualNetwork>(
    network: &N,
    spec: &NetworkSpec,
    device: &Device,
    input: &[f32],
    context: &[f32],
    output: &mut [f32],
    mut matrices: Option<&mut [f32]>,
) {
    let (d, c) = (spec.theta_dim, spec.context_dim);
    let (total, shared) = (input.len() / d, context.len() == c);
    let streams = if matrices.is_some() { 1 + d } else { 1 };
    let rows = (PASS_ROWS / streams).max(1);
    for start in (0..total).step_by(rows) {
        let n = rows.min(total - start);
        let input = tensor(input[start * d..][..n * d].to_vec(), [n, d], device);
        let context = if shared {
            tensor(context.to_vec(), [1, c], device)
        } else {
            tensor(context[start * c..][..n * c].to_vec(), [n, c], device)
        };
        let value = if let Some(matrices) = matrices.as_deref_mut() {
            let (value, jacobians) = jacobian(network, input, &context);
            matrices[start * d * d..][..n * d * d].copy_from_slice(&read(&jacobians));
            value
        } else {
            network.apply(Dual::constant(input), &context).into_parts().0
        };
        output[start * d..][..n * d].copy_from_slice(&read(&value));
    }
}
