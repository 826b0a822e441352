//! AVX2 and FMA: 8 lanes, 16 registers.

use super::{BELOW_ONE, Simd};
use core::arch::x86_64::*;

/// Proof that this machine has AVX2 and FMA.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Avx2(());

impl Avx2 {
    /// The proof, where there is one.
    pub fn detect() -> Option<Self> {
        let found = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        found.then_some(Self(()))
    }

    /// In each 128-bit half the sums of a's, b's, c's and d's four elements there.
    #[inline(always)]
    fn quarters(self, a: __m256, b: __m256, c: __m256, d: __m256) -> __m256 {
        // SAFETY: `self` proves the instructions.
        unsafe {
            let ab = _mm256_add_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
            let cd = _mm256_add_ps(_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
            let (ab, cd) = (_mm256_castps_pd(ab), _mm256_castps_pd(cd));
            let low = _mm256_castpd_ps(_mm256_unpacklo_pd(ab, cd));
            _mm256_add_ps(low, _mm256_castpd_ps(_mm256_unpackhi_pd(ab, cd)))
        }
    }

    /// Sums of the 128-bit halves: a's, then b's.
    #[inline(always)]
    fn halves(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: `self` proves the instructions.
        unsafe {
            let low = _mm256_permute2f128_ps::<0x20>(a, b);
            _mm256_add_ps(low, _mm256_permute2f128_ps::<0x31>(a, b))
        }
    }
}

/// Eight set lanes, then eight clear ones: loading from element 8 − n makes a mask of n lanes.
static LANE_MASKS: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];

impl Simd for Avx2 {
    const LANES: usize = 8;
    const TILE_VECTORS: usize = 2;
    const TILE_ROWS: usize = 6;
    const NARROW_TILE_ROWS: usize = 8;
    type V = __m256;
    type M = __m256i;

    #[inline(always)]
    fn splat(self, x: f32) -> __m256 {
        // SAFETY: `self` proves the instructions.
        unsafe { _mm256_set1_ps(x) }
    }
    #[inline(always)]
    unsafe fn load(self, p: *const f32) -> __m256 {
        // SAFETY: the caller's promise; `self` proves the instructions.
        unsafe { _mm256_loadu_ps(p) }
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32, v: __m256) {
        // SAFETY: the caller's promise; `self` proves the instructions.
        unsafe { _mm256_storeu_ps(p, v) }
    }
    #[inline(always)]
    fn mask(self, n: usize) -> __m256i {
        // SAFETY: eight elements from 8 − min(n, 8) on lie in the table; `self` proves the
        // instructions.
        unsafe { _mm256_loadu_si256(LANE_MASKS.as_ptr().add(8 - n.min(8)).cast()) }
    }
    #[inline(always)]
    unsafe fn load_masked(self, p: *const f32, m: __m256i) -> __m256 {
        // SAFETY: the caller's promise; `self` proves the instructions.
        unsafe { _mm256_maskload_ps(p, m) }
    }
    #[inline(always)]
    unsafe fn store_masked(self, p: *mut f32, m: __m256i, v: __m256) {
        // SAFETY: the caller's promise; `self` proves the instructions.
        unsafe { _mm256_maskstore_ps(p, m, v) }
    }
    #[inline(always)]
    fn add(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: `self` proves the instructions.
        unsafe { _mm256_add_ps(a, b) }
    }
    #[inline(always)]
    fn sub(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: `self` proves the instructions.
        unsafe { _mm256_sub_ps(a, b) }
    }
    #[inline(always)]
    fn mul(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: `self` proves the instructions.
        unsafe { _mm256_mul_ps(a, b) }
    }
    #[inline(always)]
    fn div(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: `self` proves the instructions.
        unsafe { _mm256_div_ps(a, b) }
    }
    #[inline(always)]
    fn sqrt(self, a: __m256) -> __m256 {
        // SAFETY: `self` proves the instructions.
        unsafe { _mm256_sqrt_ps(a) }
    }
    #[inline(always)]
    fn reciprocal(self, a: __m256) -> __m256 {
        // SAFETY: `self` proves the instructions.
        unsafe {
            // To where Newton's method ends: a step from just below.
            let r = _mm256_div_ps(_mm256_set1_ps(BELOW_ONE), a);
            _mm256_fmadd_ps(r, _mm256_fnmadd_ps(a, r, _mm256_set1_ps(1.0)), r)
        }
    }
    #[inline(always)]
    fn fma(self, a: __m256, b: __m256, c: __m256) -> __m256 {
        // SAFETY: `self` proves the instructions.
        unsafe { _mm256_fmadd_ps(a, b, c) }
    }
    #[inline(always)]
    fn fnma(self, a: __m256, b: __m256, c: __m256) -> __m256 {
        // SAFETY: `self` proves the instructions.
        unsafe { _mm256_fnmadd_ps(a, b, c) }
    }
    #[inline(always)]
    fn max(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: `self` proves the instructions.
        unsafe { _mm256_max_ps(a, b) }
    }
    #[inline(always)]
    fn min(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: `self` proves the instructions.
        unsafe { _mm256_min_ps(a, b) }
    }
    #[inline(always)]
    fn select_gt(self, x: __m256, y: __m256, yes: __m256, no: __m256) -> __m256 {
        // SAFETY: `self` proves the instructions.
        unsafe { _mm256_blendv_ps(no, yes, _mm256_cmp_ps::<_CMP_GT_OQ>(x, y)) }
    }
    #[inline(always)]
    fn times_exp2(self, p: __m256, shifted: __m256) -> __m256 {
        // SAFETY: `self` proves the instructions.
        unsafe {
            let exponent = _mm256_slli_epi32::<23>(_mm256_castps_si256(shifted));
            _mm256_mul_ps(p, _mm256_castsi256_ps(exponent))
        }
    }
    #[inline(always)]
    fn sum_f64(self, v: &[__m256; 4]) -> f64 {
        // SAFETY: `self` proves the instructions.
        unsafe {
            let [a, b, ..] = *v;
            let low = _mm256_add_pd(
                _mm256_cvtps_pd(_mm256_castps256_ps128(a)),
                _mm256_cvtps_pd(_mm256_castps256_ps128(b)),
            );
            let high = _mm256_add_pd(
                _mm256_cvtps_pd(_mm256_extractf128_ps::<1>(a)),
                _mm256_cvtps_pd(_mm256_extractf128_ps::<1>(b)),
            );
            let four = _mm256_add_pd(low, high);
            let two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd::<1>(four));
            _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)))
        }
    }
    #[inline(always)]
    fn sums(self, v: &[__m256; 16]) -> __m256 {
        // Even vectors are first halves of groups, odd ones second halves.
        let first = self
            .halves(self.quarters(v[0], v[2], v[4], v[6]), self.quarters(v[1], v[3], v[5], v[7]));
        let second = self.halves(
            self.quarters(v[8], v[10], v[12], v[14]),
            self.quarters(v[9], v[11], v[13], v[15]),
        );
        self.halves(first, second)
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
            let zero = _mm256_setzero_ps();
            let (mut r, mut t) = ([zero; 8], [zero; 8]);
            for (i, row) in r.iter_mut().enumerate() {
                *row = _mm256_loadu_ps(src.add(i * src_stride));
            }
            // 4×4 transposes inside the 128-bit lanes, then those lanes change places.
            for g in 0..2 {
                let q = 4 * g;
                let (a, b) =
                    (_mm256_unpacklo_ps(r[q], r[q + 1]), _mm256_unpackhi_ps(r[q], r[q + 1]));
                let c = _mm256_unpacklo_ps(r[q + 2], r[q + 3]);
                let d = _mm256_unpackhi_ps(r[q + 2], r[q + 3]);
                t[q] = _mm256_shuffle_ps::<0x44>(a, c);
                t[q + 1] = _mm256_shuffle_ps::<0xEE>(a, c);
                t[q + 2] = _mm256_shuffle_ps::<0x44>(b, d);
                t[q + 3] = _mm256_shuffle_ps::<0xEE>(b, d);
            }
            for c in 0..4 {
                let low = _mm256_permute2f128_ps::<0x20>(t[c], t[4 + c]);
                let high = _mm256_permute2f128_ps::<0x31>(t[c], t[4 + c]);
                _mm256_storeu_ps(dst.add(c * dst_stride), low);
                _mm256_storeu_ps(dst.add((4 + c) * dst_stride), high);
            }
        }
    }
    #[inline(always)]
    fn nonzeros(self, a: __m256) -> u16 {
        // SAFETY: `self` proves the instructions.
        unsafe {
            let keep = _mm256_cmp_ps::<_CMP_NEQ_UQ>(a, _mm256_setzero_ps());
            _mm256_movemask_ps(keep) as u16
        }
    }
}
