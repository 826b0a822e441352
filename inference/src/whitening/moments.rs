//! Second moments of many rows, which take a while where contexts are wide: made in tiles of rows,
//! between which the work may stop, and kept half-made.

use crate::work::{Halt, Pack, Part, Saver, Unpack};
use rayon::prelude::*;

/// Rows of a tile, which stay in the cache.
const TILE: usize = 64;
/// Rows of the gram matrix that one thread fills from a tile.
const BLOCK: usize = 16;

/// XᵀX/n and XᵀU/n of centred rows.
pub(super) struct Moments {
    /// `[C, C]`, the lower half.
    pub gram: Vec<f64>,
    /// `[C, D]`.
    pub cross: Vec<f64>,
}

impl Moments {
    /// The moments of `rows`, of each of which `context` and `target` write the centred numbers.
    pub fn of(
        rows: &[u32],
        (d, c): (usize, usize),
        context: impl Fn(u32, &mut [f64]),
        target: impl Fn(u32, &mut [f64]),
        part: &Part,
    ) -> Result<Self, Halt> {
        let part = part.part("moments");
        let (mut done, Self { mut gram, mut cross }) = Self::recalled(&part, rows.len(), (d, c))
            .unwrap_or_else(|| (0, Self { gram: vec![0.0; c * c], cross: vec![0.0; c * d] }));
        let mut saver = Saver::new();
        let (mut x, mut u) = (vec![0.0; TILE * c], vec![0.0; TILE * d]);
        while done < rows.len() {
            let stopped = part.go_on();
            if stopped.is_err() || saver.is_due() {
                part.keep(|| Pack::default().whole(done).doubles(&gram).doubles(&cross).finish())?;
            }
            stopped?;
            let tile = &rows[done..(done + TILE).min(rows.len())];
            for (r, (x, u)) in tile.iter().zip(x.chunks_exact_mut(c).zip(u.chunks_exact_mut(d))) {
                context(*r, x);
                target(*r, u);
            }
            let (x, u) = (&x[..tile.len() * c], &u[..tile.len() * d]);
            let blocks = gram.par_chunks_mut(BLOCK * c).zip(cross.par_chunks_mut(BLOCK * d));
            blocks.enumerate().for_each(|(block, (gram, cross))| {
                let columns = gram.chunks_exact_mut(c).zip(cross.chunks_exact_mut(d)).enumerate();
                for (i, (gram, cross)) in columns.map(|(k, rows)| (block * BLOCK + k, rows)) {
                    for (x, u) in x.chunks_exact(c).zip(u.chunks_exact(d)) {
                        add(&mut gram[..=i], x[i], x);
                        add(cross, x[i], u);
                    }
                }
            });
            done += tile.len();
        }
        let n = rows.len() as f64;
        gram.iter_mut().chain(&mut cross).for_each(|sum| *sum /= n);
        Ok(Self { gram, cross })
    }

    fn recalled(part: &Part, rows: usize, (d, c): (usize, usize)) -> Option<(usize, Self)> {
        let piece = part.recall()?;
        let mut piece = Unpack::new(&piece);
        let done = piece.whole().filter(|done| *done <= rows)?;
        let (gram, cross) = (piece.doubles_of(c * c)?, piece.doubles_of(c * d)?);
        piece.end()?;
        Some((done, Self { gram, cross }))
    }
}

fn add(sums: &mut [f64], factor: f64, row: &[f64]) {
    sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += factor * value);
}
