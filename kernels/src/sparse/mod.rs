//! Products with matrices of which much is zero: what rectified units pass on, and what comes back
//! through them. Leaving the zeros out changes no sum.

mod fill;
mod product;

use crate::Isa;
use crate::gemm::{View, ViewMut};
use fill::Fill;
use product::SparseProduct;

/// Columns of the sparse matrix, and so rows of the dense one, that a product takes at a time: a
/// block of the dense matrix that stays in the first-level cache.
const DEPTH: usize = 64;

/// The elements of a matrix other than zero, row by row within blocks of 64 columns.
///
/// It is filled again and again, without allocating, by matrices of at most the size that it was
/// made for.
#[derive(Clone, Debug)]
pub struct Sparse {
    shape: [usize; 2],
    capacity: usize,
    /// Row r of block b is elements `starts[b · rows + r]..starts[b · rows + r + 1]`.
    starts: Vec<u32>,
    /// Column within the block.
    items: Vec<u32>,
    values: Vec<f32>,
    transposed: Vec<f32>,
}

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
    fn check(self, name: &str, view: View, [rows, columns]: [usize; 2]) {
        match self {
            Self::Plain => view.check(name, rows, columns),
            Self::Transposed => view.check(name, columns, rows),
        }
    }
}

/// Rows of all blocks together; a matrix of no columns has one empty block.
fn blocks(rows: usize, columns: usize) -> usize {
    columns.max(1).div_ceil(DEPTH) * rows
}

impl Sparse {
    /// Room for `rows × columns` elements, or `columns × rows`.
    ///
    /// # Panics
    /// If that is 2³² elements or more.
    #[must_use]
    pub fn new(rows: usize, columns: usize) -> Self {
        let capacity = rows * columns;
        assert!(u32::try_from(capacity).is_ok(), "a sparse matrix of {rows} × {columns}");
        // Whole vectors are written: at most one beyond the last element.
        let slack = 16;
        Self {
            shape: [0; 2],
            capacity,
            starts: vec![0; blocks(rows, columns).max(blocks(columns, rows)) + 1],
            items: vec![0; capacity + slack],
            values: vec![0.0; capacity + slack],
            transposed: vec![0.0; capacity],
        }
    }

    /// Becomes the matrix A `[rows, columns]`, which lies in memory in `order`.
    ///
    /// # Panics
    /// If A does not fit in its view, or there is no room for it.
    pub fn fill(&mut self, isa: Isa, [rows, columns]: [usize; 2], a: View, order: Order) {
        order.check("A", a, [rows, columns]);
        let room = rows * columns <= self.capacity && blocks(rows, columns) < self.starts.len();
        assert!(room, "a sparse matrix of {rows} × {columns} in room for {}", self.capacity);
        self.shape = [rows, columns];
        isa.run(Fill { sparse: self, a, order });
    }

    /// C ← S·B (+ a bias for each column of C) for B `[columns, n]`, which lies in memory in
    /// `order`, and C `[rows, n]`.
    ///
    /// # Panics
    /// If a matrix does not fit in its view, or the bias is not n long.
    pub fn product(
        &self,
        isa: Isa,
        n: usize,
        b: View,
        order: Order,
        c: ViewMut,
        bias: Option<&[f32]>,
    ) {
        let [rows, columns] = self.shape;
        order.check("B", b, [columns, n]);
        c.check("C", rows, n);
        if let Some(bias) = bias {
            let len = bias.len();
            assert!(len == n, "a bias of {len} elements for {n} columns");
        }
        isa.run(SparseProduct { sparse: self, n, b, order, c, bias });
    }
}
