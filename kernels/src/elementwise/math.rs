//! Vector exponential and the functions made of it.

use crate::simd::{SHIFT, Simd};

/// (e^r − 1 − r) / r² for |r| ≤ ln 2 / 2, from the highest power of r down: the polynomial whose
/// largest relative error in e^r is the smallest (2⁻²⁸).
const SERIES: [f32; 5] = [0.001_381_457, 0.008_368_745, 0.041_668_39, 0.166_665_21, 0.499_999_94];

/// The largest exponent whose power of e has a normal number for its reciprocal.
const MOST: f32 = 87.3;

/// e^(k·x) for k = `TWICE` / 2, within 2 ulp for k·x in [−`most`, `most`], which is at most [`MOST`];
/// clamped to that range outside, NaN stays NaN. k is a power of two or its negative, so that scaling by
/// it is exact.
#[inline(always)]
fn exp<S: Simd, const TWICE: i32>(simd: S, x: S::V, most: f32) -> S::V {
    let k = TWICE as f32 / 2.0;
    let limit = (most / k).abs();
    // The constant comes first so that a NaN in x survives.
    let x = simd.max(simd.splat(-limit), simd.min(simd.splat(limit), x));
    // The sum has no bits for a fraction, so it is rounded to n + SHIFT.
    let shift = simd.splat(SHIFT);
    let shifted = simd.fma(x, simd.splat(k * std::f32::consts::LOG2_E), shift);
    let n = simd.sub(shifted, shift);
    // ln 2 in two parts: the first has few bits, so that n·(first part) is exact.
    let r = simd.fnma(n, simd.splat(0.693_359_4 / k), x);
    let r = simd.fnma(n, simd.splat(-2.121_944_4e-4 / k), r);
    // r is the remainder over k: each coefficient takes its power of k.
    let [k2, k3, k4] = [k * k, k * k * k, k * k * k * k];
    let p = simd.splat(SERIES[0] * (k3 * k3));
    let p = simd.fma(p, r, simd.splat(SERIES[1] * (k2 * k3)));
    let p = simd.fma(p, r, simd.splat(SERIES[2] * k4));
    let p = simd.fma(p, r, simd.splat(SERIES[3] * k3));
    let p = simd.fma(p, r, simd.splat(SERIES[4] * k2));
    let p = simd.fma(p, r, simd.splat(k));
    let p = simd.fma(p, r, simd.splat(1.0));
    simd.times_exp2(p, shifted)
}

/// Beyond these exponents a logistic function is 0 or 1, and a normal density 0, but for what is nothing
/// beside other numbers. They end there, as products with smaller numbers would soon be subnormal, which
/// processors compute a hundred times as slowly.
const LOGISTIC_END: f32 = 40.0;
const NORMAL_END: f32 = 60.0;

/// 1 / (1 + e^−x), x clamped to ±[`LOGISTIC_END`].
#[inline(always)]
pub(crate) fn logistic<S: Simd>(simd: S, x: S::V) -> S::V {
    let e = exp::<S, -2>(simd, x, LOGISTIC_END);
    simd.reciprocal(simd.add(simd.splat(1.0), e))
}

/// tanh x, within 3·10⁻⁷ relative.
#[inline(always)]
pub(super) fn tanh<S: Simd>(simd: S, x: S::V) -> S::V {
    let one = simd.splat(1.0);
    let e = exp::<S, 4>(simd, x, MOST);
    let far = simd.fnma(simd.splat(2.0), simd.reciprocal(simd.add(e, one)), one);
    // Near zero the difference above cancels: x + x³·q(x²), the Taylor series of tanh.
    let s = simd.mul(x, x);
    let mut q = simd.splat(-929_569.0 / 638_512_875.0);
    for c in [21_844.0 / 6_081_075.0, -1382.0 / 155_925.0, 62.0 / 2835.0] {
        q = simd.fma(q, s, simd.splat(c));
    }
    for c in [-17.0 / 315.0, 2.0 / 15.0, -1.0 / 3.0] {
        q = simd.fma(q, s, simd.splat(c));
    }
    let near = simd.fma(simd.mul(s, x), q, x);
    simd.select_gt(s, simd.splat(0.16), far, near)
}

/// The normal density φ(x), at least e^−[`NORMAL_END`]/√2π, and distribution function Φ(x), the latter
/// within 2·10⁻⁷ (the rational approximation 7.1.26 of Abramowitz & Stegun's Handbook shares its
/// exponential with φ).
#[inline(always)]
pub(super) fn normal<S: Simd>(simd: S, x: S::V) -> (S::V, S::V) {
    let zero = simd.splat(0.0);
    let size = simd.max(simd.sub(zero, x), x);
    let e = exp::<S, -1>(simd, simd.mul(x, x), NORMAL_END);
    let p = simd.splat(0.327_591_1 * std::f32::consts::FRAC_1_SQRT_2);
    let t = simd.reciprocal(simd.fma(p, size, simd.splat(1.0)));
    let mut q = simd.splat(0.5 * 1.061_405_4);
    for c in [-1.453_152_1, 1.421_413_8, -0.284_496_74, 0.254_829_6] {
        q = simd.fma(q, t, simd.splat(0.5 * c));
    }
    let tail = simd.mul(simd.mul(q, t), e);
    let phi = simd.mul(e, simd.splat(0.398_942_3));
    (phi, simd.select_gt(x, zero, simd.sub(simd.splat(1.0), tail), tail))
}
