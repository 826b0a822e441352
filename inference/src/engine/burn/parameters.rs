//! Parameters and gradients of any network, or stack of networks, as flat vectors.

use super::DualNetwork;
use burn::tensor::{Gradients, Tensor};

/// All parameters, flat in the network's order, as constants `[S, P]`: a row a model, so one row
/// at R = 2.
#[must_use]
pub fn flatten<const R: usize, N: DualNetwork<R>>(network: &N) -> Tensor<2> {
    collect(network, |parameter| parameter.clone().without_autodiff())
}

/// The gradients of a [tracked](DualNetwork::tracked) network, as [`flatten`] orders them and
/// removed from `gradients`; zeros for parameters that the loss did not use.
#[must_use]
pub fn flat_gradients<const R: usize, N: DualNetwork<R>>(
    network: &N,
    gradients: &mut Gradients,
) -> Tensor<2> {
    collect(network, |parameter| {
        let gradient = parameter.grad_remove(gradients);
        gradient.unwrap_or_else(|| parameter.clone().without_autodiff().zeros_like())
    })
}

/// The same network with its parameters taken from flat vectors `[S, P]`.
///
/// # Panics
/// If they are shorter than the parameters are.
#[must_use]
pub fn with_flat<const R: usize, N: DualNetwork<R>>(network: &N, flat: &Tensor<2>) -> N {
    let mut start = 0;
    let models = flat.dims()[0];
    network.map_parameters(&mut |parameter| {
        let shape = parameter.dims();
        let len = shape.iter().product::<usize>() / models;
        let slot = flat.clone().narrow(1, start, len);
        start += len;
        slot.reshape(shape)
    })
}

fn collect<const R: usize, N: DualNetwork<R>>(
    network: &N,
    mut of: impl FnMut(&Tensor<R>) -> Tensor<R>,
) -> Tensor<2> {
    let mut parts = Vec::new();
    // Rebuilding a network from handles to its own tensors costs nothing: only the visit matters.
    let _ = network.map_parameters(&mut |parameter| {
        let shape = parameter.dims();
        let models = if R == 2 { 1 } else { shape[0] };
        let len = shape.iter().product::<usize>() / models;
        parts.push(of(parameter).reshape([models, len]));
        parameter.clone()
    });
    Tensor::cat(parts, 1)
}
