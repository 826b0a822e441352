//! The first layer of an edge network, split into nodes and pairs, through its SiLU.

use super::{Columns, Pairs, in_columns, row, vectors};
use crate::Isa;
use crate::elementwise::{logistic, silu_slope};
use crate::isa::Kernel;
use crate::simd::Simd;
use std::ops::Range;

/// t = aᵢ + cⱼ + `scalars`₀·`weights`₀ + `scalars`₁·`weights`₁ for each pair.
#[derive(Clone, Copy, Debug)]
pub struct PairLayer<'a> {
    /// Rows.
    pub pairs: Pairs,
    /// Nodes' rows (a | c), `[G·N, 2H]`.
    pub nodes: &'a [f32],
    /// Two numbers a pair, `[Q]`.
    pub scalars: [&'a [f32]; 2],
    /// Their weights, `[H]`.
    pub weights: [&'a [f32]; 2],
}

impl PairLayer<'_> {
    #[track_caller]
    fn check(&self, owners: &Range<usize>, rows: &[(&str, usize)]) {
        let (q, h) = (self.pairs.count(), self.pairs.width);
        let (nodes, others) = (self.pairs.node_count(), self.pairs.others());
        let fits = owners.start <= owners.end && owners.end <= nodes;
        assert!(fits, "nodes {owners:?} of {nodes}");
        self.pairs.check(&[
            ("nodes", self.nodes.len(), self.pairs.node_count() * 2 * h),
            ("scalars", self.scalars[0].len(), q),
            ("scalars", self.scalars[1].len(), q),
            ("weights", self.weights[0].len(), h),
            ("weights", self.weights[1].len(), h),
        ]);
        let expected = owners.len() * others * h;
        rows.iter().for_each(|(name, len)| self.pairs.check(&[(name, *len, expected)]));
    }
}

/// `value` ← tσ(t) and, unless it is empty, `sigmoid` ← σ(t), of the pairs (i, j) of nodes i in `owners` alone, whose
/// rows these hold.
///
/// # Panics
/// If a length does not fit.
pub fn pair_silu(
    isa: Isa,
    layer: PairLayer,
    owners: Range<usize>,
    value: &mut [f32],
    sigmoid: &mut [f32],
) {
    layer.check(&owners, &[("value", value.len())]);
    if !sigmoid.is_empty() {
        layer.check(&owners, &[("sigmoid", sigmoid.len())]);
    }
    let sigmoid = if sigmoid.is_empty() { std::ptr::null_mut() } else { sigmoid.as_mut_ptr() };
    isa.run(Blocks { layer, owners, rows: Values { value: value.as_mut_ptr(), sigmoid } });
}

/// Of a tangent: `out` `[Q, H]` ← SiLU′(t)·ṫ and, unless it is empty, `before` ← ṫ, where `layer` has tangents of nodes and scalars,
/// and `value` and `sigmoid` are [`pair_silu`]'s.
///
/// # Panics
/// If a length does not fit.
pub fn pair_silu_tangents(
    isa: Isa,
    layer: PairLayer,
    [value, sigmoid]: [&[f32]; 2],
    before: &mut [f32],
    out: &mut [f32],
) {
    let owners = 0..layer.pairs.node_count();
    layer.check(&owners, &[("value", value.len()), ("sigmoid", sigmoid.len()), ("out", out.len())]);
    if !before.is_empty() {
        layer.check(&owners, &[("before", before.len())]);
    }
    let rows = Tangents {
        value: value.as_ptr(),
        sigmoid: sigmoid.as_ptr(),
        before: if before.is_empty() { std::ptr::null_mut() } else { before.as_mut_ptr() },
        out: out.as_mut_ptr(),
    };
    isa.run(Blocks { layer, owners, rows });
}

/// What becomes of t.
///
/// Invariant, by the checks of the functions above: pointers that are not null are the start of the owners'
/// rows, H long, that live as long as this; what is written is borrowed by nobody else.
trait Rows {
    /// # Safety
    /// `at` + LANES is at most so many rows' length.
    unsafe fn at<S: Simd>(&self, simd: S, at: usize, t: S::V);
}

struct Values {
    value: *mut f32,
    sigmoid: *mut f32,
}

impl Rows for Values {
    #[inline(always)]
    unsafe fn at<S: Simd>(&self, simd: S, at: usize, t: S::V) {
        let s = logistic(simd, t);
        // SAFETY: the caller's bounds and the invariant.
        unsafe {
            simd.store(self.value.add(at), simd.mul(t, s));
            if !self.sigmoid.is_null() {
                simd.store(self.sigmoid.add(at), s);
            }
        }
    }
}

struct Tangents {
    value: *const f32,
    sigmoid: *const f32,
    before: *mut f32,
    out: *mut f32,
}

impl Rows for Tangents {
    #[inline(always)]
    unsafe fn at<S: Simd>(&self, simd: S, at: usize, t: S::V) {
        // SAFETY: the caller's bounds and the invariant.
        unsafe {
            let slope =
                silu_slope(simd, simd.load(self.value.add(at)), simd.load(self.sigmoid.add(at)));
            if !self.before.is_null() {
                simd.store(self.before.add(at), t);
            }
            simd.store(self.out.add(at), simd.mul(slope, t));
        }
    }
}

struct Blocks<'a, R> {
    layer: PairLayer<'a>,
    owners: Range<usize>,
    rows: R,
}

impl<R: Rows> Kernel for Blocks<'_, R> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        in_columns(simd, self.layer.pairs.width, self);
    }
}

impl<R: Rows> Columns for Blocks<'_, R> {
    #[inline(always)]
    fn run<S: Simd, const NV: usize>(&mut self, simd: S, from: usize) {
        let PairLayer { pairs, nodes, scalars, weights } = self.layer;
        let h = pairs.width;
        let [first, second] = weights.map(|w| vectors::<S, NV>(simd, w, from));
        let start = self.owners.start * pairs.others();
        for i in self.owners.clone() {
            let a = vectors::<S, NV>(simd, row(nodes, 2 * i, h), from);
            for (q, j) in pairs.neighbours(i) {
                let c = vectors::<S, NV>(simd, row(nodes, 2 * j + 1, h), from);
                let [s, t] = scalars.map(|of| simd.splat(of[q]));
                for v in 0..NV {
                    let sum = simd.fma(s, first[v], simd.add(a[v], c[v]));
                    let sum = simd.fma(t, second[v], sum);
                    let at = (q - start) * h + from + v * S::LANES;
                    // SAFETY: row q is an owner's, h long, and from + NV·LANES ≤ h.
                    unsafe { self.rows.at(simd, at, sum) };
                }
            }
        }
    }
}
