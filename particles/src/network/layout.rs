//! Where each weight stands in the flat vector of a network.

use super::NetworkSpec;
use std::ops::Range;

/// φₑ or φₓ up to its second SiLU: matrices `[inputs, outputs]`.
#[derive(Clone, Debug)]
pub(crate) struct EdgeLayout {
    /// Nodes' part of the first layer, (of hᵢ | of hⱼ), `[H, 2H]`.
    pub first: Range<usize>,
    /// Of d², `[H]`.
    pub squared: Range<usize>,
    /// Of a, `[H]`.
    pub input_squared: Range<usize>,
    /// `[H]`, of the part of hᵢ.
    pub first_bias: Range<usize>,
    /// `[H, H]`.
    pub second: Range<usize>,
    /// `[H]`.
    pub second_bias: Range<usize>,
}

/// An invariant layer.
#[derive(Clone, Debug)]
pub(crate) struct InvariantLayout {
    pub edge: EdgeLayout,
    /// w, `[H]`.
    pub gate: Range<usize>,
    /// c.
    pub gate_bias: usize,
    /// φₕ: of h and of the sum of messages, `[2H, H]`.
    pub first: Range<usize>,
    pub first_bias: Range<usize>,
    /// `[H, H]`.
    pub second: Range<usize>,
    pub second_bias: Range<usize>,
}

#[derive(Clone, Debug)]
pub(crate) struct BlockLayout {
    pub invariant: [InvariantLayout; 2],
    pub edge: EdgeLayout,
    /// Last layer of φₓ, `[H]`.
    pub last: Range<usize>,
}

#[derive(Clone, Debug)]
pub(crate) struct Layout {
    width: usize,
    /// h⁰, `[H]`.
    pub embedding: Range<usize>,
    pub blocks: Vec<BlockLayout>,
    pub total: usize,
}

impl Layout {
    pub fn new(spec: &NetworkSpec) -> Self {
        let h = spec.width;
        let mut at = 0;
        let mut take = |length: usize| {
            at += length;
            at - length..at
        };
        let embedding = take(h);
        fn edge(h: usize, take: &mut impl FnMut(usize) -> Range<usize>) -> EdgeLayout {
            EdgeLayout {
                first: take(2 * h * h),
                squared: take(h),
                input_squared: take(h),
                first_bias: take(h),
                second: take(h * h),
                second_bias: take(h),
            }
        }
        fn invariant(h: usize, take: &mut impl FnMut(usize) -> Range<usize>) -> InvariantLayout {
            InvariantLayout {
                edge: edge(h, take),
                gate: take(h),
                gate_bias: take(1).start,
                first: take(2 * h * h),
                first_bias: take(h),
                second: take(h * h),
                second_bias: take(h),
            }
        }
        let blocks = (0..spec.layers)
            .map(|_| BlockLayout {
                invariant: [invariant(h, &mut take), invariant(h, &mut take)],
                edge: edge(h, &mut take),
                last: take(h),
            })
            .collect();
        Self { width: h, embedding, blocks, total: at }
    }

    /// The matrices, in order, with their number of rows; both parts of an edge network's first layer
    /// are one.
    pub fn matrices(&self) -> Vec<(Range<usize>, usize)> {
        let h = self.width;
        let mut matrices = Vec::new();
        let of_edge = |edge: &EdgeLayout, matrices: &mut Vec<_>| {
            matrices.push((edge.first.clone(), h));
            matrices.push((edge.second.clone(), h));
        };
        for block in &self.blocks {
            for layer in &block.invariant {
                of_edge(&layer.edge, &mut matrices);
                matrices.push((layer.first.clone(), 2 * h));
                matrices.push((layer.second.clone(), h));
            }
            of_edge(&block.edge, &mut matrices);
        }
        matrices
    }

    /// Every range with the largest size of an initial weight in it.
    pub fn bounds(&self) -> Vec<(Range<usize>, f32)> {
        let h = self.width as f32;
        let inverse_root = |inputs: f32| 1.0 / inputs.sqrt();
        // Of a layer with one constant input: weight and bias in one.
        let mut bounds = vec![(self.embedding.clone(), 1.0)];
        let of_edge = |edge: &EdgeLayout, bounds: &mut Vec<_>| {
            for range in [&edge.first, &edge.squared, &edge.input_squared, &edge.first_bias] {
                bounds.push((range.clone(), inverse_root(2.0 * h + 2.0)));
            }
            bounds.push((edge.second.clone(), inverse_root(h)));
            bounds.push((edge.second_bias.clone(), inverse_root(h)));
        };
        for block in &self.blocks {
            for layer in &block.invariant {
                of_edge(&layer.edge, &mut bounds);
                bounds.push((layer.gate.start..layer.gate_bias + 1, inverse_root(h)));
                bounds.push((layer.first.clone(), inverse_root(2.0 * h)));
                bounds.push((layer.first_bias.clone(), inverse_root(2.0 * h)));
                bounds.push((layer.second.clone(), inverse_root(h)));
                bounds.push((layer.second_bias.clone(), inverse_root(h)));
            }
            of_edge(&block.edge, &mut bounds);
            bounds.push((block.last.clone(), 1e-3 * (6.0 / (h + 1.0)).sqrt()));
        }
        bounds
    }
}
