//! Back through the sums over neighbours and their gates.

use super::dots::dots;
use super::{Attention, Columns, in_columns, row, row_mut, store, vectors};
use crate::Isa;
use crate::isa::Kernel;
use crate::simd::{GROUP, Simd};

/// Where the gradients of [`attend`](super::attend) and [`attend_tangents`](super::attend_tangents) go.
#[derive(Debug)]
pub struct AttentionGrad<'a> {
    /// Of messages and their tangents, `[1 + T, Q, H]`; replaced.
    pub messages: &'a mut [f32],
    /// Of w, `[H]`; added to.
    pub weights: &'a mut [f32],
    /// Of c; added to.
    pub bias: &'a mut f32,
}

/// Pulls gradients `grad` `[1 + T, G·N, H]` of the sums and their tangents back, for `gates`,
/// `tangents` and `slopes` as of [`attend_tangents`](super::attend_tangents) (the last two are empty without
/// tangents).
///
/// # Panics
/// If a length does not fit.
pub fn attend_backward(
    isa: Isa,
    attention: Attention,
    gates: &[f32],
    tangents: &[f32],
    slopes: &[f32],
    grad: &[f32],
    into: AttentionGrad,
) {
    let Attention { pairs, .. } = attention;
    let count = slopes.len().checked_div(pairs.count()).unwrap_or(0);
    attention.check(gates.len(), grad.len(), 1 + count);
    pairs.check(&[
        ("slopes", slopes.len(), count * pairs.count()),
        ("tangents", tangents.len(), slopes.len() * pairs.width),
        ("gradient", into.messages.len(), (1 + count) * pairs.count() * pairs.width),
        ("gradient of weights", into.weights.len(), pairs.width),
    ]);
    let streams = Streams { attention, gates, tangents, slopes, grad };
    isa.run(Backward { streams, into });
}

/// What is pulled back, and where it was computed.
#[derive(Clone, Copy)]
struct Streams<'a> {
    attention: Attention<'a>,
    gates: &'a [f32],
    tangents: &'a [f32],
    slopes: &'a [f32],
    grad: &'a [f32],
}

struct Backward<'a> {
    streams: Streams<'a>,
    into: AttentionGrad<'a>,
}

/// Gradients of a few pairs' numbers, from pair `first` on.
///
/// With A, Ȧ the gradients of the sums: ∂e = A·m + Ȧ·ṁ, ∂ė = Ȧ·m.
struct Block {
    first: usize,
    count: usize,
    /// e·scale.
    gates: [f32; GROUP],
    /// Of the logit w·m + c.
    of_logits: [f32; GROUP],
    /// For each tangent: what m gets of Ȧ, and the gradient of w·ṁ.
    of_tangents: Vec<[[f32; GROUP]; 2]>,
}

impl Kernel for Backward<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let pairs = self.streams.attention.pairs;
        let of_tangents = vec![[[0.0; GROUP]; 2]; self.streams.slopes.len() / pairs.count().max(1)];
        let [gates, of_logits] = [[0.0; GROUP]; 2];
        let mut block = Block { first: 0, count: 0, gates, of_logits, of_tangents };
        for first in (0..pairs.count()).step_by(S::LANES) {
            (block.first, block.count) = (first, S::LANES.min(pairs.count() - first));
            block.fill(simd, &self.streams);
            for of_logit in &block.of_logits[..block.count] {
                *self.into.bias += of_logit;
            }
            let (streams, into) = (self.streams, &mut self.into);
            in_columns(simd, pairs.width, Rows { streams, block: &block, into });
        }
    }
}

impl Block {
    #[inline(always)]
    fn fill<S: Simd>(&mut self, simd: S, of: &Streams) {
        let Attention { pairs, messages, scale, .. } = of.attention;
        let (h, count, nodes) = (pairs.width, pairs.count(), pairs.node_count());
        let (first, last) = (self.first, self.count - 1);
        // Lanes beyond the last pair do it again.
        let at = |l: usize| first + l.min(last);
        let above = |q: usize, stream: usize| row(of.grad, stream * nodes + pairs.owner(q), h);
        let mut of_gates = dots(simd, h, |l| [above(at(l), 0), row(messages, at(l), h)]);
        let mut curved = [0.0; GROUP];
        for (t, numbers) in self.of_tangents.iter_mut().enumerate() {
            let of_turns = dots(simd, h, |l| [above(at(l), 1 + t), row(messages, at(l), h)]);
            let tangent = |l| row(of.tangents, t * count + at(l), h);
            let straight = dots(simd, h, |l| [above(at(l), 1 + t), tangent(l)]);
            for l in 0..=last {
                let (gate, slope) = (of.gates[first + l], of.slopes[t * count + first + l]);
                of_gates[l] += straight[l];
                curved[l] += slope * of_turns[l];
                numbers[0][l] = scale * gate * (1.0 - gate) * slope;
                numbers[1][l] = scale * gate * (1.0 - gate) * of_turns[l];
            }
        }
        for l in 0..=last {
            let gate = of.gates[first + l];
            let of_gate = of_gates[l] + (1.0 - 2.0 * gate) * curved[l];
            self.of_logits[l] = scale * gate * (1.0 - gate) * of_gate;
            self.gates[l] = scale * gate;
        }
    }
}

struct Rows<'a, 'b> {
    streams: Streams<'a>,
    block: &'b Block,
    into: &'b mut AttentionGrad<'a>,
}

impl Columns for Rows<'_, '_> {
    #[inline(always)]
    fn run<S: Simd, const NV: usize>(&mut self, simd: S, from: usize) {
        let Streams { attention, tangents, grad, .. } = self.streams;
        let Attention { pairs, messages, weights, .. } = attention;
        let (h, count, nodes) = (pairs.width, pairs.count(), pairs.node_count());
        let weights = vectors::<S, NV>(simd, weights, from);
        let mut to_weights = vectors::<S, NV>(simd, self.into.weights, from);
        for l in 0..self.block.count {
            let q = self.block.first + l;
            let i = pairs.owner(q);
            let gate = simd.splat(self.block.gates[l]);
            let above = vectors::<S, NV>(simd, row(grad, i, h), from);
            let mut to: [S::V; NV] = std::array::from_fn(|v| simd.mul(gate, above[v]));
            for (t, [of_above, of_slope]) in self.block.of_tangents.iter().enumerate() {
                let [of_above, of_slope] = [of_above[l], of_slope[l]].map(|of| simd.splat(of));
                let above = vectors::<S, NV>(simd, row(grad, (1 + t) * nodes + i, h), from);
                let tangent = vectors::<S, NV>(simd, row(tangents, t * count + q, h), from);
                let mut of_tangent = above;
                for v in 0..NV {
                    to[v] = simd.fma(of_above, above[v], to[v]);
                    of_tangent[v] = simd.fma(of_slope, weights[v], simd.mul(gate, above[v]));
                    to_weights[v] = simd.fma(of_slope, tangent[v], to_weights[v]);
                }
                let to = row_mut(self.into.messages, (1 + t) * count + q, h);
                store::<S, NV>(simd, to, from, of_tangent);
            }
            let of_logit = simd.splat(self.block.of_logits[l]);
            let message = vectors::<S, NV>(simd, row(messages, q, h), from);
            for v in 0..NV {
                to[v] = simd.fma(of_logit, weights[v], to[v]);
                to_weights[v] = simd.fma(of_logit, message[v], to_weights[v]);
            }
            store::<S, NV>(simd, row_mut(self.into.messages, q, h), from, to);
        }
        store::<S, NV>(simd, self.into.weights, from, to_weights);
    }
}
