//! Sizes of a pass, and buffers that its steps share.

use freeform_kernels::{Isa, Pairs};

/// How many configurations and tangents go through a network at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub isa: Isa,
    pub pairs: Pairs,
    /// n.
    pub dims: usize,
    /// T.
    pub tangents: usize,
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
    /// `[1 + T, Q, H]`, two of them.
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
        Self {
            projected: of(2 * shape.node_numbers()),
            pairs: [of(shape.pair_numbers()), of(shape.pair_numbers())],
            nodes: [of(shape.node_numbers()), of(shape.node_numbers())],
            sums: vec![0.0; 2 * shape.width()],
        }
    }
}
