//! The conditional residual network of a [`NetworkSpec`] over [`Dual`].

use super::{Dual, DualNetwork};
use crate::network::{Activation, NetworkSpec};
use burn::tensor::{Device, Tensor, activation::sigmoid};

/// The network whose formula [`NetworkSpec`] documents.
///
/// # Shapes
/// input and output `[N, D]`; context `[N, C]` or `[1, C]`; weights `[in, out]`, biases
/// `[1, out]`.
#[derive(Clone, Debug)]
pub struct ResidualNetwork {
    activation: Activation,
    input: Vec<Linear>,
    blocks: Vec<Block>,
    output: Linear,
}

#[derive(Clone, Debug)]
struct Linear {
    weight: Tensor<2>,
    bias: Tensor<2>,
}

#[derive(Clone, Debug)]
struct Block {
    first: Linear,
    second: Linear,
    gate: Option<Linear>,
}

impl ResidualNetwork {
    /// A network of zeros; [`with_flat`](super::with_flat) gives it parameters in the order of the
    /// spec's [`Layout`](crate::network::Layout).
    #[must_use]
    pub fn zeros(spec: &NetworkSpec, device: &Device) -> Self {
        let (d, c, h) = (spec.theta_dim, spec.context_dim, spec.width);
        let linear = |inputs, outputs| Linear {
            weight: Tensor::zeros([inputs, outputs], device),
            bias: Tensor::zeros([1, outputs], device),
        };
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

impl DualNetwork for ResidualNetwork {
    fn apply(&self, input: Dual, context: &Tensor<2>) -> Dual {
        let [rows, _] = input.value().dims();
        let shared = context.clone().expand([rows, context.dims()[1]]);
        let mut hidden = input.clone().concat(Dual::constant(shared), 1);
        for (l, layer) in self.input.iter().enumerate() {
            let active = if l == 0 { hidden } else { hidden.activate(self.activation) };
            hidden = layer.apply(active);
        }
        for block in &self.blocks {
            hidden = block.apply(hidden, context, self.activation);
        }
        input.add(self.output.apply(hidden))
    }

    fn map_parameters(&self, visit: &mut dyn FnMut(&Tensor<2>) -> Tensor<2>) -> Self {
        Self {
            activation: self.activation,
            input: self.input.iter().map(|layer| layer.map(visit)).collect(),
            blocks: self.blocks.iter().map(|block| block.map(visit)).collect(),
            output: self.output.map(visit),
        }
    }
}

impl Block {
    fn apply(&self, hidden: Dual, context: &Tensor<2>, activation: Activation) -> Dual {
        let inner = self.first.apply(hidden.clone().activate(activation));
        let mut residual = self.second.apply(inner.activate(activation));
        if let Some(gate) = &self.gate {
            let gate = gate.apply(Dual::constant(context.clone()));
            residual = residual.mul_constant(&sigmoid(gate.into_parts().0));
        }
        hidden.add(residual)
    }

    fn map(&self, visit: &mut dyn FnMut(&Tensor<2>) -> Tensor<2>) -> Self {
        Self {
            first: self.first.map(visit),
            second: self.second.map(visit),
            gate: self.gate.as_ref().map(|gate| gate.map(visit)),
        }
    }
}

impl Linear {
    fn apply(&self, input: Dual) -> Dual {
        input.linear(&self.weight, Some(&self.bias))
    }

    fn map(&self, visit: &mut dyn FnMut(&Tensor<2>) -> Tensor<2>) -> Self {
        Self { weight: visit(&self.weight), bias: visit(&self.bias) }
    }
}
