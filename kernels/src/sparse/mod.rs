//! Products with matrices of which much is zero: what rectified units pass on, and what comes back
//! through them. Leaving the zeros out changes no sum.

mod masks;
mod operands;
mod product;
mod room;

pub use operands::{Finish, Order};
pub use room::Sparse;

use crate::Isa;
use crate::gemm::{View, ViewMut};
use product::SparseProduct;
use room::masks as masks_of;

impl Sparse {
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
        let fits = m * k <= room && masks_of(m, k) <= self.masks.len();
        assert!(fits, "a sparse matrix of {m} × {k} in room for {room}");
        if m > 0 && n > 0 {
            isa.run(SparseProduct { room: self, shape, a, a_order, b, b_order, c, finish });
        }
    }
}
