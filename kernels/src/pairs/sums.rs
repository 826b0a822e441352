//! The first layer of an edge network, split into nodes and pairs.

use super::{Pairs, add_scaled, dot, row, row_mut};
use crate::Isa;
use crate::isa::Kernel;
use crate::simd::Simd;

/// `out` `[Q, H]` ← aᵢ + cⱼ + `scalars`₀·`weights`₀ + `scalars`₁·`weights`₁ for nodes' rows (a | c)
/// `[G·N, 2H]`, two scalars a pair `[Q]` and their weights `[H]`.
///
/// # Panics
/// If a length does not fit.
pub fn pair_sums(
    isa: Isa,
    pairs: Pairs,
    nodes: &[f32],
    scalars: [&[f32]; 2],
    weights: [&[f32]; 2],
    out: &mut [f32],
) {
    let (q, h) = (pairs.count(), pairs.width);
    pairs.check(&[
        ("nodes", nodes.len(), pairs.node_count() * 2 * h),
        ("scalars", scalars[0].len(), q),
        ("scalars", scalars[1].len(), q),
        ("weights", weights[0].len(), h),
        ("weights", weights[1].len(), h),
        ("out", out.len(), q * h),
    ]);
    isa.run(Sums { pairs, nodes, scalars, weights, out });
}

struct Sums<'a> {
    pairs: Pairs,
    nodes: &'a [f32],
    scalars: [&'a [f32]; 2],
    weights: [&'a [f32]; 2],
    out: &'a mut [f32],
}

impl Kernel for Sums<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let h = self.pairs.width;
        let (first, second) = (&self.weights[0][..h], &self.weights[1][..h]);
        self.pairs.each(|q, i, j| {
            let a = row(self.nodes, 2 * i, h);
            let c = row(self.nodes, 2 * j + 1, h);
            let (s, t) = (self.scalars[0][q], self.scalars[1][q]);
            let out = row_mut(self.out, q, h);
            for k in 0..h {
                out[k] = (a[k] + c[k]) + (s * first[k] + t * second[k]);
            }
        });
    }
}

/// Where the gradients of [`pair_sums`] go; all are added to.
#[derive(Debug)]
pub struct PairSumGrad<'a> {
    /// Of the nodes' rows, `[G·N, 2H]`.
    pub nodes: &'a mut [f32],
    /// Of the scalars, `[Q]` each.
    pub scalars: [&'a mut [f32]; 2],
    /// Of their weights, `[H]` each.
    pub weights: [&'a mut [f32]; 2],
}

/// Pulls the gradient `grad` `[Q, H]` of [`pair_sums`]'s result back.
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
    fn run<S: Simd>(self, _: S) {
        let h = self.pairs.width;
        let [first, second] = self.weights;
        let PairSumGrad { nodes, scalars: [to_s, to_t], weights: [to_first, to_second] } =
            self.into;
        self.pairs.each(|q, i, j| {
            let grad = row(self.grad, q, h);
            add_scaled(row_mut(nodes, 2 * i, h), 1.0, grad);
            add_scaled(row_mut(nodes, 2 * j + 1, h), 1.0, grad);
            to_s[q] += dot(grad, first);
            to_t[q] += dot(grad, second);
            add_scaled(to_first, self.scalars[0][q], grad);
            add_scaled(to_second, self.scalars[1][q], grad);
        });
    }
}
