//! Sums over neighbours, each weighed by a gate of its own message.

use super::{Columns, Pairs, in_columns, row, row_dots, row_mut, store, vectors};
use crate::isa::Kernel;
use crate::simd::Simd;
use crate::{Isa, sigmoid};

/// Messages and what their gates e = σ(w·m + c) depend on.
#[derive(Clone, Copy, Debug)]
pub struct Attention<'a> {
    /// Rows.
    pub pairs: Pairs,
    /// Messages m, `[Q, H]`.
    pub messages: &'a [f32],
    /// w, `[H]`.
    pub weights: &'a [f32],
    /// c.
    pub bias: f32,
    /// Sums are multiplied by this.
    pub scale: f32,
}

/// `sums` `[·, H]` ← scale·Σⱼ eᵢⱼmᵢⱼ, and `gates` ← e, for the nodes i whose pairs' messages are given (all, or some that
/// follow each other).
///
/// # Panics
/// If a length does not fit.
pub fn attend(isa: Isa, attention: Attention, gates: &mut [f32], sums: &mut [f32]) {
    let Attention { pairs, messages, .. } = attention;
    let count = sums.len() / pairs.width.max(1) * pairs.others();
    pairs.check(&[
        ("messages", messages.len(), count * pairs.width),
        ("weights", attention.weights.len(), pairs.width),
        ("gates", gates.len(), count),
    ]);
    row_dots(isa, messages, attention.weights, gates);
    gates.iter_mut().for_each(|gate| *gate += attention.bias);
    sigmoid(isa, gates);
    isa.run(Sums { attention, gates, sums });
}

/// The same of tangents ṁ `[T, Q, H]`: `slopes` `[T, Q]` ← w·ṁ, `sums` `[T, G·N, H]` ←
/// scale·Σⱼ (e(1 − e)(w·ṁ)m + eṁ).
///
/// # Panics
/// If a length does not fit.
pub fn attend_tangents(
    isa: Isa,
    attention: Attention,
    gates: &[f32],
    tangents: &[f32],
    slopes: &mut [f32],
    sums: &mut [f32],
) {
    let Attention { pairs, .. } = attention;
    let count = slopes.len().checked_div(pairs.count()).unwrap_or(0);
    attention.check(gates.len(), sums.len(), count);
    pairs.check(&[
        ("slopes", slopes.len(), count * pairs.count()),
        ("tangents", tangents.len(), slopes.len() * pairs.width),
    ]);
    row_dots(isa, tangents, attention.weights, slopes);
    isa.run(Tangents { attention, gates, tangents, slopes, sums });
}

impl Attention<'_> {
    #[track_caller]
    pub(super) fn check(&self, gates: usize, sums: usize, streams: usize) {
        let (q, h) = (self.pairs.count(), self.pairs.width);
        self.pairs.check(&[
            ("messages", self.messages.len(), q * h),
            ("weights", self.weights.len(), h),
            ("gates", gates, q),
            ("sums", sums, streams * self.pairs.node_count() * h),
        ]);
    }
}

struct Sums<'a> {
    attention: Attention<'a>,
    gates: &'a [f32],
    sums: &'a mut [f32],
}

impl Kernel for Sums<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        in_columns(simd, self.attention.pairs.width, self);
    }
}

impl Columns for Sums<'_> {
    #[inline(always)]
    fn run<S: Simd, const NV: usize>(&mut self, simd: S, from: usize) {
        let Attention { pairs, messages, scale, .. } = self.attention;
        let h = pairs.width;
        for (i, gates) in self.gates.chunks_exact(pairs.others().max(1)).enumerate() {
            let mut sum = [simd.splat(0.0); NV];
            for (j, gate) in gates.iter().enumerate() {
                let (q, gate) = (i * gates.len() + j, simd.splat(scale * gate));
                let message = vectors::<S, NV>(simd, row(messages, q, h), from);
                sum = std::array::from_fn(|v| simd.fma(gate, message[v], sum[v]));
            }
            store::<S, NV>(simd, row_mut(self.sums, i, h), from, sum);
        }
    }
}

struct Tangents<'a> {
    attention: Attention<'a>,
    gates: &'a [f32],
    tangents: &'a [f32],
    slopes: &'a [f32],
    sums: &'a mut [f32],
}

impl Kernel for Tangents<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        in_columns(simd, self.attention.pairs.width, self);
    }
}

impl Columns for Tangents<'_> {
    #[inline(always)]
    fn run<S: Simd, const NV: usize>(&mut self, simd: S, from: usize) {
        let Attention { pairs, messages, scale, .. } = self.attention;
        let (h, count, nodes) = (pairs.width, pairs.count(), pairs.node_count());
        for (t, slopes) in self.slopes.chunks_exact(count.max(1)).enumerate() {
            for i in 0..nodes {
                let mut sum = [simd.splat(0.0); NV];
                for (q, _) in pairs.neighbours(i) {
                    let gate = self.gates[q];
                    let turn = simd.splat(scale * gate * (1.0 - gate) * slopes[q]);
                    let gate = simd.splat(scale * gate);
                    let message = vectors::<S, NV>(simd, row(messages, q, h), from);
                    let tangent = row(self.tangents, t * count + q, h);
                    let tangent = vectors::<S, NV>(simd, tangent, from);
                    sum = std::array::from_fn(|v| {
                        simd.fma(gate, tangent[v], simd.fma(turn, message[v], sum[v]))
                    });
                }
                store::<S, NV>(simd, row_mut(self.sums, t * nodes + i, h), from, sum);
            }
        }
    }
}
