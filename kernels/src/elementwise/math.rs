//! Vector exponential and the functions made of it.

use crate::simd::Simd;

/// e^x within 2 ulp for x in [−87.3, 88.3]; clamped to that range outside, NaN stays NaN.
#[inline(always)]
pub(super) unsafe fn exp<S: Simd>(x: S::V) -> S::V {
    // SAFETY: passed on.
    unsafe {
        // The constant comes first so that a NaN in x survives.
        let x = S::max(S::splat(-87.3), S::min(S::splat(88.3), x));
        let n = S::round(S::mul(x, S::splat(std::f32::consts::LOG2_E)));
        // ln 2 in two parts: the first has few bits, so that n·(first part) is exact.
        let r = S::fnma(n, S::splat(0.693_359_4), x);
        let r = S::fnma(n, S::splat(-2.121_944_4e-4), r);
        // Taylor's series on |r| ≤ ln 2 / 2; the first term left out is below 2⁻²⁷.
        let mut p = S::splat(1.0 / 5040.0);
        for c in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
            p = S::fma(p, r, S::splat(c));
        }
        S::mul(p, S::exp2_integer(n))
    }
}

/// 1 / (1 + e^−x).
#[inline(always)]
pub(super) unsafe fn logistic<S: Simd>(x: S::V) -> S::V {
    // SAFETY: passed on.
    unsafe {
        let e = exp::<S>(S::sub(S::splat(0.0), x));
        S::reciprocal(S::add(S::splat(1.0), e))
    }
}

/// tanh x, within 3·10⁻⁷ relative.
#[inline(always)]
pub(super) unsafe fn tanh<S: Simd>(x: S::V) -> S::V {
    // SAFETY: passed on.
    unsafe {
        let one = S::splat(1.0);
        let e = exp::<S>(S::add(x, x));
        let far = S::fnma(S::splat(2.0), S::reciprocal(S::add(e, one)), one);
        // Near zero the difference above cancels: x + x³·q(x²), the Taylor series of tanh.
        let s = S::mul(x, x);
        let mut q = S::splat(-929_569.0 / 638_512_875.0);
        for c in [21_844.0 / 6_081_075.0, -1382.0 / 155_925.0, 62.0 / 2835.0] {
            q = S::fma(q, s, S::splat(c));
        }
        for c in [-17.0 / 315.0, 2.0 / 15.0, -1.0 / 3.0] {
            q = S::fma(q, s, S::splat(c));
        }
        let near = S::fma(S::mul(s, x), q, x);
        S::select_gt(s, S::splat(0.16), far, near)
    }
}

/// The normal density φ(x) and distribution function Φ(x), the latter within 2·10⁻⁷ (the rational
/// approximation 7.1.26 of Abramowitz & Stegun's Handbook shares its exponential with φ).
#[inline(always)]
pub(super) unsafe fn normal<S: Simd>(x: S::V) -> (S::V, S::V) {
    // SAFETY: passed on.
    unsafe {
        let zero = S::splat(0.0);
        let size = S::max(S::sub(zero, x), x);
        let e = exp::<S>(S::mul(S::mul(x, x), S::splat(-0.5)));
        let p = S::splat(0.327_591_1 * std::f32::consts::FRAC_1_SQRT_2);
        let t = S::reciprocal(S::fma(p, size, S::splat(1.0)));
        let mut q = S::splat(0.5 * 1.061_405_4);
        for c in [-1.453_152_1, 1.421_413_8, -0.284_496_74, 0.254_829_6] {
            q = S::fma(q, t, S::splat(0.5 * c));
        }
        let tail = S::mul(S::mul(q, t), e);
        let phi = S::mul(e, S::splat(0.398_942_3));
        (phi, S::select_gt(x, zero, S::sub(S::splat(1.0), tail), tail))
    }
}
