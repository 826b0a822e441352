//! Back through a network: gradients of values and tangents.

use super::edge::Edge;
use super::geometry;
use super::layout::{BlockLayout, InvariantLayout};
use super::node::Node;
use super::pass::{
    BlockTangents, BlockValues, InvariantTangents, InvariantValues, Kept, Pass, attention, update,
};
use super::scratch::{Scratch, Shape};
use freeform_kernels::{AttentionGrad, attend_backward, row_dots_backward};

impl Pass {
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
        assert!(self.kept != Kept::Nothing, "values were not kept");
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
        for (row, input) in to_x
            .chunks_exact_mut(shape.pairs.nodes * shape.dims)
            .zip(to_input.chunks_exact_mut(shape.pairs.nodes * shape.dims))
        {
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
            last_backward(
                &shape,
                layout,
                weights,
                values,
                tangents,
                to_phi,
                &mut self.scratch,
                to_weights,
            );
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
}

/// The value's part and the tangents'.
fn split(streams: &[f32], at: usize) -> [&[f32]; 2] {
    let (value, tangents) = streams.split_at(at);
    [value, tangents]
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
    edge.backward(h, scalars, &values.edge, edge_tangents, scratch, to_h, to_scalars, to_weights);
}
