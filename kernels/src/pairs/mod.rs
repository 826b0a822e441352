//! Rows for the ordered pairs of nodes of graphs in which all are neighbours.
//!
//! Row q of `[Q, width]` belongs to the q-th of (graph, i, j ≠ i), j running fastest, then i.

mod attention;
mod attention_backward;
mod dots;
mod layer;
mod sums;

pub use attention::{Attention, attend, attend_tangents};
pub use attention_backward::{AttentionGrad, attend_backward};
pub use dots::{row_dots, row_dots_backward};
pub use layer::{PairLayer, pair_silu, pair_silu_tangents};
pub use sums::{PairSumGrad, pair_sums_backward};

use crate::simd::{GROUP, Simd};

/// Graphs in which every node has an edge to every other one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pairs {
    /// Graphs, G.
    pub graphs: usize,
    /// Nodes of each, N.
    pub nodes: usize,
    /// Features of a row, a multiple of 16.
    pub width: usize,
}

impl Pairs {
    /// G·N.
    #[must_use]
    pub fn node_count(&self) -> usize {
        self.graphs * self.nodes
    }

    /// Q = G·N·(N − 1).
    #[must_use]
    pub fn count(&self) -> usize {
        self.node_count() * self.others()
    }

    /// N − 1: a node's pairs.
    #[must_use]
    pub fn others(&self) -> usize {
        self.nodes.saturating_sub(1)
    }

    /// i of the q-th pair.
    #[inline(always)]
    fn owner(self, q: usize) -> usize {
        q / self.others()
    }

    /// The pairs (i, j) of node i, as (q, j).
    #[inline(always)]
    pub(crate) fn neighbours(self, i: usize) -> impl Iterator<Item = (usize, usize)> {
        let (start, others) = (i / self.nodes * self.nodes, self.others());
        (0..others).map(move |n| (i * others + n, start + n + usize::from(start + n >= i)))
    }

    /// Calls `visit(q, i, j)` for each pair, with the numbers of its nodes among all graphs'.
    #[inline(always)]
    pub fn each(self, mut visit: impl FnMut(usize, usize, usize)) {
        let mut q = 0;
        for graph in 0..self.graphs {
            let nodes = graph * self.nodes..(graph + 1) * self.nodes;
            for i in nodes.clone() {
                for j in nodes.clone() {
                    if j != i {
                        visit(q, i, j);
                        q += 1;
                    }
                }
            }
        }
    }

    #[track_caller]
    fn check(&self, lengths: &[(&str, usize, usize)]) {
        assert!(self.width.is_multiple_of(GROUP), "{} features: not a multiple of 16", self.width);
        for (name, found, expected) in lengths {
            assert!(found == expected, "{name}: {found} elements, not {expected}, of {self:?}");
        }
    }
}

/// Something done to NV vectors of each row, from column `from` on.
trait Columns {
    fn run<S: Simd, const NV: usize>(&mut self, simd: S, from: usize);
}

/// Runs `body` over rows `width` long, a multiple of [`GROUP`] and so of a vector: a few vectors at a time,
/// whose sums over pairs stay in registers.
#[inline(always)]
fn in_columns<S: Simd>(simd: S, width: usize, mut body: impl Columns) {
    const WIDE: usize = 4;
    let mut from = 0;
    while from + WIDE * S::LANES <= width {
        body.run::<S, WIDE>(simd, from);
        from += WIDE * S::LANES;
    }
    while from < width {
        body.run::<S, 1>(simd, from);
        from += S::LANES;
    }
}

/// NV vectors of a row.
#[inline(always)]
fn vectors<S: Simd, const NV: usize>(simd: S, row: &[f32], from: usize) -> [S::V; NV] {
    let part = &row[from..][..NV * S::LANES];
    // SAFETY: that many elements.
    std::array::from_fn(|v| unsafe { simd.load(part.as_ptr().add(v * S::LANES)) })
}

/// Replaces NV vectors of a row.
#[inline(always)]
fn store<S: Simd, const NV: usize>(simd: S, row: &mut [f32], from: usize, values: [S::V; NV]) {
    let part = &mut row[from..][..NV * S::LANES];
    for (v, value) in values.into_iter().enumerate() {
        // SAFETY: that many elements.
        unsafe { simd.store(part.as_mut_ptr().add(v * S::LANES), value) };
    }
}

/// Adds to NV vectors of a row.
#[inline(always)]
fn add<S: Simd, const NV: usize>(simd: S, row: &mut [f32], from: usize, values: [S::V; NV]) {
    let old = vectors::<S, NV>(simd, row, from);
    store::<S, NV>(simd, row, from, std::array::from_fn(|v| simd.add(old[v], values[v])));
}

/// Row `at` of rows `width` long.
#[inline(always)]
fn row(rows: &[f32], at: usize, width: usize) -> &[f32] {
    &rows[at * width..][..width]
}

/// As [`row`], to write into.
#[inline(always)]
fn row_mut(rows: &mut [f32], at: usize, width: usize) -> &mut [f32] {
    &mut rows[at * width..][..width]
}
