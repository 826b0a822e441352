//! The optimiser's arithmetic over flat parameter vectors.

use crate::Isa;
use crate::isa::Kernel;
use crate::simd::Simd;

/// One update of AdamW, bias corrections worked out by the caller.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    /// Learning rate.
    pub learning_rate: f32,
    /// β₁.
    pub beta1: f32,
    /// β₂.
    pub beta2: f32,
    /// ε.
    pub epsilon: f32,
    /// Decoupled weight decay.
    pub weight_decay: f32,
    /// 1 − β₁ᵗ at this step t ≥ 1.
    pub correction1: f32,
    /// 1 − β₂ᵗ at this step.
    pub correction2: f32,
    /// The gradient is multiplied by this first: below 1 where its norm is clipped.
    pub gradient_scale: f32,
}

/// g ← scale·g, m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g²,
/// w ← w − lr·((m/c₁)/(√(v/c₂) + ε) + decay·w). What falls below 10⁻³⁰ becomes 0.
///
/// # Panics
/// If the lengths differ.
pub fn adamw(isa: Isa, step: &AdamW, w: &mut [f32], g: &[f32], m: &mut [f32], v: &mut [f32]) {
    let n = w.len();
    let same = g.len() == n && m.len() == n && v.len() == n;
    assert!(
        same,
        "lengths {n}, {}, {}, {} of weights, gradient, moments",
        g.len(),
        m.len(),
        v.len()
    );
    isa.run(Update { step, w, g, m, v });
}

struct Update<'a> {
    step: &'a AdamW,
    w: &'a mut [f32],
    g: &'a [f32],
    m: &'a mut [f32],
    v: &'a mut [f32],
}

impl Kernel for Update<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let n = self.w.len();
        let (w, g) = (self.w.as_mut_ptr(), self.g.as_ptr());
        let (m, v) = (self.m.as_mut_ptr(), self.v.as_mut_ptr());
        // SAFETY: all four hold n elements (checked on entry) and are borrowed apart.
        unsafe {
            let rule = Rule::<S>::new(self.step);
            let whole = n / S::LANES * S::LANES;
            for i in (0..whole).step_by(S::LANES) {
                let (old_w, old_g) = (S::load(w.add(i)), S::load(g.add(i)));
                let [nw, nm, nv] = rule.apply(old_w, old_g, S::load(m.add(i)), S::load(v.add(i)));
                S::store(w.add(i), nw);
                S::store(m.add(i), nm);
                S::store(v.add(i), nv);
            }
            if whole < n {
                let mask = S::mask(n - whole);
                let (w, g) = (w.add(whole), g.add(whole));
                let (m, v) = (m.add(whole), v.add(whole));
                let (old_w, old_g) = (S::load_masked(w, mask), S::load_masked(g, mask));
                let (old_m, old_v) = (S::load_masked(m, mask), S::load_masked(v, mask));
                let [nw, nm, nv] = rule.apply(old_w, old_g, old_m, old_v);
                S::store_masked(w, mask, nw);
                S::store_masked(m, mask, nm);
                S::store_masked(v, mask, nv);
            }
        }
    }
}

/// The update's constants as vectors.
struct Rule<S: Simd> {
    scale: S::V,
    beta: [S::V; 2],
    rest: [S::V; 2],
    rate: S::V,
    epsilon: S::V,
    keep: S::V,
}

impl<S: Simd> Rule<S> {
    #[inline(always)]
    unsafe fn new(step: &AdamW) -> Self {
        // (m/c₁)/(√(v/c₂) + ε) = (√c₂/c₁)·m/(√v + √c₂·ε): one division an element.
        let root = step.correction2.sqrt();
        // SAFETY: passed on.
        unsafe {
            Self {
                scale: S::splat(step.gradient_scale),
                beta: [S::splat(step.beta1), S::splat(step.beta2)],
                rest: [S::splat(1.0 - step.beta1), S::splat(1.0 - step.beta2)],
                rate: S::splat(step.learning_rate * root / step.correction1),
                epsilon: S::splat(step.epsilon * root),
                keep: S::splat(1.0 - step.learning_rate * step.weight_decay),
            }
        }
    }

    /// New weight and moments.
    #[inline(always)]
    unsafe fn apply(&self, w: S::V, g: S::V, m: S::V, v: S::V) -> [S::V; 3] {
        // SAFETY: passed on.
        unsafe {
            let g = S::mul(g, self.scale);
            let m = S::fma(self.beta[0], m, S::mul(self.rest[0], g));
            let v = S::fma(self.beta[1], v, S::mul(S::mul(self.rest[1], g), g));
            let size = S::add(S::sqrt(v), self.epsilon);
            let w = S::fnma(self.rate, S::div(m, size), S::mul(w, self.keep));
            [flush::<S>(w), flush::<S>(m), flush::<S>(v)]
        }
    }
}

/// Below this a number counts as 0. A unit that no longer fires sees its moments and, with an L2
/// penalty, its weights decay into the subnormal range, where every product takes a hundred times
/// as long.
const NOTHING: f32 = 1e-30;

#[inline(always)]
unsafe fn flush<S: Simd>(x: S::V) -> S::V {
    // SAFETY: passed on.
    unsafe {
        let zero = S::splat(0.0);
        let size = S::max(S::sub(zero, x), x);
        // In this order a NaN survives.
        S::select_gt(S::splat(NOTHING), size, zero, x)
    }
}

/// `average` ← decay·`average` + (1 − decay)·`w`: the exponential moving average of the weights.
///
/// # Panics
/// If the lengths differ.
pub fn average(isa: Isa, decay: f32, w: &[f32], average: &mut [f32]) {
    let (len, other) = (w.len(), average.len());
    assert!(len == other, "{len} weights, but an average of {other}");
    isa.run(Average { decay, w, average });
}

struct Average<'a> {
    decay: f32,
    w: &'a [f32],
    average: &'a mut [f32],
}

impl Kernel for Average<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        // Safe code: compiled for the features of `S`, it becomes vectors by itself.
        let rest = 1.0 - self.decay;
        for (a, w) in self.average.iter_mut().zip(self.w) {
            *a = self.decay * *a + rest * w;
        }
    }
}

/// Σ x², in f64 so that the sum of millions of squares keeps its digits.
#[must_use]
pub fn sum_squares(isa: Isa, x: &[f32]) -> f64 {
    isa.run(SumSquares(x))
}

struct SumSquares<'a>(&'a [f32]);

impl Kernel for SumSquares<'_> {
    type Output = f64;
    #[inline(always)]
    unsafe fn run<S: Simd>(self) -> f64 {
        // Sums of 16 chunks' worth stay in f32, then go to f64.
        const CHUNK: usize = 1024;
        let mut total = 0.0;
        for chunk in self.0.chunks(CHUNK) {
            let (p, n) = (chunk.as_ptr(), chunk.len());
            let whole = n / (4 * S::LANES) * (4 * S::LANES);
            // SAFETY: reads stay inside the chunk.
            unsafe {
                let mut sums = [S::splat(0.0); 4];
                for i in (0..whole).step_by(4 * S::LANES) {
                    for (j, sum) in sums.iter_mut().enumerate() {
                        let x = S::load(p.add(i + j * S::LANES));
                        *sum = S::fma(x, x, *sum);
                    }
                }
                let [a, b, c, d] = sums;
                total += S::sum_f64(S::add(S::add(a, b), S::add(c, d)));
            }
            total += chunk[whole..].iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>();
        }
        total
    }
}
