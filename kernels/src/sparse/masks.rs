//! Finds the elements other than zero.

use super::DEPTH;
use crate::simd::Simd;

/// Writes the masks of A `[rows, columns]`, whose rows are `stride` apart.
///
/// # Safety
/// A has rows, in bounds of a live allocation and initialised.
#[inline(always)]
pub(super) unsafe fn find<S: Simd>(
    simd: S,
    [rows, columns]: [usize; 2],
    a: *const f32,
    stride: usize,
    masks: &mut [u64],
) {
    // At least one block, as for the product.
    for (block, masks) in (0..columns.max(1)).step_by(DEPTH).zip(masks.chunks_exact_mut(rows)) {
        let width = DEPTH.min(columns - block);
        let (whole, rest) = (width / S::LANES * S::LANES, width % S::LANES);
        for (row, mask) in masks.iter_mut().enumerate() {
            // SAFETY: row < rows, since a chunk has as many, holds `width` elements from `block` on.
            unsafe {
                let from = a.add(row * stride + block);
                *mask = 0;
                for j in (0..whole).step_by(S::LANES) {
                    *mask |= u64::from(simd.nonzeros(simd.load(from.add(j)))) << j;
                }
                if rest > 0 {
                    let last = simd.load_masked(from.add(whole), simd.mask(rest));
                    *mask |= u64::from(simd.nonzeros(last)) << whole;
                }
            }
        }
    }
}
