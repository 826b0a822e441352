//! Sizes of a pass, and buffers that its steps share.

use freeform_kernels::{Isa, Pairs};
use std::ops::Range;

/// How many configurations and tangents go through a network at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub isa: Isa,
    pub pairs: Pairs,
    /// n.
    pub dims: usize,
    /// T.
    pub tangents: usize,
    /// Nodes whose pairs' values go through an edge network at once.
    pub run: usize,
}

impl Shape {
    /// G·N.
    pub fn nodes(&self) -> usize {
        self.pairs.node_count()
    }

    /// H.
    pub fn width(&self) -> usize {
        self.pairs.width
    }

    /// Numbers in the nodes' features.
    pub fn node_numbers(&self) -> usize {
        self.nodes() * self.width()
    }

    /// All nodes, [`Self::run`] at a time.
    pub fn runs(&self) -> impl Iterator<Item = Range<usize>> {
        let (nodes, run) = (self.nodes(), self.run);
        (0..nodes).step_by(run.max(1)).map(move |first| first..(first + run).min(nodes))
    }

    /// Numbers in the rows of the pairs of [`Self::run`] nodes.
    pub fn run_numbers(&self) -> usize {
        self.run * self.pairs.others() * self.width()
    }

    /// Numbers in the pairs' rows.
    pub fn pair_numbers(&self) -> usize {
        self.pairs.count() * self.width()
    }
}

/// Buffers for 1 + T streams.
#[derive(Clone, Debug)]
pub(super) struct Scratch {
    /// `[1 + T, G·N, 2H]`.
    pub projected: Vec<f32>,
    /// `[1 + T, Q, H]`, two of them; Q of a run of nodes where nothing is kept.
    pub pairs: [Vec<f32>; 2],
    /// `[1 + T, G·N, H]`, two of them.
    pub nodes: [Vec<f32>; 2],
    /// `[2H]`.
    pub sums: Vec<f32>,
}

impl Scratch {
    pub fn new(shape: &Shape) -> Self {
        let streams = 1 + shape.tangents;
        let of = |numbers: usize| vec![0.0; streams * numbers];
        let pairs = shape.run_numbers();
        Self {
            projected: of(2 * shape.node_numbers()),
            pairs: [of(pairs), of(pairs)],
            nodes: [of(shape.node_numbers()), of(shape.node_numbers())],
            sums: vec![0.0; 2 * shape.width()],
        }
    }
}
