//! Products with matrices of which much is zero: what rectified units pass on, and what comes back
//! through them. Leaving the zeros out changes no sum.

mod masks;
mod product;

use crate::Isa;
use crate::gemm::{View, ViewMut};
use product::SparseProduct;

/// Columns of the sparse matrix, and so rows of the dense one, that a product takes at a time: as
/// many as a mask has bits, and a block of the dense matrix that stays in the first-level cache.
const DEPTH: usize = 64;

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

/// Room for products with matrices of which much is zero, which are used again and again without
/// allocating.
#[derive(Clone, Debug)]
pub struct Sparse {
    /// Row r of block b of A has bit c of element `b · rows + r` set where its column 64·b + c is not
    /// zero.
    masks: Vec<u64>,
    /// A, where it lies transposed.
    transposed: Vec<f32>,
}

/// Masks of a matrix; one of no columns has one empty block.
fn masks(rows: usize, columns: usize) -> usize {
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

    /// C `[m, n]` ← A·B, finished as told, for A `[m, k]`, of which much is zero, and B `[k, n]`
    /// (`shape` is `[m, n, k]`); A and B lie in memory in the orders given.
    ///
    /// # Panics
    /// If there is no room for A, a matrix does not fit in its view, or a bias is not n long.
    pub fn product(
        &mut self,
        isa: Isa,
        shape: [usize; 3],
        (a, a_order): (View, Order),
        (b, b_order): (View, Order),
        c: ViewMut,
        finish: Finish,
    ) {
        let [m, n, k] = shape;
        a_order.check("A", a, [m, k]);
        b_order.check("B", b, [k, n]);
        c.check("C", m, n);
        match finish {
            Finish::Sum => (),
            Finish::Rectify { bias } => {
                let len = bias.len();
                assert!(len == n, "a bias of {len} elements for {n} columns");
            }
            Finish::Through { units } => units.check("units", m, n),
        }
        let room = self.transposed.len();
        let fits = m * k <= room && masks(m, k) <= self.masks.len();
        assert!(fits, "a sparse matrix of {m} × {k} in room for {room}");
        if m > 0 && n > 0 {
            isa.run(SparseProduct { room: self, shape, a, a_order, b, b_order, c, finish });
        }
    }
}
