//! Vectors of f32 behind one trait, so that each kernel is written once.
//!
//! A value of a type that implements [`Simd`] is a proof: it is made only where its instructions
//! were found on this machine. Whoever holds one may call what works on registers; only what
//! follows a pointer is `unsafe`.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;

#[cfg(target_arch = "x86_64")]
pub(crate) use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) use avx512::Avx512;
pub(crate) use portable::{FUSED as PORTABLE_FUSES, Portable};

/// Numbers whose sum is taken in one fixed tree, whatever the vectors: 16, in four quarters of four.
/// Of a quarter x₀…x₃ it is (x₀ + x₂) + (x₁ + x₃), of quarters q₀…q₃ (q₀ + q₁) + (q₂ + q₃).
pub(crate) const GROUP: usize = 16;

/// The number before 1. Its quotients lie just below reciprocals, where one step of Newton's method
/// ends as two steps from a rough guess do.
const BELOW_ONE: f32 = 1.0 - f32::EPSILON / 2.0;

/// Numbers of this size have no bits for a fraction, and the lowest ones of n + `SHIFT` are those of n + 127,
/// the exponent of 2ⁿ.
pub(crate) const SHIFT: f32 = 12_582_912.0 + 127.0;

/// One instruction set's vector of `LANES` f32.
///
/// Every implementation computes each element by the same operations in the same order, so that
/// those that fuse a·b + c to one rounding give the same bits.
///
/// # Safety of the functions that take pointers
/// Each touches exactly these elements, which the caller promises to be in bounds of one live
/// allocation, initialised where they are read, and, where they are written, not borrowed by
/// anyone else. Pointers need the alignment of an f32, no more.
/// - `load`, `store`: `LANES` elements from the pointer on.
/// - `load_masked`, `store_masked`: the first n, for the n that made the mask.
/// - `transpose`: elements `i · stride + j` for i, j < `LANES`, of each side; the sides do not
///   overlap.
pub(crate) trait Simd: Copy {
    /// Elements in a vector; a divisor of [`GROUP`].
    const LANES: usize;
    /// Widest register tile of a matrix product, in vectors.
    const TILE_VECTORS: usize;
    /// Tallest register tile `TILE_VECTORS` wide.
    const TILE_ROWS: usize;
    /// Tallest register tile for narrower ones.
    const NARROW_TILE_ROWS: usize;
    type V: Copy;
    type M: Copy;

    fn splat(self, x: f32) -> Self::V;
    /// # Safety
    /// See [`Simd`].
    unsafe fn load(self, p: *const f32) -> Self::V;
    /// # Safety
    /// See [`Simd`].
    unsafe fn store(self, p: *mut f32, v: Self::V);
    /// The first n lanes, all of them for n beyond `LANES`.
    fn mask(self, n: usize) -> Self::M;
    /// Lanes outside of the mask are zero.
    ///
    /// # Safety
    /// See [`Simd`].
    unsafe fn load_masked(self, p: *const f32, m: Self::M) -> Self::V;
    /// # Safety
    /// See [`Simd`].
    unsafe fn store_masked(self, p: *mut f32, m: Self::M, v: Self::V);
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    fn div(self, a: Self::V, b: Self::V) -> Self::V;
    fn sqrt(self, a: Self::V) -> Self::V;
    /// 1/a within 1 ulp for a in [1, 2¹²⁶); NaN for NaN. It is the nearest number, but for a whose
    /// significand is all ones: there it is the one below, which is where Newton's method ends.
    fn reciprocal(self, a: Self::V) -> Self::V;
    /// a·b + c.
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// c − a·b.
    fn fnma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// Larger of each pair; `b` where either is NaN.
    fn max(self, a: Self::V, b: Self::V) -> Self::V;
    /// Smaller of each pair; `b` where either is NaN.
    fn min(self, a: Self::V, b: Self::V) -> Self::V;
    /// `yes` in the lanes with x > y, else `no`.
    fn select_gt(self, x: Self::V, y: Self::V, yes: Self::V, no: Self::V) -> Self::V;
    /// p·2ⁿ for `shifted` = n + [`SHIFT`], integral n in [−126, 127].
    fn times_exp2(self, p: Self::V, shifted: Self::V) -> Self::V;
    /// Sum in f64 of the [`GROUP`] numbers in the first vectors: halves, then their halves, are
    /// added to each other.
    fn sum_f64(self, v: &[Self::V; 4]) -> f64;
    /// The vector whose lane l is the sum of the l-th [`GROUP`] of numbers, in its tree; a group is
    /// one vector or several.
    fn sums(self, v: &[Self::V; 16]) -> Self::V;
    /// Writes the transpose of a LANES × LANES block.
    ///
    /// # Safety
    /// See [`Simd`].
    unsafe fn transpose(self, src: *const f32, src_stride: usize, dst: *mut f32, dst_stride: usize);
    /// Bit l tells whether lane l is other than zero (or NaN).
    fn nonzeros(self, a: Self::V) -> u16;
}
