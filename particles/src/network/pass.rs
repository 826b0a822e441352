//! A batch of configurations through a network: values and tangents.

use super::edge::{Edge, EdgeTangents, EdgeValues};
use super::geometry::{self, Update};
use super::layout::InvariantLayout;
use super::node::{Node, NodeTangents, NodeValues};
use super::scratch::{Scratch, Shape};
use super::{Layout, NetworkSpec};
use freeform_kernels::{Attention, Isa, Pairs, attend, attend_tangents, row_dots};

/// What a pass keeps for its backward pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Nothing: the value is all that is asked for.
    Nothing,
    /// Values: tangents can follow, and gradients flow back through values.
    Values,
    /// Values and tangents: gradients flow back through both.
    Tangents,
}

/// An invariant layer's.
#[derive(Clone, Debug)]
pub(super) struct InvariantValues {
    pub h: Vec<f32>,
    pub edge: EdgeValues,
    pub gates: Vec<f32>,
    pub sums: Vec<f32>,
    pub node: NodeValues,
}

#[derive(Clone, Debug)]
pub(super) struct InvariantTangents {
    pub h: Vec<f32>,
    pub edge: EdgeTangents,
    pub slopes: Vec<f32>,
    pub sums: Vec<f32>,
    pub node: NodeTangents,
}

#[derive(Clone, Debug)]
pub(super) struct BlockValues {
    pub invariant: [InvariantValues; 2],
    pub h: Vec<f32>,
    pub x: Vec<f32>,
    pub squared: Vec<f32>,
    pub edge: EdgeValues,
    pub phi: Vec<f32>,
}

#[derive(Clone, Debug)]
pub(super) struct BlockTangents {
    pub invariant: [InvariantTangents; 2],
    pub h: Vec<f32>,
    pub x: Vec<f32>,
    pub squared: Vec<f32>,
    pub edge: EdgeTangents,
    pub phi: Vec<f32>,
}

/// About how many pairs go through an edge network at once where nothing is kept.
const ROWS: usize = 128;

/// Buffers for G configurations and T tangents of a network.
#[derive(Clone, Debug)]
pub struct Pass {
    pub(super) shape: Shape,
    pub(super) spec: NetworkSpec,
    pub(super) layout: Layout,
    pub(super) kept: Kept,
    /// One a block, or one for all where nothing is kept.
    pub(super) values: Vec<BlockValues>,
    /// One a block, or one for all where nothing goes back through tangents.
    pub(super) tangents: Vec<BlockTangents>,
    pub(super) scratch: Scratch,
    /// Features and positions on their way, with tangents: `[1 + T, …]`.
    pub(super) h: Vec<f32>,
    pub(super) x: Vec<f32>,
    /// a and its tangents, `[1 + T, Q]`.
    pub(super) input_squared: Vec<f32>,
    pub(super) input: Vec<f32>,
    /// Gradients on their way back.
    pub(super) to_h: Vec<f32>,
    pub(super) to_x: Vec<f32>,
    pub(super) to_squared: Vec<f32>,
    pub(super) to_input_squared: Vec<f32>,
    pub(super) to_phi: Vec<f32>,
}

impl Pass {
    /// Room for `graphs` configurations with `tangents` tangents each.
    #[must_use]
    pub fn new(isa: Isa, spec: &NetworkSpec, graphs: usize, tangents: usize, kept: Kept) -> Self {
        let pairs = Pairs { graphs, nodes: spec.particles, width: spec.width };
        // Values alone go from layer to layer in the nearest cache.
        let run = match kept {
            Kept::Nothing => (ROWS / pairs.others().max(1)).clamp(1, pairs.node_count().max(1)),
            _ => pairs.node_count(),
        };
        let shape = Shape { isa, pairs, dims: spec.dims, tangents, run };
        let (nodes, rows) = (shape.node_numbers(), pairs.count());
        let size = pairs.node_count() * spec.dims;
        let (streams, curved) = (1 + tangents, kept == Kept::Tangents);
        let zeros = |count: usize| vec![0.0; count];
        let invariant_values = || InvariantValues {
            h: zeros(nodes),
            edge: EdgeValues::new(&shape, kept),
            gates: zeros(rows),
            sums: zeros(nodes),
            node: NodeValues::new(&shape, kept),
        };
        let invariant_tangents = || InvariantTangents {
            h: zeros(tangents * nodes),
            edge: EdgeTangents::new(&shape, kept),
            slopes: zeros(tangents * rows),
            sums: zeros(tangents * nodes),
            node: NodeTangents::new(&shape),
        };
        let values = |_| BlockValues {
            invariant: [invariant_values(), invariant_values()],
            h: zeros(nodes),
            x: zeros(size),
            squared: zeros(rows),
            edge: EdgeValues::new(&shape, kept),
            phi: zeros(rows),
        };
        let of_tangents = |_| BlockTangents {
            invariant: [invariant_tangents(), invariant_tangents()],
            h: zeros(tangents * nodes),
            x: zeros(tangents * size),
            squared: zeros(tangents * rows),
            edge: EdgeTangents::new(&shape, kept),
            phi: zeros(tangents * rows),
        };
        let kept_tangents = if curved { spec.layers } else { 1 };
        let kept_values = if kept == Kept::Nothing { 1 } else { spec.layers };
        Self {
            shape,
            spec: *spec,
            layout: Layout::new(spec),
            kept,
            values: (0..kept_values).map(values).collect(),
            tangents: (0..kept_tangents).map(of_tangents).collect(),
            scratch: Scratch::new(&shape),
            h: zeros(streams * nodes),
            x: zeros(streams * size),
            input_squared: zeros(streams * rows),
            input: zeros(streams * size),
            to_h: zeros(streams * nodes),
            to_x: zeros(streams * size),
            to_squared: zeros(streams * rows),
            to_input_squared: zeros(streams * rows),
            to_phi: zeros(streams * rows),
        }
    }

    /// The map at x `[G, N, n]`, into `out`.
    ///
    /// # Panics
    /// If a length does not fit.
    pub fn value(&mut self, weights: &[f32], x: &[f32], out: &mut [f32]) {
        let (shape, size) = (self.shape, x.len());
        assert_eq!(size, shape.nodes() * shape.dims, "positions of the pass's configurations");
        let (nodes, rows) = (shape.node_numbers(), shape.pairs.count());
        let (others, width) = (shape.pairs.others(), shape.width());
        let scale = 1.0 / self.spec.normalizer;
        let (h, position) = (&mut self.h[..nodes], &mut self.x[..size]);
        self.input[..size].copy_from_slice(x);
        position.copy_from_slice(x);
        for row in h.chunks_exact_mut(shape.width()) {
            row.copy_from_slice(&weights[self.layout.embedding.clone()]);
        }
        let input_squared = &mut self.input_squared[..rows];
        geometry::squared(&shape, x, input_squared);
        for (at, layout) in self.layout.blocks.iter().enumerate() {
            let block = &mut self.values[if self.kept == Kept::Nothing { 0 } else { at }];
            block.x.copy_from_slice(position);
            geometry::squared(&shape, position, &mut block.squared);
            for (layout, keep) in layout.invariant.iter().zip(&mut block.invariant) {
                keep.h.copy_from_slice(h);
                let edge = Edge { shape: &shape, layout: &layout.edge, weights };
                let scalars = [&block.squared[..], input_squared];
                edge.project(h, &mut self.scratch);
                for owners in shape.runs() {
                    let pairs = owners.start * others..owners.end * others;
                    edge.value(owners.clone(), scalars, &mut keep.edge, &mut self.scratch);
                    let mut attention = attention(&shape, layout, weights, &keep.edge, scale);
                    attention.messages = &attention.messages[..pairs.len() * width];
                    let sums = &mut keep.sums[owners.start * width..owners.end * width];
                    attend(shape.isa, attention, &mut keep.gates[pairs], sums);
                }
                let node = Node { shape: &shape, layout, weights };
                node.value(h, &keep.sums, &mut keep.node, &mut self.scratch);
            }
            block.h.copy_from_slice(h);
            let edge = Edge { shape: &shape, layout: &layout.edge, weights };
            let scalars = [&block.squared[..], input_squared];
            edge.project(h, &mut self.scratch);
            let last = &weights[layout.last.clone()];
            for owners in shape.runs() {
                let pairs = owners.start * others..owners.end * others;
                edge.value(owners, scalars, &mut block.edge, &mut self.scratch);
                let rows = &block.edge.value[..pairs.len() * width];
                row_dots(shape.isa, rows, last, &mut block.phi[pairs]);
            }
            geometry::update(&shape, &block.x, &block.squared, &block.phi, scale, position);
        }
        self.finish(x, 0, out);
    }

    /// Tangents of the map, `[T, G, N, n]`, at the x of the last [`Pass::value`] along `tangents`
    /// `[T, G, N, n]`.
    ///
    /// # Panics
    /// If a length does not fit, or nothing was kept.
    pub fn tangents(&mut self, weights: &[f32], tangents: &[f32], out: &mut [f32]) {
        let shape = self.shape;
        let size = shape.nodes() * shape.dims;
        assert_eq!(tangents.len(), shape.tangents * size, "tangents of the pass");
        assert!(self.kept != Kept::Nothing, "values were not kept");
        let (nodes, rows) = (shape.node_numbers(), shape.pairs.count());
        let scale = 1.0 / self.spec.normalizer;
        let (h, position) = (&mut self.h[nodes..], &mut self.x[size..]);
        self.input[size..].copy_from_slice(tangents);
        position.copy_from_slice(tangents);
        h.fill(0.0);
        let input = &self.input[..size];
        let input_squared = &mut self.input_squared[rows..];
        geometry::squared_tangents(&shape, input, tangents, input_squared);
        for (at, (layout, values)) in self.layout.blocks.iter().zip(&self.values).enumerate() {
            let at = if self.kept == Kept::Tangents { at } else { 0 };
            let block = &mut self.tangents[at];
            block.x.copy_from_slice(position);
            geometry::squared_tangents(&shape, &values.x, position, &mut block.squared);
            let invariant = layout.invariant.iter().zip(&values.invariant);
            for ((layout, values), keep) in invariant.zip(&mut block.invariant) {
                keep.h.copy_from_slice(h);
                let edge = Edge { shape: &shape, layout: &layout.edge, weights };
                let scalars = [&block.squared[..], input_squared];
                edge.tangents(h, scalars, &values.edge, &mut keep.edge, &mut self.scratch);
                attend_tangents(
                    shape.isa,
                    attention(&shape, layout, weights, &values.edge, scale),
                    &values.gates,
                    &keep.edge.value,
                    &mut keep.slopes,
                    &mut keep.sums,
                );
                let node = Node { shape: &shape, layout, weights };
                node.tangents(h, &keep.sums, &values.node, &mut keep.node);
            }
            block.h.copy_from_slice(h);
            let edge = Edge { shape: &shape, layout: &layout.edge, weights };
            let scalars = [&block.squared[..], input_squared];
            edge.tangents(h, scalars, &values.edge, &mut block.edge, &mut self.scratch);
            row_dots(shape.isa, &block.edge.value, &weights[layout.last.clone()], &mut block.phi);
            update(values, Some(block), scale).tangents(&shape, position);
        }
        for t in 0..shape.tangents {
            let range = t * size..(t + 1) * size;
            self.finish(&tangents[range.clone()], 1 + t, &mut out[range]);
        }
    }

    /// x⁰ + v of stream `stream`.
    fn finish(&self, input: &[f32], stream: usize, out: &mut [f32]) {
        let size = self.shape.pairs.nodes * self.shape.dims;
        let moved = &self.x[stream * input.len()..][..input.len()];
        for ((out, moved), input) in
            out.chunks_exact_mut(size).zip(moved.chunks_exact(size)).zip(input.chunks_exact(size))
        {
            for ((out, moved), input) in out.iter_mut().zip(moved).zip(input) {
                *out = moved - input;
            }
            crate::space::center_single(out, self.shape.dims);
            out.iter_mut().zip(input).for_each(|(out, input)| *out += input);
        }
    }
}

pub(super) fn attention<'a>(
    shape: &Shape,
    layout: &InvariantLayout,
    weights: &'a [f32],
    edge: &'a EdgeValues,
    scale: f32,
) -> Attention<'a> {
    Attention {
        pairs: shape.pairs,
        messages: &edge.value,
        weights: &weights[layout.gate.clone()],
        bias: weights[layout.gate_bias],
        scale,
    }
}

pub(super) fn update<'a>(
    values: &'a BlockValues,
    tangents: Option<&'a BlockTangents>,
    scale: f32,
) -> Update<'a> {
    Update {
        x: [&values.x, tangents.map_or(&[], |t| &t.x)],
        squared: [&values.squared, tangents.map_or(&[], |t| &t.squared)],
        phi: [&values.phi, tangents.map_or(&[], |t| &t.phi)],
        scale,
    }
}
