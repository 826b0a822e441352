//! Edge networks: two layers on pairs of nodes, SiLU after both.

use super::layout::EdgeLayout;
use super::pass::Kept;
use super::scratch::{Scratch, Shape};
use freeform_kernels::{
    PairLayer, PairSumGrad, Slopes, Start, View, ViewMut, backward_streams, column_sums, gemm_nn,
    gemm_nt, gemm_tn, pair_silu, pair_silu_tangents, pair_sums_backward, silu, tangent_streams,
};
use std::ops::Range;

/// What the value pass keeps, or a run of nodes' pairs where it keeps nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct EdgeValues {
    /// σ of both layers, `[Q, H]`; empty where nothing is kept.
    sigmoids: [Vec<f32>; 2],
    /// Of the first layer, `[Q, H]`.
    hidden: Vec<f32>,
    /// The result, `[Q, H]`.
    pub value: Vec<f32>,
}

/// What the tangent pass keeps.
#[derive(Clone, Debug, Default)]
pub(super) struct EdgeTangents {
    /// Tangents before the SiLU of both layers, `[T, Q, H]`; the first is empty where nothing flows back.
    before: [Vec<f32>; 2],
    /// Of the first layer, `[T, Q, H]`.
    hidden: Vec<f32>,
    /// Of the result, `[T, Q, H]`.
    pub value: Vec<f32>,
}

impl EdgeValues {
    pub fn new(shape: &Shape, kept: Kept) -> Self {
        let of = || vec![0.0; shape.run_numbers()];
        let sigmoid = || if kept == Kept::Nothing { Vec::new() } else { of() };
        let [hidden, value] = [of(), of()];
        Self { sigmoids: [sigmoid(), sigmoid()], hidden, value }
    }

    /// Derivatives of both SiLUs.
    fn slopes(&self) -> [Slopes<'_>; 2] {
        let [first, second] = &self.sigmoids;
        [(&self.hidden, first), (&self.value, second)]
            .map(|(value, sigmoid)| Slopes::Silu { value, sigmoid })
    }
}

impl EdgeTangents {
    pub fn new(shape: &Shape, kept: Kept) -> Self {
        let of = || vec![0.0; shape.tangents * shape.pair_numbers()];
        let [hidden, value] = [of(), of()];
        let before = if kept == Kept::Tangents { of() } else { Vec::new() };
        Self { before: [before, of()], hidden, value }
    }
}

/// An edge network with its weights.
pub(super) struct Edge<'a> {
    pub shape: &'a Shape,
    pub layout: &'a EdgeLayout,
    /// Of the whole network.
    pub weights: &'a [f32],
}

impl Edge<'_> {
    /// The nodes' part of the first layer, for features h `[G·N, H]`.
    pub fn project(&self, h: &[f32], scratch: &mut Scratch) {
        let (shape, w) = (self.shape, self.weights);
        let (isa, width, nodes) = (shape.isa, shape.width(), shape.nodes());
        let (bias, rest) = scratch.sums.split_at_mut(width);
        bias.copy_from_slice(&w[self.layout.first_bias.clone()]);
        rest.fill(0.0);
        let projected = &mut scratch.projected[..nodes * 2 * width];
        gemm_nn(
            isa,
            [nodes, 2 * width, width],
            View::new(h, width),
            View::new(&w[self.layout.first.clone()], 2 * width),
            ViewMut::new(projected, 2 * width),
            Start::Bias { values: &scratch.sums, rows: nodes },
        );
    }

    /// The value for the pairs of `owners` and scalars (d², a) `[Q]`, after [`Self::project`].
    pub fn value(
        &self,
        owners: Range<usize>,
        scalars: [&[f32]; 2],
        keep: &mut EdgeValues,
        scratch: &mut Scratch,
    ) {
        let (shape, w) = (self.shape, self.weights);
        let (isa, width) = (shape.isa, shape.width());
        let rows = owners.len() * shape.pairs.others();
        let n = rows * width;
        let projected = &scratch.projected[..shape.nodes() * 2 * width];
        let [sigmoid0, sigmoid1] = &mut keep.sigmoids;
        let hidden = &mut keep.hidden[..n];
        pair_silu(isa, self.layer(projected, scalars), owners, hidden, sigmoid0);
        let before = &mut scratch.pairs[0][..n];
        gemm_nn(
            isa,
            [rows, width, width],
            View::new(hidden, width),
            View::new(&w[self.layout.second.clone()], width),
            ViewMut::new(before, width),
            Start::Bias { values: &w[self.layout.second_bias.clone()], rows },
        );
        silu(isa, before, &mut keep.value[..n], sigmoid1);
    }

    /// Tangents for ḣ `[T, G·N, H]` and those of the scalars `[T, Q]`.
    pub fn tangents(
        &self,
        h: &[f32],
        scalars: [&[f32]; 2],
        values: &EdgeValues,
        keep: &mut EdgeTangents,
        scratch: &mut Scratch,
    ) {
        let (shape, w) = (self.shape, self.weights);
        let (isa, width, count) = (shape.isa, shape.width(), shape.tangents);
        let (nodes, rows, n) = (shape.nodes(), shape.pairs.count(), shape.pair_numbers());
        let projected = &mut scratch.projected[..count * nodes * 2 * width];
        gemm_nn(
            isa,
            [count * nodes, 2 * width, width],
            View::new(h, width),
            View::new(&w[self.layout.first.clone()], 2 * width),
            ViewMut::new(projected, 2 * width),
            Start::Zero,
        );
        let [before0, before1] = &mut keep.before;
        for t in 0..count {
            let layer = self.layer(
                &projected[t * nodes * 2 * width..][..nodes * 2 * width],
                scalars.map(|s| &s[t * rows..][..rows]),
            );
            let range = t * n..(t + 1) * n;
            let at = [&values.hidden[..], &values.sigmoids[0]];
            let to = &mut keep.hidden[range.clone()];
            let before = if before0.is_empty() { &mut [][..] } else { &mut before0[range] };
            pair_silu_tangents(isa, layer, at, before, to);
        }
        gemm_nn(
            isa,
            [count * rows, width, width],
            View::new(&keep.hidden, width),
            View::new(&w[self.layout.second.clone()], width),
            ViewMut::new(before1, width),
            Start::Zero,
        );
        tangent_streams(isa, values.slopes()[1], before1, &mut keep.value);
    }

    /// Pulls gradients of the value and its tangents, in `scratch.pairs[0]` `[S, Q, H]`, back, for S = 1 or
    /// 1 + T streams (without or with `tangents`): those of the features are added to `to_h`
    /// `[S, G·N, H]`, of the scalars to `to_scalars` `[S, Q]`, of the weights to `to_weights`.
    #[allow(clippy::too_many_arguments)]
    pub fn backward(
        &self,
        h: [&[f32]; 2],
        scalars: [[&[f32]; 2]; 2],
        values: &EdgeValues,
        tangents: Option<&EdgeTangents>,
        scratch: &mut Scratch,
        to_h: &mut [f32],
        to_scalars: [&mut [f32]; 2],
        to_weights: &mut [f32],
    ) {
        let (shape, w) = (self.shape, self.weights);
        let (isa, width, count) =
            (shape.isa, shape.width(), if tangents.is_some() { shape.tangents } else { 0 });
        let (nodes, rows, n) = (shape.nodes(), shape.pairs.count(), shape.pair_numbers());
        let streams = 1 + count;
        let [above, below] = &mut scratch.pairs;
        let (above, below) = (&mut above[..streams * n], &mut below[..streams * n]);
        let [slopes0, slopes1] = values.slopes();
        let before = |at: usize| tangents.map_or(&[][..], |t| &t.before[at][..]);
        backward_streams(isa, slopes1, before(1), above, below, false);
        column_sums(isa, rows, &below[..n], &mut to_weights[self.layout.second_bias.clone()], true);
        let second = &mut to_weights[self.layout.second.clone()];
        let mut add = |hidden: &[f32], grad: &[f32], rows: usize| {
            gemm_tn(
                isa,
                [width, width, rows],
                View::new(hidden, width),
                View::new(grad, width),
                ViewMut::new(second, width),
                Start::Accumulate,
            );
        };
        add(&values.hidden, &below[..n], rows);
        if let Some(tangents) = tangents {
            add(&tangents.hidden, &below[n..], count * rows);
        }
        gemm_nt(
            isa,
            [streams * rows, width, width],
            View::new(below, width),
            View::new(&w[self.layout.second.clone()], width),
            ViewMut::new(above, width),
            Start::Zero,
        );
        backward_streams(isa, slopes0, before(0), above, below, false);
        let projected = &mut scratch.projected[..streams * nodes * 2 * width];
        projected.fill(0.0);
        let [to_squared, to_input] = to_scalars;
        let (of_squared, of_input) =
            (self.layout.squared.clone(), self.layout.input_squared.clone());
        // The two stand one after the other.
        let both = &mut to_weights[of_squared.start..of_input.end];
        let (weight0, weight1) = both.split_at_mut(width);
        for s in 0..streams {
            let scalars = scalars.map(|[value, tangent]| match s {
                0 => value,
                _ => &tangent[(s - 1) * rows..][..rows],
            });
            pair_sums_backward(
                isa,
                shape.pairs,
                scalars,
                self.of_scalars(),
                &below[s * n..][..n],
                PairSumGrad {
                    nodes: &mut projected[s * nodes * 2 * width..][..nodes * 2 * width],
                    scalars: [
                        &mut to_squared[s * rows..][..rows],
                        &mut to_input[s * rows..][..rows],
                    ],
                    weights: [&mut *weight0, &mut *weight1],
                },
            );
        }
        column_sums(isa, nodes, &projected[..nodes * 2 * width], &mut scratch.sums, false);
        let bias = &mut to_weights[self.layout.first_bias.clone()];
        bias.iter_mut().zip(&scratch.sums).for_each(|(to, sum)| *to += sum);
        let first = &mut to_weights[self.layout.first.clone()];
        let mut add = |h: &[f32], grad: &[f32], rows: usize| {
            gemm_tn(
                isa,
                [width, 2 * width, rows],
                View::new(h, width),
                View::new(grad, 2 * width),
                ViewMut::new(first, 2 * width),
                Start::Accumulate,
            );
        };
        add(h[0], &projected[..nodes * 2 * width], nodes);
        if count > 0 {
            add(h[1], &projected[nodes * 2 * width..], count * nodes);
        }
        gemm_nt(
            isa,
            [streams * nodes, width, 2 * width],
            View::new(projected, 2 * width),
            View::new(&w[self.layout.first.clone()], 2 * width),
            ViewMut::new(to_h, width),
            Start::Accumulate,
        );
    }

    fn layer<'b>(&'b self, nodes: &'b [f32], scalars: [&'b [f32]; 2]) -> PairLayer<'b> {
        PairLayer { pairs: self.shape.pairs, nodes, scalars, weights: self.of_scalars() }
    }

    fn of_scalars(&self) -> [&[f32]; 2] {
        let w = self.weights;
        [&w[self.layout.squared.clone()], &w[self.layout.input_squared.clone()]]
    }
}
