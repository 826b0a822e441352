//! Copies of a block of a matrix, for a product to read row by row.

use crate::simd::Simd;

/// Copies `depth` rows of `columns` elements to rows `to_stride` apart, padding each to whole
/// vectors.
///
/// # Safety
/// The rows of `b` are in bounds of a live allocation and initialised; `to` holds `depth` rows of whole
/// vectors, borrowed by nobody else. Without rows or columns nothing is touched.
#[inline(always)]
pub(crate) unsafe fn copy_block<S: Simd>(
    simd: S,
    b: *const f32,
    stride: usize,
    columns: usize,
    depth: usize,
    (to, to_stride): (*mut f32, usize),
) {
    // SAFETY: the caller's bounds; masked loads stay inside `columns`.
    unsafe {
        let (whole, rest) = (columns / S::LANES * S::LANES, columns % S::LANES);
        let mask = simd.mask(rest);
        for p in 0..depth {
            let (from, to) = (b.add(p * stride), to.add(p * to_stride));
            for j in (0..whole).step_by(S::LANES) {
                simd.store(to.add(j), simd.load(from.add(j)));
            }
            if rest > 0 {
                simd.store(to.add(whole), simd.load_masked(from.add(whole), mask));
            }
        }
    }
}

/// Writes the transpose of `columns` rows of `depth` elements:
/// `to[p · to_stride + j] ← b[j · stride + p]`.
///
/// # Safety
/// As for [`copy_block`], but nothing is padded: `to` holds `depth` rows of `columns` elements.
#[inline(always)]
pub(crate) unsafe fn transpose_block<S: Simd>(
    simd: S,
    b: *const f32,
    stride: usize,
    columns: usize,
    depth: usize,
    (to, to_stride): (*mut f32, usize),
) {
    // SAFETY: the caller's bounds; only whole LANES × LANES blocks go through vectors.
    unsafe {
        let whole = |n: usize| n / S::LANES * S::LANES;
        for j in (0..whole(columns)).step_by(S::LANES) {
            for p in (0..whole(depth)).step_by(S::LANES) {
                simd.transpose(b.add(j * stride + p), stride, to.add(p * to_stride + j), to_stride);
            }
            for p in whole(depth)..depth {
                for l in j..j + S::LANES {
                    *to.add(p * to_stride + l) = *b.add(l * stride + p);
                }
            }
        }
        for j in whole(columns)..columns {
            for p in 0..depth {
                *to.add(p * to_stride + j) = *b.add(j * stride + p);
            }
        }
    }
}
