//! Plain arrays that the compiler turns into whatever the target's baseline has (SSE2, NEON).

use super::{BELOW_ONE, Simd};

/// Every machine has it: no proof needed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Portable;

/// Whether [`Simd::fma`] rounds once: a matter of the target that was compiled for.
pub(crate) const FUSED: bool = cfg!(any(target_feature = "fma", target_arch = "aarch64"));

const LANES: usize = 4;

#[inline(always)]
fn map2(a: [f32; LANES], b: [f32; LANES], f: impl Fn(f32, f32) -> f32) -> [f32; LANES] {
    std::array::from_fn(|i| f(a[i], b[i]))
}

/// a·b + c, fused only where the target does that in hardware: a library call is far slower.
#[inline(always)]
fn multiply_add(a: f32, b: f32, c: f32) -> f32 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

impl Simd for Portable {
    const LANES: usize = LANES;
    const TILE_VECTORS: usize = 2;
    const TILE_ROWS: usize = 4;
    const NARROW_TILE_ROWS: usize = 8;
    type V = [f32; LANES];
    type M = usize;

    #[inline(always)]
    fn splat(self, x: f32) -> Self::V {
        [x; LANES]
    }
    #[inline(always)]
    unsafe fn load(self, p: *const f32) -> Self::V {
        // SAFETY: LANES elements, by the caller.
        unsafe { p.cast::<Self::V>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32, v: Self::V) {
        // SAFETY: LANES elements, by the caller.
        unsafe { p.cast::<Self::V>().write_unaligned(v) }
    }
    #[inline(always)]
    fn mask(self, n: usize) -> usize {
        n
    }
    #[inline(always)]
    unsafe fn load_masked(self, p: *const f32, m: usize) -> Self::V {
        // SAFETY: the first m elements are in bounds, by the caller.
        std::array::from_fn(|i| if i < m { unsafe { *p.add(i) } } else { 0.0 })
    }
    #[inline(always)]
    unsafe fn store_masked(self, p: *mut f32, m: usize, v: Self::V) {
        for (i, x) in v.into_iter().enumerate().take(m) {
            // SAFETY: i < m.
            unsafe { *p.add(i) = x };
        }
    }
    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        map2(a, b, |x, y| x + y)
    }
    #[inline(always)]
    fn sub(self, a: Self::V, b: Self::V) -> Self::V {
        map2(a, b, |x, y| x - y)
    }
    #[inline(always)]
    fn mul(self, a: Self::V, b: Self::V) -> Self::V {
        map2(a, b, |x, y| x * y)
    }
    #[inline(always)]
    fn div(self, a: Self::V, b: Self::V) -> Self::V {
        map2(a, b, |x, y| x / y)
    }
    #[inline(always)]
    fn sqrt(self, a: Self::V) -> Self::V {
        a.map(f32::sqrt)
    }
    #[inline(always)]
    fn reciprocal(self, a: Self::V) -> Self::V {
        a.map(|a| {
            if !FUSED {
                return a.recip();
            }
            // To where Newton's method ends: a step from just below.
            let r = BELOW_ONE / a;
            multiply_add(r, multiply_add(-a, r, 1.0), r)
        })
    }
    #[inline(always)]
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        std::array::from_fn(|i| multiply_add(a[i], b[i], c[i]))
    }
    #[inline(always)]
    fn fnma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        std::array::from_fn(|i| multiply_add(-a[i], b[i], c[i]))
    }
    #[inline(always)]
    fn max(self, a: Self::V, b: Self::V) -> Self::V {
        map2(a, b, |x, y| if x > y { x } else { y })
    }
    #[inline(always)]
    fn min(self, a: Self::V, b: Self::V) -> Self::V {
        map2(a, b, |x, y| if x < y { x } else { y })
    }
    #[inline(always)]
    fn select_gt(self, x: Self::V, y: Self::V, yes: Self::V, no: Self::V) -> Self::V {
        std::array::from_fn(|i| if x[i] > y[i] { yes[i] } else { no[i] })
    }
    #[inline(always)]
    fn times_exp2(self, p: Self::V, shifted: Self::V) -> Self::V {
        map2(p, shifted, |p, shifted| p * f32::from_bits(shifted.to_bits() << 23))
    }
    #[inline(always)]
    fn sum_f64(self, v: &[Self::V; 4]) -> f64 {
        let at = |i: usize| f64::from(v[i / LANES][i % LANES]);
        let four = |i: usize| (at(i) + at(i + 8)) + (at(i + 4) + at(i + 12));
        (four(0) + four(2)) + (four(1) + four(3))
    }
    #[inline(always)]
    fn sums(self, v: &[Self::V; 16]) -> Self::V {
        let quarter = |q: usize| (v[q][0] + v[q][2]) + (v[q][1] + v[q][3]);
        std::array::from_fn(|l| {
            let q = 4 * l;
            (quarter(q) + quarter(q + 1)) + (quarter(q + 2) + quarter(q + 3))
        })
    }
    #[inline(always)]
    unsafe fn transpose(
        self,
        src: *const f32,
        src_stride: usize,
        dst: *mut f32,
        dst_stride: usize,
    ) {
        for i in 0..LANES {
            for j in 0..LANES {
                // SAFETY: i, j < LANES.
                unsafe { *dst.add(j * dst_stride + i) = *src.add(i * src_stride + j) };
            }
        }
    }
    #[inline(always)]
    fn nonzeros(self, a: Self::V) -> u16 {
        (0..LANES).map(|l| u16::from(a[l] != 0.0) << l).sum()
    }
}
