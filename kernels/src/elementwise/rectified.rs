//! Rectified units (ReLU) in place, and what lies between the last of them and a single output.
//!
//! A small classifier spends as long on passes over its hidden units as on a product; each function
//! here is one pass where separate ones would take two to four.

use super::loops::{Body, Lane, each};
use crate::Isa;
use crate::isa::Kernel;
use crate::simd::Simd;

/// `values` ← max(`values`, 0); what is not a number stays that.
pub fn rectify(isa: Isa, values: &mut [f32]) {
    isa.run(Rectify { n: values.len(), values: values.as_mut_ptr() });
}

/// `grad` ← `grad` where the unit's `value` is positive, else 0: the gradient back through
/// [`rectify`].
///
/// # Panics
/// If the two are not equally long.
pub fn rectify_backward(isa: Isa, value: &[f32], grad: &mut [f32]) {
    let (n, len) = (value.len(), grad.len());
    assert!(n == len, "gradients of {len} elements for {n} units");
    isa.run(RectifyBackward { n, value: value.as_ptr(), grad: grad.as_mut_ptr() });
}

/// `hidden` `[rows, H]` ← max(`hidden`, 0), then `out` `[rows]` ← `hidden` · `weights` `[H]` + `bias`.
///
/// # Panics
/// If `hidden` is not `rows · H` long.
pub fn rectified_output(
    isa: Isa,
    hidden: &mut [f32],
    (weights, bias): (&[f32], f32),
    out: &mut [f32],
) {
    let (rows, n) = check(hidden.len(), weights.len(), out.len());
    let (hidden, weights, out) = (hidden.as_mut_ptr(), weights.as_ptr(), out.as_mut_ptr());
    isa.run(Output { rows, n, hidden, weights, bias, out });
}

/// Pulls `grad` `[rows]`, the gradient with respect to [`rectified_output`]'s `out`, back:
/// `below` `[rows, H]` receives the gradient with respect to `hidden` before it was rectified,
/// `column_sums` `[H]` the sums of its columns, `weight_grad` `[H]` the gradient with respect to the
/// weights.
///
/// # Panics
/// If lengths do not fit each other.
pub fn rectified_output_backward(
    isa: Isa,
    (hidden, weights): (&[f32], &[f32]),
    grad: &[f32],
    below: &mut [f32],
    column_sums: &mut [f32],
    weight_grad: &mut [f32],
) {
    let (rows, n) = check(hidden.len(), weights.len(), grad.len());
    check(below.len(), column_sums.len(), rows);
    check(below.len(), weight_grad.len(), rows);
    isa.run(OutputBackward {
        rows,
        n,
        hidden: hidden.as_ptr(),
        weights: weights.as_ptr(),
        grad: grad.as_ptr(),
        below: below.as_mut_ptr(),
        column_sums: column_sums.as_mut_ptr(),
        weight_grad: weight_grad.as_mut_ptr(),
    });
}

#[track_caller]
fn check(len: usize, n: usize, rows: usize) -> (usize, usize) {
    assert!(rows.checked_mul(n) == Some(len), "{len} elements are not {rows} rows of {n}");
    (rows, n)
}

/// Invariant: `values` holds n elements.
struct Rectify {
    n: usize,
    values: *mut f32,
}

impl Kernel for Rectify {
    type Output = ();
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        // SAFETY: the invariant.
        unsafe { each::<S, _>(self.n, self) }
    }
}

impl<S: Simd> Body<S> for Rectify {
    #[inline(always)]
    unsafe fn at(&mut self, lane: Lane<S>) {
        // SAFETY: the invariant.
        unsafe { lane.store(self.values, S::max(S::splat(0.0), lane.load(self.values))) }
    }
}

/// Invariant: `value` and `grad` hold n elements each and do not overlap.
struct RectifyBackward {
    n: usize,
    value: *const f32,
    grad: *mut f32,
}

impl Kernel for RectifyBackward {
    type Output = ();
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        // SAFETY: the invariant.
        unsafe { each::<S, _>(self.n, self) }
    }
}

impl<S: Simd> Body<S> for RectifyBackward {
    #[inline(always)]
    unsafe fn at(&mut self, lane: Lane<S>) {
        // SAFETY: the invariant.
        unsafe {
            let (value, grad) = (lane.load(self.value), lane.load(self.grad));
            lane.store(self.grad, S::select_gt(value, S::splat(0.0), grad, S::splat(0.0)));
        }
    }
}

/// Invariant: `hidden` holds rows·n elements, `weights` n, `out` rows; none overlap.
struct Output {
    rows: usize,
    n: usize,
    hidden: *mut f32,
    weights: *const f32,
    bias: f32,
    out: *mut f32,
}

/// One row's part of [`Output`]: rectified, and multiplied by the weights into `sum`.
///
/// Invariant: `row` and `weights` hold as many elements as it is run over.
struct Row<'a, S: Simd> {
    row: *mut f32,
    weights: *const f32,
    sum: &'a mut S::V,
}

impl<S: Simd> Body<S> for Row<'_, S> {
    #[inline(always)]
    unsafe fn at(&mut self, lane: Lane<S>) {
        // SAFETY: the invariant.
        unsafe {
            let value = S::max(S::splat(0.0), lane.load(self.row));
            lane.store(self.row, value);
            *self.sum = S::fma(value, lane.load(self.weights), *self.sum);
        }
    }
}

impl Kernel for Output {
    type Output = ();
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        // SAFETY: the invariant; `mask` keeps the stores within `out`.
        unsafe {
            let bias = S::splat(self.bias);
            // As many rows at a time as their sums fill one vector.
            for first in (0..self.rows).step_by(S::LANES) {
                let rows = S::LANES.min(self.rows - first);
                let mut sums = [S::splat(0.0); 16];
                for (r, sum) in sums.iter_mut().enumerate().take(rows) {
                    let row = self.hidden.add((first + r) * self.n);
                    each::<S, _>(self.n, Row::<S> { row, weights: self.weights, sum });
                }
                let out = S::add(S::sums(&sums), bias);
                S::store_masked(self.out.add(first), S::mask(rows), out);
            }
        }
    }
}

/// Invariant: `hidden` and `below` hold rows·n elements, `grad` rows, the others n; none overlap.
struct OutputBackward {
    rows: usize,
    n: usize,
    hidden: *const f32,
    weights: *const f32,
    grad: *const f32,
    below: *mut f32,
    column_sums: *mut f32,
    weight_grad: *mut f32,
}

impl Kernel for OutputBackward {
    type Output = ();
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        // SAFETY: the invariant.
        unsafe { each::<S, _>(self.n, self) }
    }
}

impl<S: Simd> Body<S> for OutputBackward {
    #[inline(always)]
    unsafe fn at(&mut self, lane: Lane<S>) {
        // SAFETY: the invariant.
        unsafe {
            let (zero, weight) = (S::splat(0.0), lane.load(self.weights));
            // Sums over every other row hide the latency of one addition after another.
            let (mut sums, mut products) = ([zero; 2], [zero; 2]);
            for row in 0..self.rows {
                let (grad, half) = (S::splat(*self.grad.add(row)), row % 2);
                let hidden = lane.load(self.hidden.add(row * self.n));
                let through = S::select_gt(hidden, zero, grad, zero);
                sums[half] = S::add(sums[half], through);
                products[half] = S::fma(grad, hidden, products[half]);
                lane.store(self.below.add(row * self.n), S::mul(through, weight));
            }
            lane.store(self.column_sums, S::mul(S::add(sums[0], sums[1]), weight));
            lane.store(self.weight_grad, S::add(products[0], products[1]));
        }
    }
}
