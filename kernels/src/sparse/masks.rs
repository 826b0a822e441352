//! Finds the elements other than zero.

use super::DEPTH;
use crate::simd::Simd;

/// Writes the masks of A `[rows, columns]`, whose rows are `stride` apart.
///
/// # Safety
/// A is in bounds, `masks` has room (see [`Sparse`](super::Sparse)), and the requirements of
/// [`Simd`] hold.
#[inline(always)]
pub(super) unsafe fn find<S: Simd>(
    [rows, columns]: [usize; 2],
    a: *const f32,
    stride: usize,
    masks: &mut [u64],
) {
    // At least one block, as for the product.
    for (block, masks) in (0..columns.max(1)).step_by(DEPTH).zip(masks.chunks_mut(rows.max(1))) {
        let width = DEPTH.min(columns - block);
        let (whole, rest) = (width / S::LANES * S::LANES, width % S::LANES);
        for (row, mask) in masks.iter_mut().enumerate() {
            // SAFETY: row < rows holds `width` elements from `block` on.
            unsafe {
                let from = a.add(row * stride + block);
                *mask = 0;
                for j in (0..whole).step_by(S::LANES) {
                    *mask |= u64::from(S::nonzeros(S::load(from.add(j)))) << j;
                }
                if rest > 0 {
                    let last = S::load_masked(from.add(whole), S::mask(rest));
                    *mask |= u64::from(S::nonzeros(last)) << whole;
                }
            }
        }
    }
}
