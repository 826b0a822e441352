//! C ← S·B: each row of C is a sum of the rows of B that a row of S names.

use super::{DEPTH, Order, Sparse};
use crate::gemm::{View, ViewMut, copy_block, transpose_block};
use crate::isa::Kernel;
use crate::simd::Simd;
use std::mem::MaybeUninit;

/// Most vectors of a row of C that are kept in registers.
const VECTORS: usize = 7;
/// Most elements of a vector.
const LANES: usize = 16;

pub(super) struct SparseProduct<'a> {
    pub sparse: &'a Sparse,
    pub n: usize,
    pub b: View<'a>,
    pub order: Order,
    pub c: ViewMut<'a>,
    pub bias: Option<&'a [f32]>,
}

/// A block of B on the stack, aligned to cache lines.
#[repr(align(64))]
struct Block {
    _elements: [f32; DEPTH * VECTORS * LANES],
}

impl Kernel for SparseProduct<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let [rows, columns] = self.sparse.shape;
        let mut block = MaybeUninit::<Block>::uninit();
        let block = block.as_mut_ptr().cast::<f32>();
        // Panels of C as wide as each other.
        let vectors = self.n.div_ceil(S::LANES);
        let vectors = vectors.div_ceil(vectors.div_ceil(VECTORS).max(1));
        let width = vectors * S::LANES;
        // At least one pass, so that a product of no columns still writes the bias or zeros.
        for p in (0..columns.max(1)).step_by(DEPTH) {
            let depth = DEPTH.min(columns - p);
            let starts = &self.sparse.starts[p / DEPTH * rows..];
            for j in (0..self.n).step_by(width.max(1)) {
                let across = width.min(self.n - j);
                let (b, stride) = (self.b.data.as_ptr(), self.b.stride);
                // SAFETY: rows p..p+depth and columns j..j+across of B are in bounds (checked on
                // entry); depth ≤ DEPTH rows of at most VECTORS vectors fit in the block.
                unsafe {
                    match self.order {
                        Order::Plain => {
                            let b = b.wrapping_add(p * stride + j);
                            copy_block::<S>(b, stride, across, depth, (block, width));
                        }
                        Order::Transposed => {
                            let b = b.wrapping_add(j * stride + p);
                            transpose_block::<S>(b, stride, across, depth, (block, width));
                        }
                    }
                }
                let first = match self.bias {
                    _ if p > 0 => First::Old,
                    Some(bias) => First::Bias(bias[j..].as_ptr()),
                    None => First::Zero,
                };
                let panel = Panel {
                    rows,
                    starts,
                    items: self.sparse.items.as_ptr(),
                    values: self.sparse.values.as_ptr(),
                    b: block,
                    c: self.c.data.as_mut_ptr().wrapping_add(j),
                    c_stride: self.c.stride,
                    across,
                    first,
                };
                // SAFETY: the panel's invariant, by the checks on entry.
                unsafe {
                    match across.div_ceil(S::LANES) {
                        1 => panel.run::<S, 1>(width),
                        2 => panel.run::<S, 2>(width),
                        3 => panel.run::<S, 3>(width),
                        4 => panel.run::<S, 4>(width),
                        5 => panel.run::<S, 5>(width),
                        6 => panel.run::<S, 6>(width),
                        _ => panel.run::<S, 7>(width),
                    }
                }
            }
        }
    }
}

/// What a row of C starts from.
#[derive(Clone, Copy)]
enum First {
    Zero,
    Bias(*const f32),
    Old,
}

/// One block's part of some columns of C.
///
/// Invariant: `starts` holds a start for each of the `rows` and one more, the elements there are
/// in bounds of `items` and `values`, each item is a row of `b`, and each row of C and the bias
/// hold `across` elements.
struct Panel<'a> {
    rows: usize,
    starts: &'a [u32],
    items: *const u32,
    values: *const f32,
    b: *const f32,
    c: *mut f32,
    c_stride: usize,
    across: usize,
    first: First,
}

impl Panel<'_> {
    /// `across` is NV vectors, the last one perhaps in part; rows of `b` are `width` apart.
    #[inline(always)]
    unsafe fn run<S: Simd, const NV: usize>(&self, width: usize) {
        let rest = self.across - (NV - 1) * S::LANES;
        // SAFETY: the invariant.
        unsafe {
            let last = S::mask(rest);
            for row in 0..self.rows {
                let c = self.c.add(row * self.c_stride);
                let mut sums = match self.first {
                    First::Zero => [S::splat(0.0); NV],
                    First::Bias(bias) => load::<S, NV>(bias, last),
                    First::Old => load::<S, NV>(c.cast_const(), last),
                };
                let (start, end) = (self.starts[row] as usize, self.starts[row + 1] as usize);
                for e in start..end {
                    let value = S::splat(*self.values.add(e));
                    let b = self.b.add(*self.items.add(e) as usize * width);
                    for (j, sum) in sums.iter_mut().enumerate() {
                        *sum = S::fma(value, S::load(b.add(j * S::LANES)), *sum);
                    }
                }
                for (j, sum) in sums.into_iter().enumerate() {
                    let to = c.add(j * S::LANES);
                    if j + 1 < NV || rest == S::LANES {
                        S::store(to, sum);
                    } else {
                        S::store_masked(to, last, sum);
                    }
                }
            }
        }
    }
}

#[inline(always)]
unsafe fn load<S: Simd, const NV: usize>(p: *const f32, last: S::M) -> [S::V; NV] {
    // SAFETY: the panel's invariant.
    unsafe {
        let mut v = [S::splat(0.0); NV];
        for (j, v) in v.iter_mut().enumerate() {
            let from = p.add(j * S::LANES);
            *v = if j + 1 < NV { S::load(from) } else { S::load_masked(from, last) };
        }
        v
    }
}
