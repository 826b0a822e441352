//! A network's pass through its primal and tangent streams.
//!
//! Tangents share weights and slopes with the primal stream, so all streams are rows of the same
//! matrix products.

use super::plan::{Linear, Plan};
use super::tape::{Site, Tape};
use freeform_kernels::{
    Isa, Start, View, ViewMut, activate_streams, gated_add, gemm_nn, sigmoid, tangent_streams,
};
use std::ops::Range;

/// A network with its weights, ready to run.
#[derive(Clone, Copy)]
pub(super) struct Network<'a> {
    pub isa: Isa,
    pub plan: &'a Plan,
    pub weights: &'a [f32],
}

/// Which rows of the stacked streams a pass covers.
#[derive(Clone, Copy)]
struct Span {
    /// Rows of one stream.
    stream: usize,
    /// First row, and the row after the last one.
    start: usize,
    end: usize,
    /// Rows that belong to the primal stream, which biases enter.
    primal: usize,
}

impl Span {
    fn of(&self, columns: usize) -> Range<usize> {
        self.start * columns..self.end * columns
    }
}

impl Network<'_> {
    pub fn weight(&self, layer: &Linear) -> &[f32] {
        &self.weights[layer.weight.clone()]
    }

    fn bias(&self, layer: &Linear) -> &[f32] {
        &self.weights[layer.bias.clone()]
    }

    /// Works out all that depends on the context `[tape.rows, C]` alone: its part of the first
    /// layer, and every gate.
    pub fn set_context(&self, tape: &mut Tape, context: &[f32]) {
        let (rows, width) = (tape.rows, self.plan.width);
        let project = |layer: &Linear, out: &mut [f32]| {
            let shape = [rows, width, self.plan.context];
            let (a, w) =
                (View::new(context, self.plan.context), View::new(self.weight(layer), width));
            let start = Start::Bias { values: self.bias(layer), rows };
            gemm_nn(self.isa, shape, a, w, ViewMut::new(out, width), start);
        };
        project(&self.plan.input_context, &mut tape.base);
        let layers = self.plan.blocks.iter().filter_map(|block| block.gate.as_ref());
        for (layer, gate) in layers.zip(&mut tape.gates) {
            project(layer, gate);
            sigmoid(self.isa, &mut gate[..rows * width]);
        }
    }

    /// As [`set_context`](Self::set_context) for one context `[C]` shared by all rows.
    pub fn set_shared_context(&self, tape: &mut Tape, context: &[f32]) {
        let (rows, width) = (tape.rows, self.plan.width);
        tape.rows = 1;
        self.set_context(tape, context);
        tape.rows = rows;
        for buffer in std::iter::once(&mut tape.base).chain(&mut tape.gates) {
            for row in 1..rows {
                buffer.copy_within(..width, row * width);
            }
        }
    }

    /// Runs some of the streams, whose inputs are in `tape.u`: stream 0 is the primal one, which
    /// must have run for the same inputs before tangents run without it.
    pub fn forward(&self, tape: &mut Tape, streams: Range<usize>) {
        let (start, end) = (streams.start * tape.rows, streams.end * tape.rows);
        let primal = if start == 0 { tape.rows } else { 0 };
        let span = Span { stream: tape.rows, start, end, primal };
        let (hidden, slot) = (span.of(self.plan.width), tape.slots());

        self.input_layer(tape, span);
        for (site, layer) in self.plan.deeper.iter().enumerate() {
            let site = &mut tape.sites[slot(site)];
            self.activate(span, &tape.t, site);
            self.layer(span, &site.value, layer, &mut tape.t, self.plain(span, layer));
        }
        for (index, block) in self.plan.blocks.iter().enumerate() {
            let outer = self.plan.deeper.len() + 2 * index;
            let site = &mut tape.sites[slot(outer)];
            self.activate(span, &tape.t, site);
            let start = self.plain(span, &block.first);
            self.layer(span, &site.value, &block.first, &mut tape.scratch, start);

            let site = &mut tape.sites[slot(outer + 1)];
            self.activate(span, &tape.scratch, site);
            if block.gate.is_some() {
                let r = &mut tape.residuals[slot(index)];
                let start = self.plain(span, &block.second);
                self.layer(span, &site.value, &block.second, r, start);
                let gate = &tape.gates[index][..span.stream * self.plan.width];
                gated_add(self.isa, gate, &r[hidden.clone()], &mut tape.t[hidden.clone()]);
            } else {
                let start = self.residual(span, &block.second);
                self.layer(span, &site.value, &block.second, &mut tape.t, start);
            }
        }
        self.output_layer(tape, span);
    }

    /// Start of a layer whose result replaces what was there.
    fn plain(&self, span: Span, layer: &Linear) -> Start<'_> {
        Start::Bias { values: self.bias(layer), rows: span.primal }
    }

    /// Start of a layer whose result is added to what was there.
    fn residual(&self, span: Span, layer: &Linear) -> Start<'_> {
        Start::AccumulateBias { values: self.bias(layer), rows: span.primal }
    }

    /// t ← [u, c]·W + b, the context's part being ready.
    fn input_layer(&self, tape: &mut Tape, span: Span) {
        let Plan { dim, width, .. } = *self.plan;
        let w = View::new(&self.weights[self.plan.input.clone()], width);
        let t = &mut tape.t[span.of(width)];
        let (primal, tangents) = t.split_at_mut(span.primal * width);
        primal.copy_from_slice(&tape.base[..span.primal * width]);
        let (u, du) = tape.u[span.of(dim)].split_at(span.primal * dim);
        for (u, t, start) in [(u, primal, Start::Accumulate), (du, tangents, Start::Zero)] {
            let shape = [u.len() / dim, width, dim];
            gemm_nn(self.isa, shape, View::new(u, dim), w, ViewMut::new(t, width), start);
        }
    }

    /// out ← u + t·W + b.
    fn output_layer(&self, tape: &mut Tape, span: Span) {
        let Plan { dim, width, .. } = *self.plan;
        let layer = &self.plan.output;
        let out = &mut tape.out[span.of(dim)];
        out.copy_from_slice(&tape.u[span.of(dim)]);
        let (t, w) =
            (View::new(&tape.t[span.of(width)], width), View::new(self.weight(layer), dim));
        let shape = [span.end - span.start, dim, width];
        gemm_nn(self.isa, shape, t, w, ViewMut::new(out, dim), self.residual(span, layer));
    }

    /// The site's value ← activation of the streams `pre`.
    fn activate(&self, span: Span, pre: &[f32], site: &mut Site) {
        let (isa, n, smooth) = (self.isa, span.stream * self.plan.width, self.plan.smooth());
        let Range { start, end } = span.of(self.plan.width);
        if smooth && end > n {
            // The buffer is overwritten soon, but the backward pass needs its tangents.
            site.pre[start.max(n) - n..end - n].copy_from_slice(&pre[start.max(n)..end]);
        }
        if start == 0 {
            let derivatives = if smooth { n } else { 0 };
            let (first, second) = (&mut site.first[..derivatives], &mut site.second[..derivatives]);
            let value = &mut site.value[..end];
            activate_streams(isa, self.plan.activation, n, &pre[..end], value, first, second);
        } else {
            let (primal, tangents) = site.value.split_at_mut(n);
            let slopes = Site::slopes(smooth, &primal[..n], &site.first, &site.second, n);
            tangent_streams(isa, slopes, &pre[start..end], &mut tangents[start - n..end - n]);
        }
    }

    /// C ← A·W for a layer from H to H.
    fn layer(&self, span: Span, a: &[f32], layer: &Linear, c: &mut [f32], start: Start) {
        let width = self.plan.width;
        let (a, w) = (&a[span.of(width)], View::new(self.weight(layer), width));
        let c = ViewMut::new(&mut c[span.of(width)], width);
        gemm_nn(self.isa, [span.end - span.start, width, width], View::new(a, width), w, c, start);
    }
}
