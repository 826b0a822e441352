//! A batch of configurations through a network: values, tangents, and back.

use super::edge::{Edge, EdgeTangents, EdgeValues};
use super::geometry::{self, Update};
use super::layout::{BlockLayout, InvariantLayout};
use super::node::{Node, NodeTangents, NodeValues};
use super::scratch::{Scratch, Shape};
use super::{Layout, NetworkSpec};
use freeform_kernels::{
    Attention, AttentionGrad, Isa, Pairs, attend, attend_backward, attend_tangents, row_dots,
    row_dots_backward,
};

/// What a pass keeps for its backward pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Nothing but values.
    Values,
    /// Values and tangents: gradients flow back through both.
    Tangents,
}

/// An invariant layer's.
#[derive(Clone, Debug)]
struct InvariantValues {
    h: Vec<f32>,
    edge: EdgeValues,
    gates: Vec<f32>,
    sums: Vec<f32>,
    node: NodeValues,
}

#[derive(Clone, Debug)]
struct InvariantTangents {
    h: Vec<f32>,
    edge: EdgeTangents,
    slopes: Vec<f32>,
    sums: Vec<f32>,
    node: NodeTangents,
}

#[derive(Clone, Debug)]
struct BlockValues {
    invariant: [InvariantValues; 2],
    h: Vec<f32>,
    x: Vec<f32>,
    squared: Vec<f32>,
    edge: EdgeValues,
    phi: Vec<f32>,
}

#[derive(Clone, Debug)]
struct BlockTangents {
    invariant: [InvariantTangents; 2],
    h: Vec<f32>,
    x: Vec<f32>,
    squared: Vec<f32>,
    edge: EdgeTangents,
    phi: Vec<f32>,
}

/// Buffers for G configurations and T tangents of a network.
#[derive(Clone, Debug)]
pub struct Pass {
    shape: Shape,
    spec: NetworkSpec,
    layout: Layout,
    kept: Kept,
    values: Vec<BlockValues>,
    /// One a block, or one for all where nothing goes back through tangents.
    tangents: Vec<BlockTangents>,
    scratch: Scratch,
    /// Features and positions on their way, with tangents: `[1 + T, …]`.
    h: Vec<f32>,
    x: Vec<f32>,
    /// a and its tangents, `[1 + T, Q]`.
    input_squared: Vec<f32>,
    input: Vec<f32>,
    /// Gradients on their way back.
    to_h: Vec<f32>,
    to_x: Vec<f32>,
    to_squared: Vec<f32>,
    to_input_squared: Vec<f32>,
    to_phi: Vec<f32>,
}

impl Pass {
    /// Room for `graphs` configurations with `tangents` tangents each.
    #[must_use]
    pub fn new(isa: Isa, spec: &NetworkSpec, graphs: usize, tangents: usize, kept: Kept) -> Self {
        let pairs = Pairs { graphs, nodes: spec.particles, width: spec.width };
        let shape = Shape { isa, pairs, dims: spec.dims, tangents };
        let (nodes, rows) = (shape.node_numbers(), pairs.count());
        let size = pairs.node_count() * spec.dims;
        let (streams, curved) = (1 + tangents, kept == Kept::Tangents);
        let zeros = |count: usize| vec![0.0; count];
        let invariant_values = || InvariantValues {
            h: zeros(nodes),
            edge: EdgeValues::new(&shape, curved),
            gates: zeros(rows),
            sums: zeros(nodes),
            node: NodeValues::new(&shape),
        };
        let invariant_tangents = || InvariantTangents {
            h: zeros(tangents * nodes),
            edge: EdgeTangents::new(&shape),
            slopes: zeros(tangents * rows),
            sums: zeros(tangents * nodes),
            node: NodeTangents::new(&shape),
        };
        let values = |_| BlockValues {
            invariant: [invariant_values(), invariant_values()],
            h: zeros(nodes),
            x: zeros(size),
            squared: zeros(rows),
            edge: EdgeValues::new(&shape, curved),
            phi: zeros(rows),
        };
        let of_tangents = |_| BlockTangents {
            invariant: [invariant_tangents(), invariant_tangents()],
            h: zeros(tangents * nodes),
            x: zeros(tangents * size),
            squared: zeros(tangents * rows),
            edge: EdgeTangents::new(&shape),
            phi: zeros(tangents * rows),
        };
        let kept_tangents = if curved { spec.layers } else { 1 };
        Self {
            shape,
            spec: *spec,
            layout: Layout::new(spec),
            kept,
            values: (0..spec.layers).map(values).collect(),
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
        let scale = 1.0 / self.spec.normalizer;
        let (h, position) = (&mut self.h[..nodes], &mut self.x[..size]);
        self.input[..size].copy_from_slice(x);
        position.copy_from_slice(x);
        for row in h.chunks_exact_mut(shape.width()) {
            row.copy_from_slice(&weights[self.layout.embedding.clone()]);
        }
        let input_squared = &mut self.input_squared[..rows];
        geometry::squared(&shape, x, input_squared);
        for (layout, block) in self.layout.blocks.iter().zip(&mut self.values) {
            block.x.copy_from_slice(position);
            geometry::squared(&shape, position, &mut block.squared);
            for (layout, keep) in layout.invariant.iter().zip(&mut block.invariant) {
                keep.h.copy_from_slice(h);
                let edge = Edge { shape: &shape, layout: &layout.edge, weights };
                let scalars = [&block.squared[..], input_squared];
                edge.value(h, scalars, &mut keep.edge, &mut self.scratch);
                let attention = attention(&shape, layout, weights, &keep.edge, scale);
                attend(shape.isa, attention, &mut keep.gates, &mut keep.sums);
                let node = Node { shape: &shape, layout, weights };
                node.value(h, &keep.sums, &mut keep.node, &mut self.scratch);
            }
            block.h.copy_from_slice(h);
            let edge = Edge { shape: &shape, layout: &layout.edge, weights };
            let scalars = [&block.squared[..], input_squared];
            edge.value(h, scalars, &mut block.edge, &mut self.scratch);
            let last = &weights[layout.last.clone()];
            row_dots(shape.isa, &block.edge.value, last, &mut block.phi);
            geometry::update(&shape, &block.x, &block.squared, &block.phi, scale, position);
        }
        self.finish(x, 0, out);
    }

    /// Tangents of the map, `[T, G, N, n]`, at the x of the last [`Pass::value`] along `tangents`
    /// `[T, G, N, n]`.
    ///
    /// # Panics
    /// If a length does not fit.
    pub fn tangents(&mut self, weights: &[f32], tangents: &[f32], out: &mut [f32]) {
        let shape = self.shape;
        let size = shape.nodes() * shape.dims;
        assert_eq!(tangents.len(), shape.tangents * size, "tangents of the pass");
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

    /// Pulls gradients of the last value `[G, N, n]` and, where the pass keeps tangents, of its
    /// tangents `[T, G, N, n]` back: those of the weights are added to `to_weights`; the result is
    /// those of x and its tangents, `[S, G, N, n]`.
    ///
    /// # Panics
    /// If a length does not fit, or there are gradients of tangents that were not kept.
    pub fn backward(
        &mut self,
        weights: &[f32],
        grad: &[f32],
        of_tangents: Option<&[f32]>,
        to_weights: &mut [f32],
    ) -> &[f32] {
        let shape = self.shape;
        assert!(of_tangents.is_none() || self.kept == Kept::Tangents, "tangents were not kept");
        let streams = if of_tangents.is_some() { 1 + shape.tangents } else { 1 };
        let size = shape.nodes() * shape.dims;
        let (nodes, rows) = (streams * shape.node_numbers(), streams * shape.pairs.count());
        let to_x = &mut self.to_x[..streams * size];
        to_x[..size].copy_from_slice(grad);
        if let Some(grad) = of_tangents {
            to_x[size..].copy_from_slice(grad);
        }
        // v is less its mean, and x⁰ goes through unchanged.
        let mut to_input = to_x.to_vec();
        for (row, input) in to_x.chunks_exact_mut(shape.pairs.nodes * shape.dims).zip(
            to_input.chunks_exact_mut(shape.pairs.nodes * shape.dims),
        ) {
            crate::space::center_single(row, shape.dims);
            input.iter_mut().zip(row).for_each(|(input, v)| *input -= *v);
        }
        let scale = 1.0 / self.spec.normalizer;
        let to_h = &mut self.to_h[..nodes];
        to_h.fill(0.0);
        let to_input_squared = &mut self.to_input_squared[..rows];
        to_input_squared.fill(0.0);
        let mut of_update = vec![0.0; streams * size];
        for (at, layout) in self.layout.blocks.iter().enumerate().rev() {
            let values = &self.values[at];
            let tangents = (streams > 1).then(|| &self.tangents[at]);
            let to_squared = &mut self.to_squared[..rows];
            let to_phi = &mut self.to_phi[..rows];
            to_squared.fill(0.0);
            of_update.copy_from_slice(to_x);
            update(values, tangents, scale).backward(&shape, &of_update, to_x, to_squared, to_phi);
            let scalars = [
                [&values.squared[..], tangents.map_or(&[], |t| &t.squared)],
                split(&self.input_squared, shape.pairs.count()),
            ];
            last_backward(&shape, layout, weights, values, tangents, to_phi, &mut self.scratch, to_weights);
            let edge = Edge { shape: &shape, layout: &layout.edge, weights };
            edge.backward(
                [&values.h, tangents.map_or(&[], |t| &t.h)],
                scalars,
                &values.edge,
                tangents.map(|t| &t.edge),
                &mut self.scratch,
                to_h,
                [to_squared, to_input_squared],
                to_weights,
            );
            for which in [1, 0] {
                invariant_backward(
                    &InvariantBackward {
                        shape: &shape,
                        layout: &layout.invariant[which],
                        weights,
                        values: &values.invariant[which],
                        tangents: tangents.map(|t| &t.invariant[which]),
                        scalars,
                        scale,
                    },
                    &mut self.scratch,
                    to_h,
                    [to_squared, to_input_squared],
                    to_weights,
                );
            }
            let x_tangents = tangents.map_or(&[][..], |t| &t.x);
            geometry::squared_backward(&shape, &values.x, x_tangents, to_squared, to_x);
        }
        let embedding = &mut to_weights[self.layout.embedding.clone()];
        for row in to_h[..shape.node_numbers()].chunks_exact(shape.width()) {
            embedding.iter_mut().zip(row).for_each(|(to, of)| *to += of);
        }
        to_x.iter_mut().zip(&to_input).for_each(|(to, of)| *to += of);
        let [input, input_tangents] = split(&self.input, size);
        geometry::squared_backward(&shape, input, input_tangents, to_input_squared, to_x);
        &self.to_x[..streams * size]
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

/// The value's part and the tangents'.
fn split(streams: &[f32], at: usize) -> [&[f32]; 2] {
    let (value, tangents) = streams.split_at(at);
    [value, tangents]
}

fn attention<'a>(
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

fn update<'a>(
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

/// From φ `[S, Q]` to the rows of φₓ's hidden layer, in `scratch.pairs[0]`.
#[allow(clippy::too_many_arguments)]
fn last_backward(
    shape: &Shape,
    layout: &BlockLayout,
    weights: &[f32],
    values: &BlockValues,
    tangents: Option<&BlockTangents>,
    to_phi: &[f32],
    scratch: &mut Scratch,
    to_weights: &mut [f32],
) {
    let (rows, n) = (shape.pairs.count(), shape.pair_numbers());
    let last = &weights[layout.last.clone()];
    let to_last = &mut to_weights[layout.last.clone()];
    let (of_value, of_tangents) = scratch.pairs[0].split_at_mut(n);
    row_dots_backward(shape.isa, &values.edge.value, last, &to_phi[..rows], of_value, to_last);
    if let Some(tangents) = tangents {
        let of_tangents = &mut of_tangents[..tangents.edge.value.len()];
        let grad = &to_phi[rows..];
        row_dots_backward(shape.isa, &tangents.edge.value, last, grad, of_tangents, to_last);
    }
}

struct InvariantBackward<'a> {
    shape: &'a Shape,
    layout: &'a InvariantLayout,
    weights: &'a [f32],
    values: &'a InvariantValues,
    tangents: Option<&'a InvariantTangents>,
    scalars: [[&'a [f32]; 2]; 2],
    scale: f32,
}

fn invariant_backward(
    of: &InvariantBackward,
    scratch: &mut Scratch,
    to_h: &mut [f32],
    to_scalars: [&mut [f32]; 2],
    to_weights: &mut [f32],
) {
    let InvariantBackward { shape, layout, weights, values, tangents, scalars, scale } = *of;
    let streams = to_h.len() / shape.node_numbers();
    let h = [&values.h[..], tangents.map_or(&[], |t| &t.h)];
    let sums = [&values.sums[..], tangents.map_or(&[], |t| &t.sums)];
    let mut to_sums = vec![0.0; to_h.len()];
    let node = Node { shape, layout, weights };
    let node_tangents = tangents.map(|t| &t.node);
    node.backward(h, sums, &values.node, node_tangents, to_h, &mut to_sums, scratch, to_weights);
    let mut to_bias = 0.0;
    attend_backward(
        shape.isa,
        attention(shape, layout, weights, &values.edge, scale),
        &values.gates,
        tangents.map_or(&[], |t| &t.edge.value),
        tangents.map_or(&[], |t| &t.slopes),
        &to_sums,
        AttentionGrad {
            messages: &mut scratch.pairs[0][..streams * shape.pair_numbers()],
            weights: &mut to_weights[layout.gate.clone()],
            bias: &mut to_bias,
        },
    );
    to_weights[layout.gate_bias] += to_bias;
    let edge = Edge { shape, layout: &layout.edge, weights };
    let edge_tangents = tangents.map(|t| &t.edge);
    edge.backward(
        h, scalars, &values.edge, edge_tangents, scratch, to_h, to_scalars, to_weights,
    );
}
