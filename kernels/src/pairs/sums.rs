//! Back through the first layer of an edge network, split into nodes and pairs.

use super::dots::dots;
use super::{Columns, Pairs, add, in_columns, row, row_mut, vectors};
use crate::Isa;
use crate::isa::Kernel;
use crate::simd::Simd;

/// Where the gradients of what a [`PairLayer`](super::PairLayer) is made of go; all are added to.
#[derive(Debug)]
pub struct PairSumGrad<'a> {
    /// Of the nodes' rows, `[G·N, 2H]`.
    pub nodes: &'a mut [f32],
    /// Of the scalars, `[Q]` each.
    pub scalars: [&'a mut [f32]; 2],
    /// Of their weights, `[H]` each.
    pub weights: [&'a mut [f32]; 2],
}

/// Pulls the gradient `grad` `[Q, H]` of a [`PairLayer`](super::PairLayer)'s t back.
///
/// # Panics
/// If a length does not fit.
pub fn pair_sums_backward(
    isa: Isa,
    pairs: Pairs,
    scalars: [&[f32]; 2],
    weights: [&[f32]; 2],
    grad: &[f32],
    into: PairSumGrad,
) {
    let (q, h) = (pairs.count(), pairs.width);
    pairs.check(&[
        ("nodes", into.nodes.len(), pairs.node_count() * 2 * h),
        ("scalars", scalars[0].len(), q),
        ("scalars", scalars[1].len(), q),
        ("weights", weights[0].len(), h),
        ("weights", weights[1].len(), h),
        ("gradient", grad.len(), q * h),
        ("gradient of scalars", into.scalars[0].len(), q),
        ("gradient of scalars", into.scalars[1].len(), q),
        ("gradient of weights", into.weights[0].len(), h),
        ("gradient of weights", into.weights[1].len(), h),
    ]);
    isa.run(Backward { pairs, scalars, weights, grad, into });
}

struct Backward<'a> {
    pairs: Pairs,
    scalars: [&'a [f32]; 2],
    weights: [&'a [f32]; 2],
    grad: &'a [f32],
    into: PairSumGrad<'a>,
}

impl Kernel for Backward<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let h = self.pairs.width;
        for first in (0..self.pairs.count()).step_by(S::LANES) {
            let last = (self.pairs.count() - first).min(S::LANES) - 1;
            for (to, weights) in self.into.scalars.iter_mut().zip(self.weights) {
                // Lanes beyond the last pair do it again.
                let found = dots(simd, h, |l| [row(self.grad, first + l.min(last), h), weights]);
                to[first..].iter_mut().zip(&found[..=last]).for_each(|(to, of)| *to += of);
            }
        }
        in_columns(simd, h, self);
    }
}

impl Columns for Backward<'_> {
    #[inline(always)]
    fn run<S: Simd, const NV: usize>(&mut self, simd: S, from: usize) {
        let h = self.pairs.width;
        let zeros = [simd.splat(0.0); NV];
        let (mut to_first, mut to_second) = (zeros, zeros);
        for i in 0..self.pairs.node_count() {
            let mut to_i = zeros;
            for (q, j) in self.pairs.neighbours(i) {
                let grad = vectors::<S, NV>(simd, row(self.grad, q, h), from);
                let [s, t] = self.scalars.map(|of| simd.splat(of[q]));
                to_i = std::array::from_fn(|v| simd.add(to_i[v], grad[v]));
                to_first = std::array::from_fn(|v| simd.fma(s, grad[v], to_first[v]));
                to_second = std::array::from_fn(|v| simd.fma(t, grad[v], to_second[v]));
                add::<S, NV>(simd, row_mut(self.into.nodes, 2 * j + 1, h), from, grad);
            }
            add::<S, NV>(simd, row_mut(self.into.nodes, 2 * i, h), from, to_i);
        }
        let [of_first, of_second] = &mut self.into.weights;
        add::<S, NV>(simd, of_first, from, to_first);
        add::<S, NV>(simd, of_second, from, to_second);
    }
}
