//! The conditional residual network of a [`NetworkSpec`] over [`Dual`].

use super::{Dual, DualNetwork};
use crate::network::{Activation, NetworkSpec};
use burn::tensor::{Device, Tensor, activation::sigmoid};

/// The network whose formula [`NetworkSpec`] documents.
///
/// # Shapes
/// input and output `[N, D]`; context `[N, C]` or `[1, C]`; weights `[in, out]`, biases
/// `[1, out]`. At R = 3, a stack of S such networks: `[N, S, D]`, `[N, S, C]`, `[S, in, out]`,
/// `[S, 1, out]`.
#[derive(Clone, Debug)]
pub struct ResidualNetwork<const R: usize = 2> {
    activation: Activation,
    input: Vec<Linear<R>>,
    blocks: Vec<Block<R>>,
    output: Linear<R>,
}

#[derive(Clone, Debug)]
struct Linear<const R: usize> {
    weight: Tensor<R>,
    bias: Tensor<R>,
}

#[derive(Clone, Debug)]
struct Block<const R: usize> {
    first: Linear<R>,
    second: Linear<R>,
    gate: Option<Linear<R>>,
}

impl ResidualNetwork {
    /// A network of zeros; [`with_flat`](super::with_flat) gives it parameters in the order of the
    /// spec's [`Layout`](crate::network::Layout).
    #[must_use]
    pub fn zeros(spec: &NetworkSpec, device: &Device) -> Self {
        Self::build(spec, |inputs, outputs| Linear {
            weight: Tensor::zeros([inputs, outputs], device),
            bias: Tensor::zeros([1, outputs], device),
        })
    }
}

impl ResidualNetwork<3> {
    /// As [`zeros`](ResidualNetwork::zeros), a stack of `models`.
    #[must_use]
    pub fn stack_of_zeros(spec: &NetworkSpec, models: usize, device: &Device) -> Self {
        Self::build(spec, |inputs, outputs| Linear {
            weight: Tensor::zeros([models, inputs, outputs], device),
            bias: Tensor::zeros([models, 1, outputs], device),
        })
    }
}

impl<const R: usize> ResidualNetwork<R> {
    fn build(spec: &NetworkSpec, linear: impl Fn(usize, usize) -> Linear<R>) -> Self {
        let (d, c, h) = (spec.theta_dim, spec.context_dim, spec.width);
        Self {
            activation: spec.activation,
            input: (0..spec.input_layers)
                .map(|l| linear(if l == 0 { d + c } else { h }, h))
                .collect(),
            blocks: (0..spec.blocks)
                .map(|_| Block {
                    first: linear(h, h),
                    second: linear(h, h),
                    gate: spec.glu.then(|| linear(c, h)),
                })
                .collect(),
            output: linear(h, d),
        }
    }
}

impl<const R: usize> DualNetwork<R> for ResidualNetwork<R> {
    fn apply(&self, input: Dual<R>, context: &Tensor<R>) -> Dual<R> {
        let mut shape = context.dims();
        shape[0] = input.value().dims()[0];
        let shared = context.clone().expand(shape);
        let mut hidden = input.clone().concat(Dual::constant(shared), R - 1);
        for (l, layer) in self.input.iter().enumerate() {
            let active = if l == 0 { hidden } else { hidden.activate(self.activation) };
            hidden = layer.apply(active);
        }
        for block in &self.blocks {
            hidden = block.apply(hidden, context, self.activation);
        }
        input.add(self.output.apply(hidden))
    }

    fn map_parameters(&self, visit: &mut dyn FnMut(&Tensor<R>) -> Tensor<R>) -> Self {
        Self {
            activation: self.activation,
            input: self.input.iter().map(|layer| layer.map(visit)).collect(),
            blocks: self.blocks.iter().map(|block| block.map(visit)).collect(),
            output: self.output.map(visit),
        }
    }
}

impl<const R: usize> Block<R> {
    fn apply(&self, hidden: Dual<R>, context: &Tensor<R>, activation: Activation) -> Dual<R> {
        let inner = self.first.apply(hidden.clone().activate(activation));
        let mut residual = self.second.apply(inner.activate(activation));
        if let Some(gate) = &self.gate {
            let gate = gate.apply(Dual::constant(context.clone()));
            residual = residual.mul_constant(&sigmoid(gate.into_parts().0));
        }
        hidden.add(residual)
    }

    fn map(&self, visit: &mut dyn FnMut(&Tensor<R>) -> Tensor<R>) -> Self {
        Self {
            first: self.first.map(visit),
            second: self.second.map(visit),
            gate: self.gate.as_ref().map(|gate| gate.map(visit)),
        }
    }
}

impl<const R: usize> Linear<R> {
    fn apply(&self, input: Dual<R>) -> Dual<R> {
        input.linear(&self.weight, Some(&self.bias))
    }

    fn map(&self, visit: &mut dyn FnMut(&Tensor<R>) -> Tensor<R>) -> Self {
        Self { weight: visit(&self.weight), bias: visit(&self.bias) }
    }
}
