//! Activations: value, first and second derivative in one pass.

use super::loops::{Body, Lane, each};
use super::math::{logistic, normal, tanh};
use crate::Isa;
use crate::isa::Kernel;
use crate::simd::Simd;

/// An elementwise nonlinearity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nonlinearity {
    /// max(0, t); derivative 0 at 0, second derivative 0.
    Relu,
    /// t · sigmoid(t).
    Silu,
    /// t · Φ(t) with the exact normal distribution function.
    Gelu,
    /// Hyperbolic tangent.
    Tanh,
}

/// A nonlinearity known at compile time: value, first and second derivative.
trait Curve {
    fn at<S: Simd>(simd: S, x: S::V) -> [S::V; 3];
}

struct Relu;
struct Silu;
struct Gelu;
struct Tanh;

impl Curve for Relu {
    #[inline(always)]
    fn at<S: Simd>(simd: S, x: S::V) -> [S::V; 3] {
        let zero = simd.splat(0.0);
        // In this order a NaN survives.
        [simd.max(zero, x), simd.select_gt(x, zero, simd.splat(1.0), zero), zero]
    }
}

impl Curve for Silu {
    #[inline(always)]
    fn at<S: Simd>(simd: S, x: S::V) -> [S::V; 3] {
        let (one, s) = (simd.splat(1.0), logistic(simd, x));
        let value = simd.mul(x, s);
        let rest = simd.sub(one, s);
        let first = simd.fma(value, rest, s);
        // f″ = s(1−s)(2 + x(1−2s))
        let inner = simd.fma(x, simd.sub(rest, s), simd.splat(2.0));
        [value, first, simd.mul(simd.mul(s, rest), inner)]
    }
}

impl Curve for Gelu {
    #[inline(always)]
    fn at<S: Simd>(simd: S, x: S::V) -> [S::V; 3] {
        let (density, cumulative) = normal(simd, x);
        let first = simd.fma(x, density, cumulative);
        let second = simd.mul(density, simd.fnma(x, x, simd.splat(2.0)));
        [simd.mul(x, cumulative), first, second]
    }
}

impl Curve for Tanh {
    #[inline(always)]
    fn at<S: Simd>(simd: S, x: S::V) -> [S::V; 3] {
        let t = tanh(simd, x);
        let first = simd.fnma(t, t, simd.splat(1.0));
        [t, first, simd.mul(simd.mul(t, first), simd.splat(-2.0))]
    }
}

/// `out` ← act(`pre`).
///
/// # Panics
/// If the lengths differ.
pub fn activate(isa: Isa, kind: Nonlinearity, pre: &[f32], out: &mut [f32]) {
    activate_streams(isa, kind, pre.len(), pre, out, &mut [], &mut []);
}

/// `value` ← tσ(t) and, unless it is empty, `sigmoid` ← σ(t) for t = `pre`: all that [`Slopes::Silu`] needs.
///
/// # Panics
/// If the lengths differ.
///
/// [`Slopes::Silu`]: super::Slopes::Silu
pub fn silu(isa: Isa, pre: &[f32], value: &mut [f32], sigmoid: &mut [f32]) {
    let n = pre.len();
    let (len, other) = (value.len(), sigmoid.len());
    assert!(len == n && (other == n || other == 0), "{n} elements into {len} and {other}");
    let sigmoid = if sigmoid.is_empty() { std::ptr::null_mut() } else { sigmoid.as_mut_ptr() };
    isa.run(SiluOf { n, pre: pre.as_ptr(), value: value.as_mut_ptr(), sigmoid });
}

/// Invariant, by the checks of [`silu`]: `pre`, `value` and, if not null, `sigmoid` hold n elements, which
/// live as long as this; what is written is borrowed by nobody else.
#[derive(Clone, Copy)]
struct SiluOf {
    n: usize,
    pre: *const f32,
    value: *mut f32,
    sigmoid: *mut f32,
}

impl Kernel for SiluOf {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        // SAFETY: the invariant: every stream is n long.
        unsafe { each(simd, self.n, self) }
    }
}

impl<S: Simd> Body<S> for SiluOf {
    #[inline(always)]
    unsafe fn at(&mut self, simd: S, lane: Lane<S>) {
        // SAFETY: each pointer that is not null is the start of a stream of n elements.
        unsafe {
            let t = lane.load(self.pre);
            let s = logistic(simd, t);
            lane.store(self.value, simd.mul(t, s));
            if !self.sigmoid.is_null() {
                lane.store(self.sigmoid, s);
            }
        }
    }
}

/// Pushes streams through an activation: `out` ← act(`pre`) in the primal stream of `n` elements,
/// act′(primal) · `pre` in the tangent streams. `first` and `second` receive act′ and act″ of the
/// primal stream unless they are empty.
///
/// # Panics
/// If `pre` is not a whole number of streams, `out` is not as long, or `first` or `second` is
/// neither empty nor n long.
pub fn activate_streams(
    isa: Isa,
    kind: Nonlinearity,
    n: usize,
    pre: &[f32],
    out: &mut [f32],
    first: &mut [f32],
    second: &mut [f32],
) {
    let tangents = super::streams::count(n, pre.len(), out.len()) - 1;
    for (name, len) in [("first", first.len()), ("second", second.len())] {
        assert!(len == 0 || len == n, "{name} derivatives: {len} elements for streams of {n}");
    }
    let pass = Pass {
        tangents,
        n,
        pre: pre.as_ptr(),
        out: out.as_mut_ptr(),
        first: if first.is_empty() { std::ptr::null_mut() } else { first.as_mut_ptr() },
        second: if second.is_empty() { std::ptr::null_mut() } else { second.as_mut_ptr() },
    };
    isa.run(Activate { kind, pass });
}

/// Invariant, by the checks of [`activate_streams`]: `pre` and `out` hold (1 + tangents)·n elements;
/// `first` and `second` hold n or are null; all live as long as the pass, and what is written is
/// borrowed by nobody else.
#[derive(Clone, Copy)]
struct Pass {
    tangents: usize,
    n: usize,
    pre: *const f32,
    out: *mut f32,
    first: *mut f32,
    second: *mut f32,
}

struct Activate {
    kind: Nonlinearity,
    pass: Pass,
}

impl Kernel for Activate {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        // SAFETY: the invariant of `Pass`: every stream is n long.
        unsafe {
            match self.kind {
                Nonlinearity::Relu => each(simd, self.pass.n, Along::<Relu>(self.pass, Relu)),
                Nonlinearity::Silu => each(simd, self.pass.n, Along::<Silu>(self.pass, Silu)),
                Nonlinearity::Gelu => each(simd, self.pass.n, Along::<Gelu>(self.pass, Gelu)),
                Nonlinearity::Tanh => each(simd, self.pass.n, Along::<Tanh>(self.pass, Tanh)),
            }
        }
    }
}

/// The pass with its nonlinearity as a type.
struct Along<C>(Pass, #[allow(dead_code)] C);

impl<S: Simd, C: Curve> Body<S> for Along<C> {
    #[inline(always)]
    unsafe fn at(&mut self, simd: S, lane: Lane<S>) {
        let pass = self.0;
        // SAFETY: each pointer is the start of a stream of n elements, by the invariant of `Pass`.
        unsafe {
            let [value, first, second] = C::at(simd, lane.load(pass.pre));
            lane.store(pass.out, value);
            for k in 1..=pass.tangents {
                let tangent = lane.load(pass.pre.add(k * pass.n));
                lane.store(pass.out.add(k * pass.n), simd.mul(first, tangent));
            }
            if !pass.first.is_null() {
                lane.store(pass.first, first);
            }
            if !pass.second.is_null() {
                lane.store(pass.second, second);
            }
        }
    }
}
