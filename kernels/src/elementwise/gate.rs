//! Gated linear units on the context: the same gate scales the primal and all tangent streams.

use super::loops::{Body, Lane, each};
use super::math::logistic;
use crate::Isa;
use crate::isa::Kernel;
use crate::simd::Simd;

/// `x` ← 1 / (1 + e^−x), in place.
pub fn sigmoid(isa: Isa, x: &mut [f32]) {
    isa.run(Sigmoid(x));
}

/// `t` ← `t` + `r` · `gate` in each stream as long as the gate.
///
/// # Panics
/// If `t` and `r` are not a whole number of streams as long as the gate.
pub fn gated_add(isa: Isa, gate: &[f32], r: &[f32], t: &mut [f32]) {
    let n = gate.len();
    let streams = super::streams::count(n, r.len(), t.len());
    isa.run(Add { n, streams, gate: gate.as_ptr(), r: r.as_ptr(), t: t.as_mut_ptr() });
}

/// Pulls gradients `grad` of [`gated_add`]'s result back: `grad_r` ← `grad` · `gate` in each
/// stream, and `grad_gate` ← gate·(1 − gate)·Σ `grad` · `r` over the streams, the gradient with
/// respect to the sigmoid's input.
///
/// # Panics
/// If `grad`, `r` and `grad_r` do not hold the same streams as long as the gate, or `grad_gate`
/// is not as long as the gate.
pub fn gate_backward(
    isa: Isa,
    gate: &[f32],
    r: &[f32],
    grad: &[f32],
    grad_r: &mut [f32],
    grad_gate: &mut [f32],
) {
    let n = gate.len();
    let streams = super::streams::count(n, r.len(), grad.len());
    super::streams::count(n, r.len(), grad_r.len());
    super::streams::count(n, n, grad_gate.len());
    isa.run(Backward {
        n,
        streams,
        gate: gate.as_ptr(),
        r: r.as_ptr(),
        grad: grad.as_ptr(),
        grad_r: grad_r.as_mut_ptr(),
        grad_gate: grad_gate.as_mut_ptr(),
    });
}

struct Sigmoid<'a>(&'a mut [f32]);
/// Invariant: the stream that [`Sigmoid`] borrows.
struct SigmoidBody(*mut f32);

impl Kernel for Sigmoid<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        // SAFETY: the stream is as long as the slice, which is borrowed for it alone.
        unsafe { each(simd, self.0.len(), SigmoidBody(self.0.as_mut_ptr())) }
    }
}

impl<S: Simd> Body<S> for SigmoidBody {
    #[inline(always)]
    unsafe fn at(&mut self, simd: S, lane: Lane<S>) {
        // SAFETY: the invariant.
        unsafe { lane.store(self.0, logistic(simd, lane.load(self.0))) }
    }
}

/// Invariant, by the checks of [`gated_add`]: `gate` holds n elements, `r` and `t` streams·n; all live
/// as long as this, and `t` is borrowed by nobody else.
#[derive(Clone, Copy)]
struct Add {
    n: usize,
    streams: usize,
    gate: *const f32,
    r: *const f32,
    t: *mut f32,
}

impl Kernel for Add {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        // SAFETY: the invariant: every stream is n long.
        unsafe { each(simd, self.n, self) }
    }
}

impl<S: Simd> Body<S> for Add {
    #[inline(always)]
    unsafe fn at(&mut self, simd: S, lane: Lane<S>) {
        // SAFETY: each pointer is the start of a stream of n elements, by the invariant.
        unsafe {
            let gate = lane.load(self.gate);
            for k in 0..self.streams {
                let (r, t) = (self.r.add(k * self.n), self.t.add(k * self.n));
                lane.store(t, simd.fma(lane.load(r), gate, lane.load(t)));
            }
        }
    }
}

/// Invariant, by the checks of [`gate_backward`]: `gate` and `grad_gate` hold n elements, `r`, `grad`
/// and `grad_r` streams·n; all live as long as this, and the outputs are borrowed by nobody else.
#[derive(Clone, Copy)]
struct Backward {
    n: usize,
    streams: usize,
    gate: *const f32,
    r: *const f32,
    grad: *const f32,
    grad_r: *mut f32,
    grad_gate: *mut f32,
}

impl Kernel for Backward {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        // SAFETY: the invariant: every stream is n long.
        unsafe { each(simd, self.n, self) }
    }
}

impl<S: Simd> Body<S> for Backward {
    #[inline(always)]
    unsafe fn at(&mut self, simd: S, lane: Lane<S>) {
        // SAFETY: each pointer is the start of a stream of n elements, by the invariant.
        unsafe {
            let gate = lane.load(self.gate);
            let mut sum = simd.splat(0.0);
            for k in 0..self.streams {
                let at = k * self.n;
                let grad = lane.load(self.grad.add(at));
                sum = simd.fma(grad, lane.load(self.r.add(at)), sum);
                lane.store(self.grad_r.add(at), simd.mul(grad, gate));
            }
            let slope = simd.fnma(gate, gate, gate);
            lane.store(self.grad_gate, simd.mul(slope, sum));
        }
    }
}
