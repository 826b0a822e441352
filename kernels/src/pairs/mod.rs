//! Rows for the ordered pairs of nodes of graphs in which all are neighbours.
//!
//! Row q of `[Q, width]` belongs to the q-th of (graph, i, j ≠ i), j running fastest, then i. All of this is
//! safe code: compiled for an instruction set it becomes vectors by itself, with the same operations
//! in the same order on each.

mod attention;
mod dots;
mod sums;

pub use attention::{Attention, AttentionGrad, attend, attend_backward, attend_tangents};
pub use dots::{row_dots, row_dots_backward};
pub use sums::{PairSumGrad, pair_sums, pair_sums_backward};

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
        self.graphs * self.nodes * self.nodes.saturating_sub(1)
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
        assert!(self.width.is_multiple_of(LANES), "{} features: not a multiple of 16", self.width);
        for (name, found, expected) in lengths {
            assert!(found == expected, "{name}: {found} elements, not {expected}, of {self:?}");
        }
    }
}

/// Numbers that are summed beside each other before they are summed to one.
const LANES: usize = 16;

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

/// Σ aₖbₖ, lane by lane, then a fixed tree over the lanes.
#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; LANES];
    for (a, b) in a.chunks_exact(LANES).zip(b.chunks_exact(LANES)) {
        for l in 0..LANES {
            lanes[l] += a[l] * b[l];
        }
    }
    let mut half = LANES / 2;
    while half > 0 {
        for l in 0..half {
            lanes[l] += lanes[l + half];
        }
        half /= 2;
    }
    lanes[0]
}

/// out ← out + c·a.
#[inline(always)]
fn add_scaled(out: &mut [f32], c: f32, a: &[f32]) {
    for (out, a) in out.iter_mut().zip(a) {
        *out += c * a;
    }
}
