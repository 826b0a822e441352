//! Gradients: from ∂L/∂(outputs and their tangents) to the parameters, and to the primal input.

use super::buffer::Buffer;
use super::forward::Network;
use super::plan::{Linear, Plan};
use super::tape::{Site, Tape};
use freeform_kernels::{
    Start, View, ViewMut, backward_streams, column_sums, gate_backward, gemm_nt, gemm_tn,
};

/// Gradient streams on their way down, `[streams · rows, H]` each.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// Of the hidden state.
    t: Buffer,
    /// Of a layer's output, and of its input.
    upper: Buffer,
    lower: Buffer,
    /// Of a gate's sigmoid's input, `[rows, H]`.
    gate: Buffer,
}

impl Scratch {
    /// Makes room for `rows` × `streams`.
    pub fn begin(&mut self, plan: &Plan, rows: usize, streams: usize) {
        let (primal, all) = (rows * plan.width, rows * streams * plan.width);
        if self.t.len() < all {
            for buffer in [&mut self.t, &mut self.upper, &mut self.lower] {
                *buffer = Buffer::zeros(all);
            }
        }
        if self.gate.len() < primal {
            self.gate = Buffer::zeros(primal);
        }
    }

    pub fn bytes(&self) -> usize {
        [&self.t, &self.upper, &self.lower, &self.gate].map(Buffer::bytes).iter().sum()
    }
}

/// One backward pass: a network, the tape of its forward pass, and where gradients go.
pub(super) struct Backward<'a> {
    pub network: Network<'a>,
    pub tape: &'a Tape,
    /// `[rows, C]`.
    pub context: &'a [f32],
    /// Streams to pull back, the primal one among them.
    pub streams: usize,
    /// Gradients of the parameters, in the layout's order.
    pub gradient: &'a mut [f32],
    /// Whether to add to the gradients, or overwrite them.
    pub accumulate: bool,
}

impl Backward<'_> {
    /// Pulls `out` `[streams · rows, D]` back; writes ∂L/∂(primal input) to `input` `[rows, D]`.
    pub fn run(&mut self, out: &[f32], scratch: &mut Scratch, input: Option<&mut [f32]>) {
        let Plan { dim, width, .. } = *self.network.plan;
        let (plan, tape) = (self.network.plan, self.tape);
        let rows = self.streams * tape.rows;
        let (n, all) = (tape.rows * width, rows * width);
        let Scratch { t, upper, lower, gate } = scratch;
        let (t, upper, lower) = (&mut t[..all], &mut upper[..all], &mut lower[..all]);

        self.weight_gradient(&plan.output, [width, dim], &tape.t, out);
        self.pull(&plan.output, [width, dim], out, t);
        for (index, block) in plan.blocks.iter().enumerate().rev() {
            let site = plan.deeper.len() + 2 * index;
            let (outer, inner) = (&tape.sites[site], &tape.sites[site + 1]);
            if let Some(layer) = &block.gate {
                let (r, g) = (&tape.residuals[index][..all], &tape.gates[index][..n]);
                gate_backward(self.network.isa, g, r, t, upper, &mut gate[..n]);
                self.context_gradient(layer, &gate[..n]);
                self.weight_gradient(&block.second, [width, width], &inner.value, upper);
                self.pull(&block.second, [width, width], upper, lower);
            } else {
                self.weight_gradient(&block.second, [width, width], &inner.value, t);
                self.pull(&block.second, [width, width], t, lower);
            }
            self.through(inner, lower, upper, false);
            self.weight_gradient(&block.first, [width, width], &outer.value, upper);
            self.pull(&block.first, [width, width], upper, lower);
            self.through(outer, lower, t, true);
        }
        for (site, layer) in plan.deeper.iter().enumerate().rev() {
            self.weight_gradient(layer, [width, width], &tape.sites[site].value, t);
            self.pull(layer, [width, width], t, lower);
            self.through(&tape.sites[site], lower, t, false);
        }
        let start = self.start();
        let weight = ViewMut::new(&mut self.gradient[plan.input.clone()], width);
        let (u, d) = (View::new(&tape.u, dim), View::new(t, width));
        gemm_tn(self.network.isa, [dim, width, rows], u, d, weight, start);
        self.context_gradient(&plan.input_context, &t[..n]);
        if let Some(input) = input {
            input.copy_from_slice(&out[..tape.rows * dim]);
            let w = View::new(&self.network.weights[plan.input.clone()], width);
            let (d, c) = (View::new(t, width), ViewMut::new(input, dim));
            gemm_nt(self.network.isa, [tape.rows, dim, width], d, w, c, Start::Accumulate);
        }
    }

    fn start(&self) -> Start<'static> {
        if self.accumulate { Start::Accumulate } else { Start::Zero }
    }

    /// Gradients of a layer `[inputs, outputs]` from its inputs and its outputs' gradients, over
    /// all streams; the bias sees the primal one alone.
    fn weight_gradient(&mut self, layer: &Linear, shape: [usize; 2], a: &[f32], d: &[f32]) {
        let ([inputs, outputs], isa) = (shape, self.network.isa);
        let rows = self.streams * self.tape.rows;
        let start = self.start();
        let weight = ViewMut::new(&mut self.gradient[layer.weight.clone()], outputs);
        let (a, all) = (View::new(a, inputs), View::new(d, outputs));
        gemm_tn(isa, [inputs, outputs, rows], a, all, weight, start);
        self.bias_gradient(layer, &d[..self.tape.rows * outputs]);
    }

    /// Gradients of a layer from the context to H.
    fn context_gradient(&mut self, layer: &Linear, d: &[f32]) {
        let Plan { width, context, .. } = *self.network.plan;
        let start = self.start();
        let weight = ViewMut::new(&mut self.gradient[layer.weight.clone()], width);
        let (c, all) = (View::new(self.context, context), View::new(d, width));
        gemm_tn(self.network.isa, [context, width, self.tape.rows], c, all, weight, start);
        self.bias_gradient(layer, d);
    }

    fn bias_gradient(&mut self, layer: &Linear, d: &[f32]) {
        let bias = &mut self.gradient[layer.bias.clone()];
        column_sums(self.network.isa, self.tape.rows, d, bias, self.accumulate);
    }

    /// Gradients of a layer's inputs: `into` ← `d`·Wᵀ.
    fn pull(&self, layer: &Linear, shape: [usize; 2], d: &[f32], into: &mut [f32]) {
        let [inputs, outputs] = shape;
        let rows = self.streams * self.tape.rows;
        let (d, w) = (View::new(d, outputs), View::new(self.network.weight(layer), outputs));
        let c = ViewMut::new(into, inputs);
        gemm_nt(self.network.isa, [rows, inputs, outputs], d, w, c, Start::Zero);
    }

    /// Back through an activation.
    fn through(&self, site: &Site, grad: &[f32], out: &mut [f32], accumulate: bool) {
        let plan = self.network.plan;
        let n = self.tape.rows * plan.width;
        let smooth = plan.smooth();
        let slopes = Site::slopes(smooth, &site.value, &site.first, &site.second, n);
        let pre = if smooth { &site.pre[..(self.streams - 1) * n] } else { &[][..] };
        backward_streams(self.network.isa, slopes, pre, grad, out, accumulate);
    }
}
