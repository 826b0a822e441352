//! What a product is of.

use super::view::{Start, View, ViewMut};

/// How B lies in memory.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Layout {
    /// `b[p, j]`: rows are summed over.
    Rows,
    /// `b[j, p]`: columns are summed over; blocks are transposed on the way.
    Columns,
}

/// Invariant, by the checks of the public functions: the operands fit in their views (of A, element
/// `[i, p]` lies at i and p times its strides), and a bias is as long as C is wide.
pub(super) struct Product<'a> {
    pub shape: [usize; 3],
    pub a: &'a [f32],
    pub a_strides: (usize, usize),
    pub b: View<'a>,
    pub layout: Layout,
    pub c: ViewMut<'a>,
    pub start: Start<'a>,
}

/// Depth of a block of B.
pub(super) const DEPTH: usize = 128;
