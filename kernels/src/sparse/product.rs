//! Each row of C is a sum of the rows of B that a mask of a row of A names.

use super::{DEPTH, Finish, Order, Sparse, masks};
use crate::gemm::{View, ViewMut, copy_block, transpose_block};
use crate::isa::Kernel;
use crate::simd::Simd;
use std::mem::MaybeUninit;

/// Most vectors of a row of C that are kept in registers.
const VECTORS: usize = 7;
/// Most elements of a vector.
const LANES: usize = 16;

/// Invariant, by the checks of [`Sparse::product`]: C has elements; the operands, and the units of the
/// finish, fit in their views, A in the room, and a bias is n long.
pub(super) struct SparseProduct<'a> {
    pub room: &'a mut Sparse,
    pub shape: [usize; 3],
    pub a: View<'a>,
    pub a_order: Order,
    pub b: View<'a>,
    pub b_order: Order,
    pub c: ViewMut<'a>,
    pub finish: Finish<'a>,
}

/// A block of B on the stack, aligned to cache lines.
#[repr(align(64))]
struct Block {
    _elements: [f32; DEPTH * VECTORS * LANES],
}

impl Kernel for SparseProduct<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let [rows, across, columns] = self.shape;
        let (mut a, mut a_stride) = (self.a.data.as_ptr(), self.a.stride);
        // SAFETY: A is in bounds, and so is its transpose in the room for it, which is borrowed for
        // this alone.
        unsafe {
            if self.a_order == Order::Transposed {
                let to = self.room.transposed.as_mut_ptr();
                transpose_block(simd, a, a_stride, columns, rows, (to, columns));
                (a, a_stride) = (to.cast_const(), columns);
            }
            masks::find(simd, [rows, columns], a, a_stride, &mut self.room.masks);
        }
        let mut block = MaybeUninit::<Block>::uninit();
        let block = block.as_mut_ptr().cast::<f32>();
        // Panels of C as wide as each other.
        let vectors = across.div_ceil(S::LANES);
        let vectors = vectors.div_ceil(vectors.div_ceil(VECTORS).max(1));
        let width = vectors * S::LANES;
        // At least one pass, so that a product of no columns still writes the bias or zeros.
        for p in (0..columns.max(1)).step_by(DEPTH) {
            let depth = DEPTH.min(columns - p);
            let masks = &self.room.masks[p / DEPTH * rows..][..rows];
            for j in (0..across).step_by(width.max(1)) {
                let across = width.min(across - j);
                let (b, stride) = (self.b.data.as_ptr(), self.b.stride);
                // SAFETY: rows p..p+depth and columns j..j+across of B are in bounds; depth ≤ DEPTH
                // rows of at most VECTORS vectors fit in the block, which nobody else borrows.
                unsafe {
                    match self.b_order {
                        Order::Plain => {
                            let b = b.wrapping_add(p * stride + j);
                            copy_block(simd, b, stride, across, depth, (block, width));
                        }
                        Order::Transposed => {
                            let b = b.wrapping_add(j * stride + p);
                            pad(simd, across, depth, (block, width));
                            transpose_block(simd, b, stride, across, depth, (block, width));
                        }
                    }
                }
                let first = match self.finish {
                    _ if p > 0 => First::Old,
                    Finish::Rectify { bias } => First::Bias(bias[j..].as_ptr()),
                    _ => First::Zero,
                };
                let last = match self.finish {
                    _ if p + depth < columns => Last::Sum,
                    Finish::Sum => Last::Sum,
                    Finish::Rectify { .. } => Last::Rectify,
                    Finish::Through { units } => {
                        Last::Through(units.data.as_ptr().wrapping_add(j), units.stride)
                    }
                };
                let panel = Panel {
                    masks,
                    a: a.wrapping_add(p),
                    a_stride,
                    b: block,
                    c: self.c.data.as_mut_ptr().wrapping_add(j),
                    c_stride: self.c.stride,
                    across,
                    first,
                    last,
                };
                // SAFETY: the panel's invariant: rows of the masks and of A are rows of C, columns of
                // both go up to `depth`, as many rows as the block has; `across` is so many vectors.
                unsafe {
                    match across.div_ceil(S::LANES) {
                        1 => panel.run::<S, 1>(simd, width),
                        2 => panel.run::<S, 2>(simd, width),
                        3 => panel.run::<S, 3>(simd, width),
                        4 => panel.run::<S, 4>(simd, width),
                        5 => panel.run::<S, 5>(simd, width),
                        6 => panel.run::<S, 6>(simd, width),
                        _ => panel.run::<S, 7>(simd, width),
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

/// What a row of C becomes at the end.
#[derive(Clone, Copy)]
enum Last {
    Sum,
    Rectify,
    /// Zero where these units, rows so far apart, are not positive.
    Through(*const f32, usize),
}

/// One block's part of some columns of C.
///
/// Invariant: bit i of row r's mask is set only where element i of row r of `a` and row i of `b`, in
/// whole vectors, are in bounds and initialised; each row of C, of the units and the bias hold `across`
/// elements, initialised where they are read, in live allocations; C is borrowed by nobody else.
struct Panel<'a> {
    masks: &'a [u64],
    a: *const f32,
    a_stride: usize,
    b: *const f32,
    c: *mut f32,
    c_stride: usize,
    across: usize,
    first: First,
    last: Last,
}

impl Panel<'_> {
    /// `across` is NV vectors, the last one perhaps in part; rows of `b` are `width` apart.
    ///
    /// # Safety
    /// The invariant, and `across` is so many vectors.
    #[inline(always)]
    unsafe fn run<S: Simd, const NV: usize>(&self, simd: S, width: usize) {
        debug_assert!(self.across.div_ceil(S::LANES) == NV);
        let rest = self.across - (NV - 1) * S::LANES;
        // SAFETY: the invariant; a row of C ends `rest` elements into its last vector.
        unsafe {
            let rest_mask = simd.mask(rest);
            for (row, &mask) in self.masks.iter().enumerate() {
                let a = self.a.add(row * self.a_stride);
                let c = self.c.add(row * self.c_stride);
                let mut sums = match self.first {
                    First::Zero => [simd.splat(0.0); NV],
                    First::Bias(bias) => load::<S, NV>(simd, bias, rest_mask),
                    First::Old => load::<S, NV>(simd, c.cast_const(), rest_mask),
                };
                let mut left = mask;
                while left != 0 {
                    let item = left.trailing_zeros() as usize;
                    left &= left - 1;
                    let value = simd.splat(*a.add(item));
                    let b = self.b.add(item * width);
                    for (j, sum) in sums.iter_mut().enumerate() {
                        *sum = simd.fma(value, simd.load(b.add(j * S::LANES)), *sum);
                    }
                }
                let zero = simd.splat(0.0);
                match self.last {
                    Last::Sum => (),
                    Last::Rectify => sums.iter_mut().for_each(|sum| *sum = simd.max(zero, *sum)),
                    Last::Through(units, stride) => {
                        let units = load::<S, NV>(simd, units.add(row * stride), rest_mask);
                        for (sum, unit) in sums.iter_mut().zip(units) {
                            *sum = simd.select_gt(unit, zero, *sum, zero);
                        }
                    }
                }
                for (j, sum) in sums.into_iter().enumerate() {
                    let to = c.add(j * S::LANES);
                    if j + 1 < NV || rest == S::LANES {
                        simd.store(to, sum);
                    } else {
                        simd.store_masked(to, rest_mask, sum);
                    }
                }
            }
        }
    }
}

/// Makes each row's last vector zeros, of which a transpose fills a part.
///
/// # Safety
/// `block` holds `depth` rows of whole vectors, borrowed by nobody else.
#[inline(always)]
unsafe fn pad<S: Simd>(simd: S, columns: usize, depth: usize, (block, stride): (*mut f32, usize)) {
    let (whole, rest) = (columns / S::LANES * S::LANES, columns % S::LANES);
    if rest > 0 {
        for p in 0..depth {
            // SAFETY: the row's last vector begins at `whole`.
            unsafe { simd.store(block.add(p * stride + whole), simd.splat(0.0)) };
        }
    }
}

/// A row of NV vectors, the last one masked.
///
/// # Safety
/// Its elements are in bounds of a live allocation and initialised.
#[inline(always)]
unsafe fn load<S: Simd, const NV: usize>(simd: S, p: *const f32, last: S::M) -> [S::V; NV] {
    // SAFETY: the caller's promise.
    unsafe {
        let mut v = [simd.splat(0.0); NV];
        for (j, v) in v.iter_mut().enumerate() {
            let from = p.add(j * S::LANES);
            *v = if j + 1 < NV { simd.load(from) } else { simd.load_masked(from, last) };
        }
        v
    }
}
