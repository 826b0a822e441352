//! Vectors of f32 behind one trait, so that each kernel is written once.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;

#[cfg(target_arch = "x86_64")]
pub(crate) use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) use avx512::Avx512;
pub(crate) use portable::Portable;

/// One instruction set's vector of `LANES` f32.
///
/// # Safety
/// Every function may run only where the instruction set exists, inside code compiled for it.
/// `load` and `store` touch `LANES` elements from the pointer, which need no alignment; the masked
/// forms touch only the first `n` elements for the `n ≤ LANES` that made the mask.
pub(crate) trait Simd: Copy {
    /// Elements in a vector.
    const LANES: usize;
    /// Widest register tile of a matrix product, in vectors.
    const TILE_VECTORS: usize;
    /// Tallest register tile `TILE_VECTORS` wide.
    const TILE_ROWS: usize;
    /// Tallest register tile for narrower ones.
    const NARROW_TILE_ROWS: usize;
    type V: Copy;
    type M: Copy;

    unsafe fn splat(x: f32) -> Self::V;
    unsafe fn load(p: *const f32) -> Self::V;
    unsafe fn store(p: *mut f32, v: Self::V);
    unsafe fn mask(n: usize) -> Self::M;
    /// Lanes outside of the mask are zero.
    unsafe fn load_masked(p: *const f32, m: Self::M) -> Self::V;
    unsafe fn store_masked(p: *mut f32, m: Self::M, v: Self::V);
    unsafe fn add(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn sub(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn mul(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn div(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn sqrt(a: Self::V) -> Self::V;
    /// 1/a within 2 ulp, for finite a with |a| ≥ 2⁻¹²⁵.
    unsafe fn reciprocal(a: Self::V) -> Self::V;
    /// a·b + c.
    unsafe fn fma(a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// c − a·b.
    unsafe fn fnma(a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// Larger of each pair; `b` where either is NaN.
    unsafe fn max(a: Self::V, b: Self::V) -> Self::V;
    /// Smaller of each pair; `b` where either is NaN.
    unsafe fn min(a: Self::V, b: Self::V) -> Self::V;
    /// Nearest integer, ties to even.
    unsafe fn round(a: Self::V) -> Self::V;
    /// `yes` in the lanes with x > y, else `no`.
    unsafe fn select_gt(x: Self::V, y: Self::V, yes: Self::V, no: Self::V) -> Self::V;
    /// 2^n for integral n in [−126, 127].
    unsafe fn exp2_integer(n: Self::V) -> Self::V;
    /// Sum of the lanes in f64.
    unsafe fn sum_f64(a: Self::V) -> f64;
    /// The vector whose lane l is the sum of the lanes of `v[l]`, for the first LANES vectors.
    unsafe fn sums(v: &[Self::V; 16]) -> Self::V;
    /// Writes the transpose of a LANES × LANES block.
    unsafe fn transpose(src: *const f32, src_stride: usize, dst: *mut f32, dst_stride: usize);
    /// Bit l tells whether lane l is other than zero (or NaN).
    unsafe fn nonzeros(a: Self::V) -> u16;
}
