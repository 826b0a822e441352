//! The register tile: a few rows by a few vectors of C, kept in registers over the whole of k.

use crate::simd::Simd;

/// One tile's operands.
///
/// Invariant, which who runs a tile promises (by the bounds checks of the public functions and by the
/// blocking): for the tile's rows i, its columns j (all vectors, the last one up to `last`) and
/// p < `k`, the elements `a[i·a_row + p·a_col]`, `b[p·b_stride + j]`, `c[i·c_stride + j]` and, if not
/// null, `bias[j]` are in bounds of live allocations and initialised, but for C's where it does not
/// accumulate; C is borrowed by nobody else.
#[derive(Clone, Copy)]
pub(super) struct Tile<M> {
    pub k: usize,
    pub a: *const f32,
    pub a_row: usize,
    pub a_col: usize,
    pub b: *const f32,
    pub b_stride: usize,
    pub c: *mut f32,
    pub c_stride: usize,
    /// Bias of the tile's first column, or null.
    pub bias: *const f32,
    /// Rows of this tile, from its top, that get the bias.
    pub bias_rows: usize,
    pub accumulate: bool,
    /// Lanes in use of the last vector of a row, if not all of them.
    pub last: Option<M>,
}

/// A row of NV vectors, the last one masked if told.
///
/// # Safety
/// Its elements are in bounds of a live allocation and initialised.
#[inline(always)]
unsafe fn load<S: Simd, const NV: usize>(simd: S, p: *const f32, last: Option<S::M>) -> [S::V; NV] {
    // SAFETY: the caller's promise.
    unsafe {
        let mut v = [simd.splat(0.0); NV];
        for (j, v) in v.iter_mut().enumerate() {
            *v = match last {
                Some(mask) if j == NV - 1 => simd.load_masked(p.add(j * S::LANES), mask),
                _ => simd.load(p.add(j * S::LANES)),
            };
        }
        v
    }
}

/// Computes a tile of MR rows × NV vectors. `MASKED` says that `last` is given: a constant, so
/// that the inner loop has no branch.
///
/// # Safety
/// [`Tile`]'s invariant for MR rows and NV vectors.
#[inline(always)]
unsafe fn tile<S: Simd, const MR: usize, const NV: usize, const MASKED: bool>(
    simd: S,
    t: Tile<S::M>,
) {
    // SAFETY: the tile's invariant; behind the last row of A and B nothing is read, and wrapping
    // additions may point there.
    unsafe {
        let last = if MASKED { t.last } else { None };
        let mut acc = [[simd.splat(0.0); NV]; MR];
        let (mut a, mut b) = (t.a, t.b);
        for _ in 0..t.k {
            let row = load::<S, NV>(simd, b, last);
            for (i, acc) in acc.iter_mut().enumerate() {
                let x = simd.splat(*a.add(i * t.a_row));
                for (acc, &b) in acc.iter_mut().zip(&row) {
                    *acc = simd.fma(x, b, *acc);
                }
            }
            a = a.wrapping_add(t.a_col);
            b = b.wrapping_add(t.b_stride);
        }
        if !t.bias.is_null() {
            let bias = load::<S, NV>(simd, t.bias, last);
            for acc in acc.iter_mut().take(t.bias_rows) {
                for (acc, &b) in acc.iter_mut().zip(&bias) {
                    *acc = simd.add(*acc, b);
                }
            }
        }
        for (i, acc) in acc.iter_mut().enumerate() {
            let c = t.c.add(i * t.c_stride);
            if t.accumulate {
                let old = load::<S, NV>(simd, c, last);
                for (acc, &old) in acc.iter_mut().zip(&old) {
                    *acc = simd.add(*acc, old);
                }
            }
            for (j, &acc) in acc.iter().enumerate() {
                match last {
                    Some(mask) if j == NV - 1 => simd.store_masked(c.add(j * S::LANES), mask, acc),
                    _ => simd.store(c.add(j * S::LANES), acc),
                }
            }
        }
    }
}

/// Computes a tile of `rows` ≤ `max_rows::<S>(vectors)` rows × `vectors` ≤ `S::TILE_VECTORS`.
///
/// # Safety
/// [`Tile`]'s invariant for so many rows and vectors.
#[inline(always)]
pub(super) unsafe fn run<S: Simd>(simd: S, rows: usize, vectors: usize, t: Tile<S::M>) {
    debug_assert!(rows <= max_rows::<S>(vectors) && vectors <= S::TILE_VECTORS);
    macro_rules! cases {
        ($masked:literal: $(($mr:literal, $nv:literal)),*) => {
            match (rows, vectors) {
                // Dead for shapes beyond this instruction set's tiles: not even compiled.
                $(($mr, $nv) if $nv <= S::TILE_VECTORS && $mr <= max_rows::<S>($nv) => {
                    // SAFETY: passed on.
                    unsafe { tile::<S, $mr, $nv, $masked>(simd, t) }
                })*
                _ => unreachable!("tile of {rows} rows × {vectors} vectors"),
            }
        };
    }
    macro_rules! all {
        ($masked:literal) => {
            cases!($masked:
                (1, 1), (2, 1), (3, 1), (4, 1), (5, 1), (6, 1), (7, 1), (8, 1),
                (1, 2), (2, 2), (3, 2), (4, 2), (5, 2), (6, 2), (7, 2), (8, 2),
                (1, 3), (2, 3), (3, 3), (4, 3), (5, 3), (6, 3), (7, 3), (8, 3),
                (1, 4), (2, 4), (3, 4), (4, 4), (5, 4), (6, 4))
        };
    }
    if t.last.is_some() { all!(true) } else { all!(false) }
}

/// Tallest tile for this many vectors.
#[inline(always)]
pub(super) const fn max_rows<S: Simd>(vectors: usize) -> usize {
    if vectors == S::TILE_VECTORS { S::TILE_ROWS } else { S::NARROW_TILE_ROWS }
}
