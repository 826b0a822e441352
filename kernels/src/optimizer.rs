//! The optimiser's arithmetic over flat parameter vectors.

use crate::Isa;
use crate::isa::Kernel;
use crate::simd::{GROUP, Simd};

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
    fn run<S: Simd>(self, simd: S) {
        let n = self.w.len();
        let (w, g) = (self.w.as_mut_ptr(), self.g.as_ptr());
        let (m, v) = (self.m.as_mut_ptr(), self.v.as_mut_ptr());
        // SAFETY: all four hold n elements (checked by `adamw`) and are borrowed apart; whole vectors
        // end at `whole` ≤ n, the mask covers the n − whole elements left.
        unsafe {
            let rule = Rule::new(simd, self.step);
            let whole = n / S::LANES * S::LANES;
            for i in (0..whole).step_by(S::LANES) {
                let (old_w, old_g) = (simd.load(w.add(i)), simd.load(g.add(i)));
                let [nw, nm, nv] =
                    rule.apply(simd, old_w, old_g, simd.load(m.add(i)), simd.load(v.add(i)));
                simd.store(w.add(i), nw);
                simd.store(m.add(i), nm);
                simd.store(v.add(i), nv);
            }
            if whole < n {
                let mask = simd.mask(n - whole);
                let (w, g) = (w.add(whole), g.add(whole));
                let (m, v) = (m.add(whole), v.add(whole));
                let (old_w, old_g) = (simd.load_masked(w, mask), simd.load_masked(g, mask));
                let (old_m, old_v) = (simd.load_masked(m, mask), simd.load_masked(v, mask));
                let [nw, nm, nv] = rule.apply(simd, old_w, old_g, old_m, old_v);
                simd.store_masked(w, mask, nw);
                simd.store_masked(m, mask, nm);
                simd.store_masked(v, mask, nv);
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
    fn new(simd: S, step: &AdamW) -> Self {
        // (m/c₁)/(√(v/c₂) + ε) = (√c₂/c₁)·m/(√v + √c₂·ε): one division an element.
        let root = step.correction2.sqrt();
        Self {
            scale: simd.splat(step.gradient_scale),
            beta: [simd.splat(step.beta1), simd.splat(step.beta2)],
            rest: [simd.splat(1.0 - step.beta1), simd.splat(1.0 - step.beta2)],
            rate: simd.splat(step.learning_rate * root / step.correction1),
            epsilon: simd.splat(step.epsilon * root),
            keep: simd.splat(1.0 - step.learning_rate * step.weight_decay),
        }
    }

    /// New weight and moments.
    #[inline(always)]
    fn apply(&self, simd: S, w: S::V, g: S::V, m: S::V, v: S::V) -> [S::V; 3] {
        let g = simd.mul(g, self.scale);
        let m = simd.fma(self.beta[0], m, simd.mul(self.rest[0], g));
        let v = simd.fma(self.beta[1], v, simd.mul(simd.mul(self.rest[1], g), g));
        let size = simd.add(simd.sqrt(v), self.epsilon);
        let w = simd.fnma(self.rate, simd.div(m, size), simd.mul(w, self.keep));
        [flush(simd, w), flush(simd, m), flush(simd, v)]
    }
}

/// Below this a number counts as 0. A unit that no longer fires sees its moments and, with an L2
/// penalty, its weights decay into the subnormal range, where every product takes a hundred times
/// as long.
const NOTHING: f32 = 1e-30;

#[inline(always)]
fn flush<S: Simd>(simd: S, x: S::V) -> S::V {
    let zero = simd.splat(0.0);
    let size = simd.max(simd.sub(zero, x), x);
    // In this order a NaN survives.
    simd.select_gt(simd.splat(NOTHING), size, zero, x)
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
    fn run<S: Simd>(self, _: S) {
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
    fn run<S: Simd>(self, simd: S) -> f64 {
        // Sums of 16 numbers of a chunk stay in f32, then go to f64.
        const CHUNK: usize = 1024;
        // Four groups at a time; where one is several vectors, vector after vector.
        const STEP: usize = 4 * GROUP;
        let mut total = 0.0;
        for chunk in self.0.chunks(CHUNK) {
            let (p, whole) = (chunk.as_ptr(), chunk.len() / STEP * STEP);
            let mut group = [simd.splat(0.0); 4];
            for (w, group) in group.iter_mut().enumerate().take(GROUP / S::LANES) {
                let mut sums = [simd.splat(0.0); 4];
                for i in (0..whole).step_by(STEP) {
                    for (j, sum) in sums.iter_mut().enumerate() {
                        // SAFETY: vector w of group j of the STEP numbers from i on, which are
                        // inside the chunk.
                        let x = unsafe { simd.load(p.add(i + j * GROUP + w * S::LANES)) };
                        *sum = simd.fma(x, x, *sum);
                    }
                }
                let [a, b, c, d] = sums;
                *group = simd.add(simd.add(a, b), simd.add(c, d));
            }
            total += simd.sum_f64(&group);
            total += chunk[whole..].iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>();
        }
        total
    }
}
