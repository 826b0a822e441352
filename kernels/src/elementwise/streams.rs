//! Tangent streams forward, and all streams backward, through an activation.

use super::loops::{Body, Lane, each};
use crate::Isa;
use crate::isa::Kernel;
use crate::simd::Simd;
use std::ptr::null;

/// Number of streams of n elements; checks that both buffers hold them.
#[track_caller]
pub(super) fn count(n: usize, len: usize, other: usize) -> usize {
    if n == 0 {
        assert!(len == 0 && other == 0, "streams of 0 elements in buffers of {len} and {other}");
        return 1;
    }
    let whole = len > 0 && len.is_multiple_of(n) && len == other;
    assert!(whole, "buffers of {len} and {other} elements do not hold the same streams of {n}");
    len / n
}

/// What is known of an activation at the primal stream (of n elements).
#[derive(Clone, Copy, Debug)]
pub enum Slopes<'a> {
    /// ReLU: its value (or anything else that is positive where its input is) tells the slope.
    Relu {
        /// act(primal).
        value: &'a [f32],
    },
    /// Any activation.
    Smooth {
        /// act′(primal).
        first: &'a [f32],
        /// act″(primal); may be empty where no tangent streams go backward.
        second: &'a [f32],
    },
    /// SiLU, both of whose derivatives follow from what [`silu`](super::silu) leaves behind.
    Silu {
        /// t·σ(t).
        value: &'a [f32],
        /// σ(t).
        sigmoid: &'a [f32],
    },
}

const RELU: u8 = 0;
const SMOOTH: u8 = 1;
const SILU: u8 = 2;

impl Slopes<'_> {
    fn len(&self) -> usize {
        match self {
            Slopes::Relu { value } => value.len(),
            Slopes::Smooth { first, .. } => first.len(),
            Slopes::Silu { value, sigmoid } => {
                let (len, other) = (value.len(), sigmoid.len());
                assert!(len == other, "{len} values of SiLU, {other} sigmoids");
                len
            }
        }
    }
}

/// `out` ← act′(primal) · `pre` for tangent streams (no primal one among them).
///
/// # Panics
/// If the buffers are not a whole number of streams as long as the slopes.
pub fn tangent_streams(isa: Isa, slopes: Slopes, pre: &[f32], out: &mut [f32]) {
    let n = slopes.len();
    let tangents = count(n, pre.len(), out.len());
    let (pre, out) = (pre.as_ptr(), out.as_mut_ptr());
    let (slope, second, kind) = match slopes {
        Slopes::Relu { value } => (value.as_ptr(), null(), RELU),
        Slopes::Smooth { first, .. } => (first.as_ptr(), null(), SMOOTH),
        Slopes::Silu { value, sigmoid } => (value.as_ptr(), sigmoid.as_ptr(), SILU),
    };
    isa.run(Tangent { n, tangents, slope, second, kind, pre, out });
}

/// Pulls gradients back through an activation. For streams `grad` of ∂L/∂act outputs (primal g₀,
/// tangents g_k) and the tangents' inputs `pre` (streams δ_k, without the primal one):
/// out₀ ← act′·g₀ + act″·Σ_k g_k·δ_k and out_k ← act′·g_k; added to `out` if `accumulate`.
/// `pre` is not read, and may be empty, where act″ vanishes (ReLU) or no tangents go backward.
///
/// # Panics
/// If the buffers do not hold the same streams as long as the slopes, or `pre` or the second
/// derivative is missing where it is needed.
pub fn backward_streams(
    isa: Isa,
    slopes: Slopes,
    pre: &[f32],
    grad: &[f32],
    out: &mut [f32],
    accumulate: bool,
) {
    let n = slopes.len();
    let tangents = count(n, grad.len(), out.len()) - 1;
    if tangents > 0 && !matches!(slopes, Slopes::Relu { .. }) {
        let tangent = pre.len();
        assert!(tangent == tangents * n, "{tangent} elements for {tangents} tangents of {n}");
    }
    let (slope, second, kind) = match slopes {
        Slopes::Relu { value } => (value.as_ptr(), null(), RELU),
        Slopes::Smooth { first, .. } if tangents == 0 => (first.as_ptr(), null(), SMOOTH),
        Slopes::Smooth { first, second } => {
            let have = second.len();
            assert!(have == n, "second derivatives: {have} elements for streams of {n}");
            (first.as_ptr(), second.as_ptr(), SMOOTH)
        }
        Slopes::Silu { value, sigmoid } => (value.as_ptr(), sigmoid.as_ptr(), SILU),
    };
    let (pre, grad, out) = (pre.as_ptr(), grad.as_ptr(), out.as_mut_ptr());
    isa.run(Backward { n, tangents, slope, second, kind, pre, grad, out, accumulate });
}

/// Invariant, by the checks of [`tangent_streams`]: `slope` and, for SiLU, `second` (its sigmoids) hold n
/// elements, `pre` and `out` hold tangents·n; all live as long as this, and `out` is borrowed by nobody
/// else.
#[derive(Clone, Copy)]
struct Tangent {
    n: usize,
    tangents: usize,
    slope: *const f32,
    second: *const f32,
    kind: u8,
    pre: *const f32,
    out: *mut f32,
}

struct TangentBody<const KIND: u8>(Tangent);

impl Kernel for Tangent {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        // SAFETY: the invariant: every stream is n long.
        unsafe {
            match self.kind {
                RELU => each(simd, self.n, TangentBody::<RELU>(self)),
                SMOOTH => each(simd, self.n, TangentBody::<SMOOTH>(self)),
                // One probe: a loop of known length.
                _ if self.tangents == 1 => {
                    each(simd, self.n, TangentBody::<SILU>(Self { tangents: 1, ..self }))
                }
                _ => each(simd, self.n, TangentBody::<SILU>(self)),
            }
        }
    }
}

/// act′·g, where for ReLU the slope is known by the sign of the value.
#[inline(always)]
fn scale<S: Simd, const KIND: u8>(simd: S, slope: S::V, g: S::V) -> S::V {
    match KIND {
        RELU => simd.select_gt(slope, simd.splat(0.0), g, simd.splat(0.0)),
        _ => simd.mul(slope, g),
    }
}

/// SiLU′ = σ + y(1 − σ) of y = tσ.
#[inline(always)]
pub(crate) fn silu_slope<S: Simd>(simd: S, y: S::V, sigmoid: S::V) -> S::V {
    simd.fma(y, simd.sub(simd.splat(1.0), sigmoid), sigmoid)
}

/// SiLU″ = (1 − σ)(2σ + y(1 − 2σ)).
#[inline(always)]
fn silu_curve<S: Simd>(simd: S, y: S::V, sigmoid: S::V) -> S::V {
    let rest = simd.sub(simd.splat(1.0), sigmoid);
    let inner = simd.fma(y, simd.sub(rest, sigmoid), simd.add(sigmoid, sigmoid));
    simd.mul(rest, inner)
}

impl<S: Simd, const KIND: u8> Body<S> for TangentBody<KIND> {
    #[inline(always)]
    unsafe fn at(&mut self, simd: S, lane: Lane<S>) {
        let t = self.0;
        // SAFETY: each pointer is the start of a stream of n elements, by the invariant; `pre` and
        // `second` are read only where they hold any.
        unsafe {
            let mut slope = lane.load(t.slope);
            if KIND == SILU {
                slope = silu_slope(simd, slope, lane.load(t.second));
            }
            for k in 0..t.tangents {
                let value = scale::<S, KIND>(simd, slope, lane.load(t.pre.add(k * t.n)));
                lane.store(t.out.add(k * t.n), value);
            }
        }
    }
}

/// Invariant, by the checks of [`backward_streams`]: `slope` holds n elements; `grad` and `out` hold
/// (1 + tangents)·n; unless for ReLU or without tangents, `pre` holds tangents·n and `second` n; this
/// always for SiLU (its sigmoids); all live as long as this, and `out` is borrowed by nobody else.
#[derive(Clone, Copy)]
struct Backward {
    n: usize,
    tangents: usize,
    slope: *const f32,
    second: *const f32,
    kind: u8,
    pre: *const f32,
    grad: *const f32,
    out: *mut f32,
    accumulate: bool,
}

struct BackwardBody<const KIND: u8, const ADD: bool>(Backward);

impl Kernel for Backward {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        // SAFETY: the invariant: every stream is n long.
        unsafe {
            match (self.kind, self.accumulate) {
                (RELU, true) => each(simd, self.n, BackwardBody::<RELU, true>(self)),
                (RELU, false) => each(simd, self.n, BackwardBody::<RELU, false>(self)),
                (SMOOTH, true) => each(simd, self.n, BackwardBody::<SMOOTH, true>(self)),
                (SMOOTH, false) => each(simd, self.n, BackwardBody::<SMOOTH, false>(self)),
                (_, true) => each(simd, self.n, BackwardBody::<SILU, true>(self)),
                // One probe: a loop of known length.
                _ if self.tangents == 1 => {
                    each(simd, self.n, BackwardBody::<SILU, false>(Self { tangents: 1, ..self }))
                }
                (_, false) => each(simd, self.n, BackwardBody::<SILU, false>(self)),
            }
        }
    }
}

/// Stores `v`, or adds it to what is there.
///
/// # Safety
/// As of [`Lane::store`] and, to add, [`Lane::load`].
#[inline(always)]
unsafe fn put<S: Simd, const ADD: bool>(simd: S, lane: Lane<S>, out: *mut f32, v: S::V) {
    // SAFETY: passed on.
    unsafe {
        let v = if ADD { simd.add(v, lane.load(out)) } else { v };
        lane.store(out, v);
    }
}

impl<S: Simd, const KIND: u8, const ADD: bool> Body<S> for BackwardBody<KIND, ADD> {
    #[inline(always)]
    unsafe fn at(&mut self, simd: S, lane: Lane<S>) {
        let b = self.0;
        // SAFETY: each pointer is the start of a stream of n elements, by the invariant; `pre` and
        // `second` are read only where they hold any.
        unsafe {
            let known = lane.load(b.slope);
            let slope = match KIND {
                SILU => silu_slope(simd, known, lane.load(b.second)),
                _ => known,
            };
            let mut curved = simd.splat(0.0);
            for k in 1..=b.tangents {
                let g = lane.load(b.grad.add(k * b.n));
                if KIND != RELU {
                    curved = simd.fma(g, lane.load(b.pre.add((k - 1) * b.n)), curved);
                }
                put::<S, ADD>(simd, lane, b.out.add(k * b.n), scale::<S, KIND>(simd, slope, g));
            }
            let mut primal = scale::<S, KIND>(simd, slope, lane.load(b.grad));
            if KIND != RELU && b.tangents > 0 {
                let second = lane.load(b.second);
                let curve = if KIND == SILU { silu_curve(simd, known, second) } else { second };
                primal = simd.fma(curved, curve, primal);
            }
            put::<S, ADD>(simd, lane, b.out, primal);
        }
    }
}
