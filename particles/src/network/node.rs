//! Node networks: h ← h + φₕ(h, sum of messages).

use super::layout::InvariantLayout;
use super::pass::Kept;
use super::scratch::{Scratch, Shape};
use freeform_kernels::{
    Slopes, Start, View, ViewMut, backward_streams, column_sums, gemm_nn, gemm_nt, gemm_tn, silu,
    tangent_streams,
};

/// What the value pass keeps.
#[derive(Clone, Debug, Default)]
pub(super) struct NodeValues {
    /// σ of the hidden layer, `[G·N, H]`; empty where nothing is kept.
    sigmoid: Vec<f32>,
    /// The hidden layer, `[G·N, H]`.
    hidden: Vec<f32>,
}

/// What the tangent pass keeps.
#[derive(Clone, Debug, Default)]
pub(super) struct NodeTangents {
    /// Before the SiLU, `[T, G·N, H]`.
    before: Vec<f32>,
    /// `[T, G·N, H]`.
    hidden: Vec<f32>,
}

impl NodeValues {
    pub fn new(shape: &Shape, kept: Kept) -> Self {
        let of = || vec![0.0; shape.node_numbers()];
        let sigmoid = if kept == Kept::Nothing { Vec::new() } else { of() };
        Self { sigmoid, hidden: of() }
    }

    fn slopes(&self) -> Slopes<'_> {
        Slopes::Silu { value: &self.hidden, sigmoid: &self.sigmoid }
    }
}

impl NodeTangents {
    pub fn new(shape: &Shape) -> Self {
        let of = || vec![0.0; shape.tangents * shape.node_numbers()];
        Self { before: of(), hidden: of() }
    }
}

/// A node network with its weights.
pub(super) struct Node<'a> {
    pub shape: &'a Shape,
    pub layout: &'a InvariantLayout,
    /// Of the whole network.
    pub weights: &'a [f32],
}

impl Node<'_> {
    /// Adds to h `[G·N, H]` what the network makes of it and of the sums `[G·N, H]`.
    pub fn value(&self, h: &mut [f32], sums: &[f32], keep: &mut NodeValues, scratch: &mut Scratch) {
        let (shape, rows) = (self.shape, self.shape.nodes());
        let before = &mut scratch.nodes[0][..shape.node_numbers()];
        let bias = Start::Bias { values: &self.weights[self.layout.first_bias.clone()], rows };
        self.first(h, sums, before, rows, bias);
        silu(shape.isa, before, &mut keep.hidden, &mut keep.sigmoid);
        let values = &self.weights[self.layout.second_bias.clone()];
        self.second(&keep.hidden, h, rows, Start::AccumulateBias { values, rows });
    }

    /// The same of tangents ḣ `[T, G·N, H]`.
    pub fn tangents(
        &self,
        h: &mut [f32],
        sums: &[f32],
        values: &NodeValues,
        keep: &mut NodeTangents,
    ) {
        let rows = self.shape.tangents * self.shape.nodes();
        self.first(h, sums, &mut keep.before, rows, Start::Zero);
        tangent_streams(self.shape.isa, values.slopes(), &keep.before, &mut keep.hidden);
        self.second(&keep.hidden, h, rows, Start::Accumulate);
    }

    /// Pulls gradients `grad` `[S, G·N, H]` of the new h back: they become those of the old h; those of the
    /// sums replace `to_sums` `[S, G·N, H]`, those of the weights are added.
    #[allow(clippy::too_many_arguments)]
    pub fn backward(
        &self,
        h: [&[f32]; 2],
        sums: [&[f32]; 2],
        values: &NodeValues,
        tangents: Option<&NodeTangents>,
        grad: &mut [f32],
        to_sums: &mut [f32],
        scratch: &mut Scratch,
        to_weights: &mut [f32],
    ) {
        let (shape, layout, w) = (self.shape, self.layout, self.weights);
        let (isa, width, n) = (shape.isa, shape.width(), shape.node_numbers());
        let count = if tangents.is_some() { shape.tangents } else { 0 };
        let (rows, streams) = (shape.nodes(), 1 + count);
        let add = |to: &mut [f32], a: &[f32], grad: &[f32], rows: usize| {
            gemm_tn(
                isa,
                [width, width, rows],
                View::new(a, width),
                View::new(grad, width),
                ViewMut::new(to, width),
                Start::Accumulate,
            );
        };
        let back = |grad: &[f32], weights: &[f32], to: &mut [f32], start: Start| {
            gemm_nt(
                isa,
                [streams * rows, width, width],
                View::new(grad, width),
                View::new(weights, width),
                ViewMut::new(to, width),
                start,
            );
        };
        column_sums(isa, rows, &grad[..n], &mut to_weights[layout.second_bias.clone()], true);
        let second = &mut to_weights[layout.second.clone()];
        add(second, &values.hidden, &grad[..n], rows);
        if let Some(tangents) = tangents {
            add(second, &tangents.hidden, &grad[n..streams * n], count * rows);
        }
        let [above, below] = &mut scratch.nodes;
        let (above, below) = (&mut above[..streams * n], &mut below[..streams * n]);
        back(grad, &w[layout.second.clone()], above, Start::Zero);
        let before = tangents.map_or(&[][..], |t| &t.before);
        backward_streams(isa, values.slopes(), before, above, below, false);
        column_sums(isa, rows, &below[..n], &mut to_weights[layout.first_bias.clone()], true);
        let (of_h, of_sums) = to_weights[layout.first.clone()].split_at_mut(width * width);
        for (to, [value, tangent]) in [(of_h, h), (of_sums, sums)] {
            add(to, value, &below[..n], rows);
            if count > 0 {
                add(to, tangent, &below[n..], count * rows);
            }
        }
        let (of_h, of_sums) = w[layout.first.clone()].split_at(width * width);
        back(below, of_h, grad, Start::Accumulate);
        back(below, of_sums, to_sums, Start::Zero);
    }

    fn first(&self, h: &[f32], sums: &[f32], out: &mut [f32], rows: usize, start: Start) {
        let (isa, width) = (self.shape.isa, self.shape.width());
        let (of_h, of_sums) = self.weights[self.layout.first.clone()].split_at(width * width);
        for (a, weights, start) in [(h, of_h, start), (sums, of_sums, Start::Accumulate)] {
            gemm_nn(
                isa,
                [rows, width, width],
                View::new(a, width),
                View::new(weights, width),
                ViewMut::new(out, width),
                start,
            );
        }
    }

    fn second(&self, hidden: &[f32], h: &mut [f32], rows: usize, start: Start) {
        let width = self.shape.width();
        gemm_nn(
            self.shape.isa,
            [rows, width, width],
            View::new(hidden, width),
            View::new(&self.weights[self.layout.second.clone()], width),
            ViewMut::new(h, width),
            start,
        );
    }
}
