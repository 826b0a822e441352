//! The one loop that every elementwise kernel runs: whole vectors, then a masked rest.

use crate::simd::Simd;

/// A vector's worth of elements at an offset, whole or partial.
#[derive(Clone, Copy)]
pub(super) struct Lane<S: Simd> {
    at: usize,
    mask: Option<S::M>,
}

impl<S: Simd> Lane<S> {
    /// # Safety
    /// The elements of this lane are in bounds of `p`.
    #[inline(always)]
    pub unsafe fn load(self, p: *const f32) -> S::V {
        unsafe {
            match self.mask {
                None => S::load(p.add(self.at)),
                Some(mask) => S::load_masked(p.add(self.at), mask),
            }
        }
    }

    /// # Safety
    /// The elements of this lane are in bounds of `p`.
    #[inline(always)]
    pub unsafe fn store(self, p: *mut f32, v: S::V) {
        unsafe {
            match self.mask {
                None => S::store(p.add(self.at), v),
                Some(mask) => S::store_masked(p.add(self.at), mask, v),
            }
        }
    }
}

/// Something done to each vector of elements.
pub(super) trait Body<S: Simd> {
    /// # Safety
    /// The lane lies in bounds of the body's buffers; the requirements of `S` hold.
    unsafe fn at(&mut self, lane: Lane<S>);
}

/// Runs `body` over `n` elements.
///
/// # Safety
/// The body's buffers hold `n` elements; the requirements of `S` hold.
#[inline(always)]
pub(super) unsafe fn each<S: Simd, B: Body<S>>(n: usize, mut body: B) {
    let whole = n / S::LANES * S::LANES;
    for at in (0..whole).step_by(S::LANES) {
        // SAFETY: at + LANES ≤ n.
        unsafe { body.at(Lane { at, mask: None }) };
    }
    if whole < n {
        // SAFETY: the mask covers exactly the n − whole elements left.
        unsafe { body.at(Lane { at: whole, mask: Some(S::mask(n - whole)) }) };
    }
}
