//! What a product takes, and what becomes of it.

use crate::gemm::View;

/// Columns of the sparse matrix, and so rows of the dense one, that a product takes at a time: as
/// many as a mask has bits, and a block of the dense matrix that stays in the first-level cache.
pub(super) const DEPTH: usize = 64;

/// How a dense matrix lies in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As it is meant.
    Plain,
    /// As its transpose.
    Transposed,
}

impl Order {
    /// Checks that a matrix of this shape fits in its view.
    #[track_caller]
    pub(super) fn check(self, name: &str, view: View, [rows, columns]: [usize; 2]) {
        match self {
            Self::Plain => view.check(name, rows, columns),
            Self::Transposed => view.check(name, columns, rows),
        }
    }
}

/// What becomes of the sums of a product.
#[derive(Clone, Copy, Debug)]
pub enum Finish<'a> {
    /// C ← A·B.
    Sum,
    /// C ← max(A·B + bias, 0): a layer of rectified units.
    Rectify {
        /// One number for each column of C.
        bias: &'a [f32],
    },
    /// C ← A·B where these units `[m, n]` are positive, else 0: the gradient back through them.
    Through {
        /// The rectified units.
        units: View<'a>,
    },
}
