//! AVX-512F/DQ: 16 lanes, 32 registers.

use super::{Avx2, SHIFT, Simd};
use core::arch::x86_64::*;

/// Proof that this machine has AVX-512F and DQ, and AVX2 and FMA.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Avx512(());

// Helpers are functions, not closures: a closure is not compiled for the instruction set, and where
// it is not inlined its intrinsics become calls.
impl Avx512 {
    /// The proof, where there is one.
    pub fn detect() -> Option<Self> {
        let found = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq");
        Avx2::detect().filter(|_| found).map(|_| Self(()))
    }

    /// A step of Newton's method from `r` towards 1/a.
    #[inline(always)]
    fn newton(self, a: __m512, r: __m512) -> __m512 {
        // SAFETY: `self` proves the instructions.
        unsafe { _mm512_fmadd_ps(r, _mm512_fnmadd_ps(a, r, _mm512_set1_ps(1.0)), r) }
    }

    #[inline(always)]
    fn unpack_low(self, a: __m512, b: __m512) -> __m512d {
        // SAFETY: `self` proves the instructions.
        unsafe { _mm512_castps_pd(_mm512_unpacklo_ps(a, b)) }
    }

    #[inline(always)]
    fn unpack_high(self, a: __m512, b: __m512) -> __m512d {
        // SAFETY: `self` proves the instructions.
        unsafe { _mm512_castps_pd(_mm512_unpackhi_ps(a, b)) }
    }

    /// In each 128-bit lane the sums of a's, b's, c's and d's four elements there.
    #[inline(always)]
    fn quarters(self, a: __m512, b: __m512, c: __m512, d: __m512) -> __m512 {
        // SAFETY: `self` proves the instructions.
        unsafe {
            let ab = _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
            let cd = _mm512_add_ps(_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
            let (ab, cd) = (_mm512_castps_pd(ab), _mm512_castps_pd(cd));
            let low = _mm512_castpd_ps(_mm512_unpacklo_pd(ab, cd));
            _mm512_add_ps(low, _mm512_castpd_ps(_mm512_unpackhi_pd(ab, cd)))
        }
    }

    /// Sums of neighbouring 128-bit lanes: a's two, then b's.
    #[inline(always)]
    fn halves(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: `self` proves the instructions.
        unsafe {
            let even = _mm512_shuffle_f32x4::<0x88>(a, b);
            _mm512_add_ps(even, _mm512_shuffle_f32x4::<0xDD>(a, b))
        }
    }
}

impl Simd for Avx512 {
    const LANES: usize = 16;
    const TILE_VECTORS: usize = 4;
    const TILE_ROWS: usize = 6;
    const NARROW_TILE_ROWS: usize = 8;
    type V = __m512;
    type M = __mmask16;

    #[inline(always)]
    fn splat(self, x: f32) -> __m512 {
        // SAFETY: `self` proves the instructions.
        unsafe { _mm512_set1_ps(x) }
    }
    #[inline(always)]
    unsafe fn load(self, p: *const f32) -> __m512 {
        // SAFETY: the caller's promise; `self` proves the instructions.
        unsafe { _mm512_loadu_ps(p) }
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32, v: __m512) {
        // SAFETY: the caller's promise; `self` proves the instructions.
        unsafe { _mm512_storeu_ps(p, v) }
    }
    #[inline(always)]
    fn mask(self, n: usize) -> __mmask16 {
        ((1u32 << n.min(16)) - 1) as __mmask16
    }
    #[inline(always)]
    unsafe fn load_masked(self, p: *const f32, m: __mmask16) -> __m512 {
        // SAFETY: the caller's promise; `self` proves the instructions.
        unsafe { _mm512_maskz_loadu_ps(m, p) }
    }
    #[inline(always)]
    unsafe fn store_masked(self, p: *mut f32, m: __mmask16, v: __m512) {
        // SAFETY: the caller's promise; `self` proves the instructions.
        unsafe { _mm512_mask_storeu_ps(p, m, v) }
    }
    #[inline(always)]
    fn add(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: `self` proves the instructions.
        unsafe { _mm512_add_ps(a, b) }
    }
    #[inline(always)]
    fn sub(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: `self` proves the instructions.
        unsafe { _mm512_sub_ps(a, b) }
    }
    #[inline(always)]
    fn mul(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: `self` proves the instructions.
        unsafe { _mm512_mul_ps(a, b) }
    }
    #[inline(always)]
    fn div(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: `self` proves the instructions.
        unsafe { _mm512_div_ps(a, b) }
    }
    #[inline(always)]
    fn sqrt(self, a: __m512) -> __m512 {
        // SAFETY: `self` proves the instructions.
        unsafe { _mm512_sqrt_ps(a) }
    }
    #[inline(always)]
    fn reciprocal(self, a: __m512) -> __m512 {
        // SAFETY: `self` proves the instructions.
        unsafe {
            // 14 bits from a table, which processors fill differently, then two steps of Newton's
            // method to an answer that does not depend on where they began: faster than dividing.
            let r = _mm512_rcp14_ps(a);
            self.newton(a, self.newton(a, r))
        }
    }
    #[inline(always)]
    fn fma(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        // SAFETY: `self` proves the instructions.
        unsafe { _mm512_fmadd_ps(a, b, c) }
    }
    #[inline(always)]
    fn fnma(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        // SAFETY: `self` proves the instructions.
        unsafe { _mm512_fnmadd_ps(a, b, c) }
    }
    #[inline(always)]
    fn max(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: `self` proves the instructions.
        unsafe { _mm512_max_ps(a, b) }
    }
    #[inline(always)]
    fn min(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: `self` proves the instructions.
        unsafe { _mm512_min_ps(a, b) }
    }
    #[inline(always)]
    fn select_gt(self, x: __m512, y: __m512, yes: __m512, no: __m512) -> __m512 {
        // SAFETY: `self` proves the instructions.
        unsafe { _mm512_mask_blend_ps(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(x, y), no, yes) }
    }
    #[inline(always)]
    fn times_exp2(self, p: __m512, shifted: __m512) -> __m512 {
        // SAFETY: `self` proves the instructions.
        unsafe { _mm512_scalef_ps(p, _mm512_sub_ps(shifted, _mm512_set1_ps(SHIFT))) }
    }
    #[inline(always)]
    fn sum_f64(self, v: &[__m512; 4]) -> f64 {
        // SAFETY: `self` proves the instructions.
        unsafe {
            let low = _mm512_cvtps_pd(_mm512_castps512_ps256(v[0]));
            let high = _mm512_cvtps_pd(_mm512_extractf32x8_ps::<1>(v[0]));
            let eight = _mm512_add_pd(low, high);
            let rest = _mm512_extractf64x4_pd::<1>(eight);
            let four = _mm256_add_pd(_mm512_castpd512_pd256(eight), rest);
            let two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd::<1>(four));
            _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)))
        }
    }
    #[inline(always)]
    fn sums(self, v: &[__m512; 16]) -> __m512 {
        let low = self
            .halves(self.quarters(v[0], v[1], v[2], v[3]), self.quarters(v[4], v[5], v[6], v[7]));
        let high = self.halves(
            self.quarters(v[8], v[9], v[10], v[11]),
            self.quarters(v[12], v[13], v[14], v[15]),
        );
        self.halves(low, high)
    }
    #[inline(always)]
    unsafe fn transpose(
        self,
        src: *const f32,
        src_stride: usize,
        dst: *mut f32,
        dst_stride: usize,
    ) {
        // SAFETY: the caller's promise; `self` proves the instructions.
        unsafe {
            let zero = _mm512_setzero_ps();
            let (mut r, mut t) = ([zero; 16], [zero; 16]);
            for (i, row) in r.iter_mut().enumerate() {
                *row = _mm512_loadu_ps(src.add(i * src_stride));
            }
            // 4×4 transposes inside the 128-bit lanes of each group of four rows…
            for g in 0..4 {
                let q = 4 * g;
                let (a, b) = (self.unpack_low(r[q], r[q + 1]), self.unpack_low(r[q + 2], r[q + 3]));
                let (c, d) =
                    (self.unpack_high(r[q], r[q + 1]), self.unpack_high(r[q + 2], r[q + 3]));
                t[q] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, b));
                t[q + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, b));
                t[q + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(c, d));
                t[q + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(c, d));
            }
            // …then a 4×4 transpose of those lanes: column 4·lane + c of the block is lane
            // `lane` of t[c], t[4 + c], t[8 + c], t[12 + c].
            for c in 0..4 {
                let a = _mm512_shuffle_f32x4::<0x44>(t[c], t[4 + c]);
                let b = _mm512_shuffle_f32x4::<0xEE>(t[c], t[4 + c]);
                let d = _mm512_shuffle_f32x4::<0x44>(t[8 + c], t[12 + c]);
                let e = _mm512_shuffle_f32x4::<0xEE>(t[8 + c], t[12 + c]);
                let (to, step) = (dst.add(c * dst_stride), 4 * dst_stride);
                _mm512_storeu_ps(to, _mm512_shuffle_f32x4::<0x88>(a, d));
                _mm512_storeu_ps(to.add(step), _mm512_shuffle_f32x4::<0xDD>(a, d));
                _mm512_storeu_ps(to.add(2 * step), _mm512_shuffle_f32x4::<0x88>(b, e));
                _mm512_storeu_ps(to.add(3 * step), _mm512_shuffle_f32x4::<0xDD>(b, e));
            }
        }
    }
    #[inline(always)]
    fn nonzeros(self, a: __m512) -> u16 {
        // SAFETY: `self` proves the instructions.
        unsafe { _mm512_cmp_ps_mask::<_CMP_NEQ_UQ>(a, _mm512_setzero_ps()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::BELOW_ONE;

    /// All significands: the answer is that of dividing and then a step from just below, wherever in
    /// the table's tolerance the first guess lies.
    #[test]
    fn reciprocals_do_not_depend_on_the_processors_table() {
        let Some(simd) = Avx512::detect() else { return };
        for exponent in [127_u32, 128, 190, 252] {
            for significand in (0..1_u32 << 23).step_by(16) {
                let a: [f32; 16] = std::array::from_fn(|i| {
                    f32::from_bits(exponent << 23 | (significand + i as u32))
                });
                // SAFETY: an array of 16.
                let va = unsafe { simd.load(a.as_ptr()) };
                let quotient = |of: f32| simd.div(simd.splat(of), va);
                let mut ends = vec![simd.reciprocal(va), simd.newton(va, quotient(BELOW_ONE))];
                for guess in [1.0 - 1.0 / 16384.0, 1.0 + 1.0 / 16384.0] {
                    let guess = simd.mul(quotient(1.0), simd.splat(guess));
                    ends.push(simd.newton(va, simd.newton(va, guess)));
                }
                let bits = |v| {
                    let mut x = [0.0_f32; 16];
                    // SAFETY: an array of 16.
                    unsafe { simd.store(x.as_mut_ptr(), v) };
                    x.map(f32::to_bits)
                };
                let want = bits(ends[0]);
                assert!(ends.iter().all(|end| bits(*end) == want), "from {}", a[0]);
            }
        }
    }
}
