//! The one loop that every elementwise kernel runs: whole vectors, then a masked rest.

use crate::simd::Simd;

/// A vector's worth of a stream's elements at an offset, whole or partial.
#[derive(Clone, Copy)]
pub(super) struct Lane<S: Simd> {
    simd: S,
    at: usize,
    mask: Option<S::M>,
}

impl<S: Simd> Lane<S> {
    /// # Safety
    /// The stream at `p` is as long as [`each`] was told, in bounds of a live allocation, and
    /// initialised.
    #[inline(always)]
    pub unsafe fn load(self, p: *const f32) -> S::V {
        // SAFETY: `each` made this lane inside the stream's length.
        unsafe {
            match self.mask {
                None => self.simd.load(p.add(self.at)),
                Some(mask) => self.simd.load_masked(p.add(self.at), mask),
            }
        }
    }

    /// # Safety
    /// The stream at `p` is as long as [`each`] was told, in bounds of a live allocation, and
    /// nobody else borrows it.
    #[inline(always)]
    pub unsafe fn store(self, p: *mut f32, v: S::V) {
        // SAFETY: `each` made this lane inside the stream's length.
        unsafe {
            match self.mask {
                None => self.simd.store(p.add(self.at), v),
                Some(mask) => self.simd.store_masked(p.add(self.at), mask, v),
            }
        }
    }
}

/// Something done to each vector of elements.
pub(super) trait Body<S: Simd> {
    /// # Safety
    /// The lane comes from [`each`], called with the length of this body's streams, which are as
    /// the invariant of its type says.
    unsafe fn at(&mut self, simd: S, lane: Lane<S>);
}

/// Runs `body` over `n` elements.
///
/// # Safety
/// Every stream of the body holds `n` elements, as the invariant of its type says.
#[inline(always)]
pub(super) unsafe fn each<S: Simd, B: Body<S>>(simd: S, n: usize, mut body: B) {
    let whole = n / S::LANES * S::LANES;
    for at in (0..whole).step_by(S::LANES) {
        // SAFETY: at + LANES ≤ n.
        unsafe { body.at(simd, Lane { simd, at, mask: None }) };
    }
    if whole < n {
        let mask = Some(simd.mask(n - whole));
        // SAFETY: the mask covers exactly the n − whole elements left.
        unsafe { body.at(simd, Lane { simd, at: whole, mask }) };
    }
}
