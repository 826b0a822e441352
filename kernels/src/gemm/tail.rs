//! The last few columns of a product whose width is not a multiple of the widest vector.
//!
//! A register tile would spend a whole vector on them (of 50 columns, the fourth vector of 16 holds
//! two). Where the other operand is contiguous along the summed index they are dot products; where
//! it is contiguous along the rows of C they are rows of the transposed product. Which columns, and
//! the order of their sums, do not depend on the instruction set.

use super::drive::{DEPTH, Layout, Product};
use super::tile::{self, Tile, max_rows};
use crate::simd::{GROUP, Simd};
use std::mem::MaybeUninit;

/// Most columns that are treated apart.
const MOST: usize = 4;

/// How many of the product's last columns to treat apart: few enough to pay.
#[inline(always)]
pub(super) fn columns(product: &Product) -> usize {
    let [_, n, k] = product.shape;
    let rest = n % GROUP;
    // A product of a few columns is all tail.
    let few = rest <= MOST && (rest == n || n > GROUP);
    // Dot products must be long enough to be worth adding up their lanes.
    let deep = product.a_strides.1 != 1 || (2 * GROUP..=DEPTH).contains(&k);
    if few && deep { rest } else { 0 }
}

/// Computes the last `rest` columns of a product with rows, as [`columns`] said.
#[inline(always)]
pub(super) fn run<S: Simd>(simd: S, product: &mut Product, rest: usize) {
    if product.a_strides.1 != 1 {
        return transposed(simd, product, rest);
    }
    // As many rows at a time as there are registers for.
    match (S::LANES, rest) {
        (16, 1) => dots::<S, 1, 1, 16>(simd, product),
        (16, 2) => dots::<S, 1, 2, 8>(simd, product),
        (16, 3) => dots::<S, 1, 3, 5>(simd, product),
        (16, 4) => dots::<S, 1, 4, 4>(simd, product),
        (8, 1) => dots::<S, 2, 1, 4>(simd, product),
        (8, 2) => dots::<S, 2, 2, 2>(simd, product),
        (8, 3) => dots::<S, 2, 3, 1>(simd, product),
        (8, 4) => dots::<S, 2, 4, 1>(simd, product),
        (4, 1) => dots::<S, 4, 1, 2>(simd, product),
        (4, 2) => dots::<S, 4, 2, 1>(simd, product),
        (4, 3) => dots::<S, 4, 3, 1>(simd, product),
        (4, 4) => dots::<S, 4, 4, 1>(simd, product),
        (lanes, _) => unreachable!("{rest} columns left, vectors of {lanes}"),
    }
}

/// Writes `C[i, n − rest + j] ← value` with what the product starts from.
#[inline(always)]
fn put(product: &mut Product, i: usize, column: usize, value: f32) {
    let at = &mut product.c.data[i * product.c.stride + column];
    let old = if product.start.accumulates() { *at } else { 0.0 };
    let bias = match product.start.bias() {
        Some((values, rows)) if i < rows => values[column],
        _ => 0.0,
    };
    *at = value + bias + old;
}

/// `C[i, n − R + j]` as dot products of rows of A with columns of B, ROWS rows at a time, in groups
/// of W vectors.
#[inline(always)]
fn dots<S: Simd, const W: usize, const R: usize, const ROWS: usize>(
    simd: S,
    product: &mut Product,
) {
    // Known when compiled; other instances are never called.
    assert!(W * S::LANES == GROUP && R * ROWS <= S::LANES && R <= MOST);
    let [m, n, k] = product.shape;
    let (a_row, b_stride) = (product.a_strides.0, product.b.stride);
    let mut copied = MaybeUninit::<[f32; MOST * DEPTH]>::uninit();
    let (b, b_row) = match product.layout {
        Layout::Columns => (product.b.data[(n - R) * b_stride..].as_ptr(), b_stride),
        Layout::Rows => {
            assert!(k <= DEPTH, "columns of {k} elements are copied {DEPTH} at most");
            let to = copied.as_mut_ptr().cast::<f32>();
            for p in 0..k {
                for j in 0..R {
                    // SAFETY: j < MOST and p < DEPTH.
                    unsafe { *to.add(j * DEPTH + p) = product.b.data[p * b_stride + n - R + j] };
                }
            }
            (to.cast_const(), DEPTH)
        }
    };
    for i in (0..m).step_by(ROWS) {
        let a = product.a[i * a_row..].as_ptr();
        let sums = if m - i >= ROWS {
            // SAFETY: rows i..i + ROWS of A hold k elements each, and so do the R rows at `b`.
            unsafe { dot_block::<S, W, R, ROWS>(simd, k, a, a_row, b, b_row) }
        } else {
            // The last rows one by one.
            let mut sums = [0.0; GROUP];
            for r in 0..m - i {
                // SAFETY: row i + r < m of A holds k elements, and so do the R rows at `b`.
                let one =
                    unsafe { dot_block::<S, W, R, 1>(simd, k, a.add(r * a_row), a_row, b, b_row) };
                sums[r * R..][..R].copy_from_slice(&one[..R]);
            }
            sums
        };
        for (r, sums) in sums.chunks_exact(R).enumerate().take(ROWS.min(m - i)) {
            for (j, &sum) in sums.iter().enumerate() {
                put(product, i + r, n - R + j, sum);
            }
        }
    }
}

/// Dot products of ROWS rows of A with R rows of Bᵀ: element `r·R + j` of the result.
///
/// # Safety
/// The rows at `a` and `b`, so far apart, hold `k` elements each, in bounds of live allocations and
/// initialised.
#[inline(always)]
unsafe fn dot_block<S: Simd, const W: usize, const R: usize, const ROWS: usize>(
    simd: S,
    k: usize,
    a: *const f32,
    a_row: usize,
    b: *const f32,
    b_row: usize,
) -> [f32; GROUP] {
    let zero = simd.splat(0.0);
    let mut acc = [[[zero; W]; R]; ROWS];
    let whole = k / GROUP * GROUP;
    for p in (0..whole).step_by(GROUP) {
        let mut columns = [[zero; W]; R];
        for (j, column) in columns.iter_mut().enumerate() {
            for (w, column) in column.iter_mut().enumerate() {
                // SAFETY: p + GROUP ≤ k, and W vectors are a group.
                *column = unsafe { simd.load(b.add(j * b_row + p + w * S::LANES)) };
            }
        }
        for (r, acc) in acc.iter_mut().enumerate() {
            for w in 0..W {
                // SAFETY: as above.
                let row = unsafe { simd.load(a.add(r * a_row + p + w * S::LANES)) };
                for (acc, column) in acc.iter_mut().zip(&columns) {
                    acc[w] = simd.fma(row, column[w], acc[w]);
                }
            }
        }
    }
    if whole < k {
        // Vectors behind the end are all masked.
        for w in 0..W {
            let at = whole + w * S::LANES;
            let mask = simd.mask(k.saturating_sub(at));
            let mut columns = [zero; R];
            for (j, column) in columns.iter_mut().enumerate() {
                // SAFETY: the mask covers the elements from `at` to k.
                *column = unsafe { simd.load_masked(b.wrapping_add(j * b_row + at), mask) };
            }
            for (r, acc) in acc.iter_mut().enumerate() {
                // SAFETY: as above.
                let row = unsafe { simd.load_masked(a.wrapping_add(r * a_row + at), mask) };
                for (acc, &column) in acc.iter_mut().zip(&columns) {
                    acc[w] = simd.fma(row, column, acc[w]);
                }
            }
        }
    }
    let mut flat = [zero; 16];
    for (r, acc) in acc.iter().enumerate() {
        for (j, acc) in acc.iter().enumerate() {
            flat[(r * R + j) * W..][..W].copy_from_slice(acc);
        }
    }
    let mut sums = [0.0; GROUP];
    // SAFETY: there is room for LANES ≤ GROUP elements.
    unsafe { simd.store(sums.as_mut_ptr(), simd.sums(&flat)) };
    sums
}

/// `C[i, n − rest + j]` as row j of Bᵀ·A, where rows of A run along i.
#[inline(always)]
fn transposed<S: Simd>(simd: S, product: &mut Product, rest: usize) {
    /// Widest row of any instruction set's tile.
    const WIDEST: usize = 64;
    const { assert!(S::LANES * S::TILE_VECTORS <= WIDEST) };
    let [m, n, k] = product.shape;
    let width = S::LANES * S::TILE_VECTORS;
    let mut block = [0.0_f32; MOST * WIDEST];
    for i in (0..m).step_by(width) {
        let columns = width.min(m - i);
        let vectors = columns.div_ceil(S::LANES);
        debug_assert!(rest <= max_rows::<S>(vectors) && rest <= MOST);
        // SAFETY: element (p, i + l) of A and (p, n − rest + j) of B are in bounds for p < k,
        // l < columns, j < rest ≤ MOST; the block, borrowed for this alone, holds as many rows.
        unsafe {
            tile::run(
                simd,
                rest,
                vectors,
                Tile {
                    k,
                    a: product.b.data.as_ptr().wrapping_add(n - rest),
                    a_row: 1,
                    a_col: product.b.stride,
                    b: product.a.as_ptr().wrapping_add(i),
                    b_stride: product.a_strides.1,
                    c: block.as_mut_ptr(),
                    c_stride: WIDEST,
                    bias: std::ptr::null(),
                    bias_rows: 0,
                    accumulate: false,
                    last: (!columns.is_multiple_of(S::LANES))
                        .then(|| simd.mask(columns % S::LANES)),
                },
            );
        }
        for l in 0..columns {
            for j in 0..rest {
                put(product, i + l, n - rest + j, block[j * WIDEST + l]);
            }
        }
    }
}
