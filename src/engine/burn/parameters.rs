//! Parameters and gradients of any network as one flat vector.

use super::DualNetwork;
use burn::tensor::{Gradients, Tensor};

/// All parameters, flat in the network's order, as a constant.
#[must_use]
pub fn flatten<N: DualNetwork>(network: &N) -> Tensor<1> {
    collect(network, |parameter| parameter.clone().without_autodiff())
}

/// The gradients of a [tracked](DualNetwork::tracked) network, flat in its order and removed from
/// `gradients`; zeros for parameters that the loss did not use.
#[must_use]
pub fn flat_gradients<N: DualNetwork>(network: &N, gradients: &mut Gradients) -> Tensor<1> {
    collect(network, |parameter| {
        let gradient = parameter.grad_remove(gradients);
        gradient.unwrap_or_else(|| parameter.clone().without_autodiff().zeros_like())
    })
}

/// The same network with its parameters taken from a flat vector.
///
/// # Panics
/// If the vector is shorter than the parameters are.
#[must_use]
pub fn with_flat<N: DualNetwork>(network: &N, flat: &Tensor<1>) -> N {
    let mut start = 0;
    network.map_parameters(&mut |parameter| {
        let [rows, columns] = parameter.dims();
        let slot = flat.clone().narrow(0, start, rows * columns);
        start += rows * columns;
        slot.reshape([rows, columns])
    })
}

fn collect<N: DualNetwork>(network: &N, mut of: impl FnMut(&Tensor<2>) -> Tensor<2>) -> Tensor<1> {
    let mut parts = Vec::new();
    // Rebuilding a network from handles to its own tensors costs nothing: only the visit matters.
    let _ = network.map_parameters(&mut |parameter| {
        let [rows, columns] = parameter.dims();
        parts.push(of(parameter).reshape([rows * columns]));
        parameter.clone()
    });
    Tensor::cat(parts, 0)
}
