//! Cuts a product into register tiles, copying a block of B where that pays.

use super::block::{copy_block, transpose_block};
use super::tail;
use super::tile::{self, Tile, max_rows};
use super::view::{Start, View, ViewMut};
use crate::isa::Kernel;
use crate::simd::Simd;
use std::mem::MaybeUninit;

/// How B lies in memory.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Layout {
    /// `b[p, j]`: rows are summed over.
    Rows,
    /// `b[j, p]`: columns are summed over; blocks are transposed on the way.
    Columns,
}

/// Invariant, by the checks of the public functions: the operands fit in their views (of A, element
/// `[i, p]` lies at i and p times its strides), and a bias is as long as C is wide.
pub(super) struct Product<'a> {
    pub shape: [usize; 3],
    pub a: &'a [f32],
    pub a_strides: (usize, usize),
    pub b: View<'a>,
    pub layout: Layout,
    pub c: ViewMut<'a>,
    pub start: Start<'a>,
}

/// Depth of a block of B.
pub(super) const DEPTH: usize = 128;
/// Widest panel of any instruction set, in elements.
const PANEL: usize = 64;
/// From this many rows of C on, copying a block of B costs less than its unaligned, strided loads.
const COPY_ROWS: usize = 48;

/// A block of B on the stack, its rows PANEL apart and aligned to cache lines.
#[repr(align(64))]
struct Block {
    _elements: [f32; DEPTH * PANEL],
}

impl Kernel for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let [m, all, k] = self.shape;
        let tail = tail::columns(&self);
        let n = all - tail;
        if tail > 0 && m > 0 {
            tail::run(simd, &mut self, tail);
        }
        const { assert!(S::LANES * S::TILE_VECTORS <= PANEL) };
        let mut block = MaybeUninit::<Block>::uninit();
        let block = block.as_mut_ptr().cast::<f32>();
        let width = S::LANES * S::TILE_VECTORS;
        let accumulates = self.start.accumulates();
        let copies = self.layout == Layout::Columns || m >= COPY_ROWS;
        // At least one pass, so that k = 0 still writes the bias or zeros.
        for p in (0..k.max(1)).step_by(DEPTH) {
            let depth = DEPTH.min(k - p);
            for j in (0..n).step_by(width) {
                let columns = width.min(n - j);
                // SAFETY: depth ≤ DEPTH and columns ≤ width ≤ PANEL bound the block, which nobody
                // else borrows; rows p..p+depth and columns j..j+columns of B are in bounds.
                let (b, b_stride) = unsafe {
                    match (self.layout, copies) {
                        (Layout::Columns, _) => {
                            let b = self.b.data.as_ptr().wrapping_add(j * self.b.stride + p);
                            transpose_block(simd, b, self.b.stride, columns, depth, (block, PANEL));
                            (block.cast_const(), PANEL)
                        }
                        (Layout::Rows, true) => {
                            let b = self.b.data.as_ptr().wrapping_add(p * self.b.stride + j);
                            copy_block(simd, b, self.b.stride, columns, depth, (block, PANEL));
                            (block.cast_const(), PANEL)
                        }
                        (Layout::Rows, false) => {
                            let b = self.b.data.as_ptr().wrapping_add(p * self.b.stride + j);
                            (b, self.b.stride)
                        }
                    }
                };
                let vectors = columns.div_ceil(S::LANES);
                let rest = columns % S::LANES;
                let tiles = m.div_ceil(max_rows::<S>(vectors)).max(1);
                let (rows, taller) = (m / tiles, m % tiles);
                let mut i = 0;
                for index in 0..tiles {
                    let rows = rows + usize::from(index < taller);
                    if rows == 0 {
                        continue;
                    }
                    let (bias, bias_rows) = match self.start.bias() {
                        Some((values, upto)) if p == 0 && upto > i => {
                            (values[j..].as_ptr(), upto - i)
                        }
                        _ => (std::ptr::null(), 0),
                    };
                    let (a_row, a_col) = self.a_strides;
                    // SAFETY: the block [i, i+rows) × [j, j+columns) of C and the matching parts
                    // of A and B are in bounds; what was copied of B is initialised as wide as it is
                    // read; C is borrowed mutably.
                    unsafe {
                        tile::run(
                            simd,
                            rows,
                            vectors,
                            Tile {
                                k: depth,
                                a: self.a.as_ptr().wrapping_add(i * a_row + p * a_col),
                                a_row,
                                a_col,
                                b,
                                b_stride,
                                c: self.c.data.as_mut_ptr().add(i * self.c.stride + j),
                                c_stride: self.c.stride,
                                bias,
                                bias_rows,
                                accumulate: accumulates || p > 0,
                                last: (rest > 0).then(|| simd.mask(rest)),
                            },
                        );
                    }
                    i += rows;
                }
            }
        }
    }
}
