//! The last few columns of a product whose width is not a multiple of the vector.
//!
//! A register tile would spend a whole vector on them (of 50 columns, the fourth vector of 16 holds
//! two). Where the other operand is contiguous along the summed index they are dot products; where
//! it is contiguous along the rows of C they are rows of the transposed product.

use super::drive::{DEPTH, Layout, Product};
use super::tile::{self, Tile, max_rows};
use crate::simd::Simd;
use std::mem::MaybeUninit;

/// Most columns that are treated apart.
const MOST: usize = 4;

/// How many of the product's last columns to treat apart: few enough to pay.
#[inline(always)]
pub(super) fn columns<S: Simd>(product: &Product) -> usize {
    let [_, n, k] = product.shape;
    let rest = n % S::LANES;
    // A product of a few columns is all tail.
    let few = rest == n || n > S::LANES;
    let few = few && rest <= MOST && 4 * rest <= S::LANES;
    // Dot products must be long enough to be worth adding up their lanes.
    let deep = product.a_strides.1 != 1 || (2 * S::LANES..=DEPTH).contains(&k);
    if few && deep { rest } else { 0 }
}

/// Computes the last `rest` columns of the product.
///
/// # Safety
/// `rest` is what [`columns`] said; operands are in bounds; the requirements of [`Simd`] hold.
#[inline(always)]
pub(super) unsafe fn run<S: Simd>(product: &mut Product, rest: usize) {
    // SAFETY: passed on; 1 ≤ rest ≤ MOST.
    unsafe {
        if product.a_strides.1 != 1 {
            return transposed::<S>(product, rest);
        }
        // As many rows at a time as make the sums fill one vector.
        match (rest, S::LANES / rest) {
            (1, 16) => dots::<S, 1, 16>(product),
            (2, 8) => dots::<S, 2, 8>(product),
            (3, 5) => dots::<S, 3, 5>(product),
            (4, 4) => dots::<S, 4, 4>(product),
            (1, 8) => dots::<S, 1, 8>(product),
            (2, 4) => dots::<S, 2, 4>(product),
            (1, 4) => dots::<S, 1, 4>(product),
            _ => unreachable!("{rest} columns left of vectors of {}", S::LANES),
        }
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

/// `C[i, n − R + j]` as dot products of rows of A with columns of B, ROWS rows at a time.
#[inline(always)]
unsafe fn dots<S: Simd, const R: usize, const ROWS: usize>(product: &mut Product) {
    let [m, n, k] = product.shape;
    let (a_row, b_stride) = (product.a_strides.0, product.b.stride);
    // SAFETY: row i < m of A holds k elements from i·a_row on, and each of the R rows at `b` holds
    // k (checked on entry; columns of B were copied); masked loads stay inside.
    unsafe {
        let mut copied = MaybeUninit::<[f32; MOST * DEPTH]>::uninit();
        let (b, b_row) = match product.layout {
            Layout::Columns => (product.b.data.as_ptr().add((n - R) * b_stride), b_stride),
            Layout::Rows => {
                let to = copied.as_mut_ptr().cast::<f32>();
                for p in 0..k {
                    for j in 0..R {
                        *to.add(j * DEPTH + p) = product.b.data[p * b_stride + n - R + j];
                    }
                }
                (to.cast_const(), DEPTH)
            }
        };
        for i in (0..m).step_by(ROWS) {
            let sums = if m - i >= ROWS {
                dot_block::<S, R, ROWS>(k, product.a.as_ptr().add(i * a_row), a_row, b, b_row)
            } else {
                // The last rows one by one.
                let mut sums = [0.0; 16];
                for r in 0..m - i {
                    let a = product.a.as_ptr().add((i + r) * a_row);
                    let one = dot_block::<S, R, 1>(k, a, a_row, b, b_row);
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
}

/// Dot products of ROWS rows of A with R rows of Bᵀ: element `r·R + j` of the result.
#[inline(always)]
unsafe fn dot_block<S: Simd, const R: usize, const ROWS: usize>(
    k: usize,
    a: *const f32,
    a_row: usize,
    b: *const f32,
    b_row: usize,
) -> [f32; 16] {
    // SAFETY: the caller's bounds; the masked step covers the k mod LANES elements left.
    unsafe {
        let mut acc = [[S::splat(0.0); R]; ROWS];
        let whole = k / S::LANES * S::LANES;
        for p in (0..whole).step_by(S::LANES) {
            let mut columns = [S::splat(0.0); R];
            for (j, column) in columns.iter_mut().enumerate() {
                *column = S::load(b.add(j * b_row + p));
            }
            for (r, acc) in acc.iter_mut().enumerate() {
                let row = S::load(a.add(r * a_row + p));
                for (acc, &column) in acc.iter_mut().zip(&columns) {
                    *acc = S::fma(row, column, *acc);
                }
            }
        }
        if whole < k {
            let mask = S::mask(k - whole);
            let mut columns = [S::splat(0.0); R];
            for (j, column) in columns.iter_mut().enumerate() {
                *column = S::load_masked(b.add(j * b_row + whole), mask);
            }
            for (r, acc) in acc.iter_mut().enumerate() {
                let row = S::load_masked(a.add(r * a_row + whole), mask);
                for (acc, &column) in acc.iter_mut().zip(&columns) {
                    *acc = S::fma(row, column, *acc);
                }
            }
        }
        let mut flat = [S::splat(0.0); 16];
        for (r, acc) in acc.iter().enumerate() {
            for (j, &acc) in acc.iter().enumerate() {
                flat[r * R + j] = acc;
            }
        }
        let mut sums = [0.0; 16];
        S::store(sums.as_mut_ptr(), S::sums(&flat));
        sums
    }
}

/// `C[i, n − rest + j]` as row j of Bᵀ·A, where rows of A run along i.
#[inline(always)]
unsafe fn transposed<S: Simd>(product: &mut Product, rest: usize) {
    let [m, n, k] = product.shape;
    let width = S::LANES * S::TILE_VECTORS;
    let mut block = [0.0_f32; MOST * 64];
    for i in (0..m).step_by(width) {
        let columns = width.min(m - i);
        let vectors = columns.div_ceil(S::LANES);
        debug_assert!(rest <= max_rows::<S>(vectors) && columns <= 64);
        // SAFETY: element (p, i + l) of A and (p, n − rest + j) of B are in bounds for p < k,
        // l < columns, j < rest (checked on entry); the block holds MOST rows of 64.
        unsafe {
            tile::run::<S>(
                rest,
                vectors,
                Tile {
                    k,
                    a: product.b.data.as_ptr().add(n - rest),
                    a_row: 1,
                    a_col: product.b.stride,
                    b: product.a.as_ptr().add(i),
                    b_stride: product.a_strides.1,
                    c: block.as_mut_ptr(),
                    c_stride: 64,
                    bias: std::ptr::null(),
                    bias_rows: 0,
                    accumulate: false,
                    last: (!columns.is_multiple_of(S::LANES)).then(|| S::mask(columns % S::LANES)),
                },
            );
        }
        for l in 0..columns {
            for j in 0..rest {
                put(product, i + l, n - rest + j, block[j * 64 + l]);
            }
        }
    }
}
