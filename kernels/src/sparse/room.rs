//! Memory that products use again and again.

use super::operands::DEPTH;

/// Room for products with matrices of which much is zero, which are used again and again without
/// allocating.
#[derive(Clone, Debug)]
pub struct Sparse {
    /// Row r of block b of A has bit c of element `b · rows + r` set where its column 64·b + c is not
    /// zero.
    pub(super) masks: Vec<u64>,
    /// A, where it lies transposed.
    pub(super) transposed: Vec<f32>,
}

/// Masks of a matrix; one of no columns has one empty block.
pub(super) fn masks(rows: usize, columns: usize) -> usize {
    columns.max(1).div_ceil(DEPTH) * rows
}

impl Sparse {
    /// Room for a sparse matrix of `rows × columns`, or `columns × rows`.
    #[must_use]
    pub fn new(rows: usize, columns: usize) -> Self {
        Self {
            masks: vec![0; masks(rows, columns).max(masks(columns, rows))],
            transposed: vec![0.0; rows * columns],
        }
    }
}
