//! The E(n)-GNN over [`Dual`].

use super::pairs::Pairs;
use crate::network::{NetworkSpec, SOFT};
use freeform_inference::engine::burn::{Device, Dual, DualNetwork, Tensor};

/// The network whose formulas [`network`](crate::network) documents.
///
/// # Shapes
/// input and output `[G, N·n]`, a configuration a row; the context is not read. Weights are `[inputs,
/// outputs]`, biases `[1, outputs]`, in the order of the flat weights.
#[derive(Clone, Debug)]
pub struct EquivariantNetwork {
    spec: NetworkSpec,
    pairs: Pairs,
    /// h⁰, `[1, H]`.
    embedding: Tensor<2>,
    blocks: Vec<Block>,
}

#[derive(Clone, Debug)]
struct Linear {
    weight: Tensor<2>,
    bias: Tensor<2>,
}

/// φₑ or φₓ up to its second SiLU.
#[derive(Clone, Debug)]
struct Edge {
    /// Nodes' part of the first layer, (of hᵢ | of hⱼ), `[H, 2H]`.
    first: Tensor<2>,
    /// Its part of (d², a), `[2, H]`.
    squared: Linear,
    second: Linear,
}

#[derive(Clone, Debug)]
struct Invariant {
    edge: Edge,
    /// w and c, `[H, 1]`.
    gate: Linear,
    /// φₕ, `[2H, H]` and `[H, H]`.
    node: [Linear; 2],
}

#[derive(Clone, Debug)]
struct Block {
    invariant: [Invariant; 2],
    edge: Edge,
    /// Last layer of φₓ, `[H, 1]`.
    last: Tensor<2>,
}

impl EquivariantNetwork {
    /// A network of zeros; [`with_flat`](freeform_inference::engine::burn::with_flat) gives it a network's
    /// weights.
    #[must_use]
    pub fn zeros(spec: &NetworkSpec, device: &Device) -> Self {
        let device = device.clone().without_autodiff();
        let h = spec.width;
        let matrix = |rows, columns| Tensor::zeros([rows, columns], &device);
        let linear =
            |inputs, outputs| Linear { weight: matrix(inputs, outputs), bias: matrix(1, outputs) };
        let edge = || Edge { first: matrix(h, 2 * h), squared: linear(2, h), second: linear(h, h) };
        let invariant = || Invariant {
            edge: edge(),
            gate: linear(h, 1),
            node: [linear(2 * h, h), linear(h, h)],
        };
        let block =
            |_| Block { invariant: [invariant(), invariant()], edge: edge(), last: matrix(h, 1) };
        Self {
            spec: *spec,
            pairs: Pairs::new(spec, &device),
            embedding: matrix(1, h),
            blocks: (0..spec.layers).map(block).collect(),
        }
    }
}

impl DualNetwork for EquivariantNetwork {
    fn apply(&self, input: Dual, _context: &Tensor<2>) -> Dual {
        let NetworkSpec { particles, dims, width, normalizer, .. } = self.spec;
        let (graphs, scale) = (input.value().dims()[0], 1.0 / f64::from(normalizer));
        let nodes = graphs * particles;
        let input = input.reshape([nodes, dims]);
        let squares = |differences: Dual| differences.square().sum_dim(1);
        let input_squared = squares(self.pairs.differences(input.clone()));
        let mut h = Dual::constant(self.embedding.clone().expand([nodes, width]));
        let mut x = input.clone();
        for block in &self.blocks {
            let differences = self.pairs.differences(x.clone());
            let squared = squares(differences.clone());
            let scalars = squared.clone().concat(input_squared.clone(), 1);
            for layer in &block.invariant {
                h = layer.apply(h, &scalars, &self.pairs, scale);
            }
            let hidden = block.edge.apply(h.clone(), scalars, &self.pairs);
            let lengths = squared.add_scalar(f64::from(SOFT)).sqrt().add_scalar(1.0);
            let size = hidden.linear(&block.last, None).mul(lengths.recip()).scale(scale);
            x = x.add(self.pairs.sum(differences.mul(size.spread(1, dims))));
        }
        let moved = x.sub(input.clone()).reshape([graphs, particles, dims]);
        let mean = moved.clone().sum_dim(1).scale(1.0 / particles as f64).spread(1, particles);
        let centred = moved.sub(mean).reshape([graphs, particles * dims]);
        input.reshape([graphs, particles * dims]).add(centred)
    }

    fn map_parameters(&self, visit: &mut dyn FnMut(&Tensor<2>) -> Tensor<2>) -> Self {
        Self {
            spec: self.spec,
            pairs: self.pairs.clone(),
            embedding: visit(&self.embedding),
            blocks: self.blocks.iter().map(|block| block.map(visit)).collect(),
        }
    }
}

impl Block {
    fn map(&self, visit: &mut dyn FnMut(&Tensor<2>) -> Tensor<2>) -> Self {
        Self {
            invariant: self.invariant.each_ref().map(|layer| layer.map(visit)),
            edge: self.edge.map(visit),
            last: visit(&self.last),
        }
    }
}

impl Invariant {
    /// hᵢ + φₕ(hᵢ, Σⱼ σ(w·m_ij + c) m_ij·scale).
    fn apply(&self, h: Dual, scalars: &Dual, pairs: &Pairs, scale: f64) -> Dual {
        let messages = self.edge.apply(h.clone(), scalars.clone(), pairs);
        let width = messages.value().dims()[1];
        let gates = self.gate.apply(messages.clone()).sigmoid().spread(1, width);
        let sums = pairs.sum(messages.mul(gates)).scale(scale);
        let [first, second] = &self.node;
        let hidden = first.apply(h.clone().concat(sums, 1)).silu();
        h.add(second.apply(hidden))
    }

    fn map(&self, visit: &mut dyn FnMut(&Tensor<2>) -> Tensor<2>) -> Self {
        Self {
            edge: self.edge.map(visit),
            gate: self.gate.map(visit),
            node: self.node.each_ref().map(|layer| layer.map(visit)),
        }
    }
}

impl Edge {
    /// Of nodes h `[G·N, H]` and (d², a) of pairs.
    fn apply(&self, h: Dual, scalars: Dual, pairs: &Pairs) -> Dual {
        let width = h.value().dims()[1];
        let nodes = h.linear(&self.first, None);
        let both = pairs.sums(nodes.clone().narrow(1, 0, width), nodes.narrow(1, width, width));
        // Tangents of the scalars alone are there before the nodes have any.
        let hidden = self.squared.apply(scalars).add(both).silu();
        self.second.apply(hidden).silu()
    }

    fn map(&self, visit: &mut dyn FnMut(&Tensor<2>) -> Tensor<2>) -> Self {
        Self {
            first: visit(&self.first),
            squared: self.squared.map(visit),
            second: self.second.map(visit),
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
