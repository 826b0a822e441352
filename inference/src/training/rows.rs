//! Rows of tables, raw and as the networks see them.

use super::origin::Outliers;
use crate::transform::DataTransform;

/// Pieces of a table that is given back while it is mapped.
const PIECES: usize = 32;

/// Rows of raw x as the networks see them. Piece by piece from the end, each given back at once:
/// both tables together never take much more room than x alone.
pub(super) fn transformed(
    data: &DataTransform,
    mut x: Vec<f64>,
    name: &'static str,
    outliers: &mut Outliers,
) -> Vec<f32> {
    let (width, kept) = (data.columns(), data.kept().len());
    let rows = x.len() / width;
    let mut out = vec![0.0; rows * kept];
    for piece in (0..PIECES).rev() {
        let start = rows * piece / PIECES;
        let places = x[start * width..].chunks_exact(width);
        let places = places.zip(out[start * kept..].chunks_exact_mut(kept));
        for (index, (row, out)) in (start..).zip(places) {
            data.apply(row, out);
            outliers.look(name, index, data.kept().iter().copied().zip(&*out), row);
        }
        x.truncate(start * width);
        x.shrink_to_fit();
    }
    out
}

/// Which row of the table that a user gave each simulation is, where some of its rows were left out.
#[derive(Clone, Debug, Default)]
pub(super) struct TableRows(Option<Vec<usize>>);

impl TableRows {
    /// Of simulations that are these rows, from 0; `None`: all of them.
    pub fn of(rows: Option<&[usize]>) -> Self {
        Self(rows.map(<[usize]>::to_vec))
    }

    /// Of those of them that are kept.
    pub fn kept(&self, keep: &[usize]) -> Self {
        Self(Some(keep.iter().map(|row| self.row_of(*row)).collect()))
    }

    /// The row, from 0, of a simulation, from 0.
    pub fn row_of(&self, simulation: usize) -> usize {
        let known = self.0.as_ref().and_then(|rows| rows.get(simulation));
        known.copied().unwrap_or(simulation)
    }
}

/// A row of a table.
pub(super) fn row(flat: &[f64], width: usize, index: u32) -> &[f64] {
    &flat[index as usize * width..][..width]
}

/// The array's numbers row by row, without a copy where they lie that way already.
pub(super) fn contiguous(table: ndarray::Array2<f64>) -> Vec<f64> {
    if !table.is_standard_layout() {
        return table.iter().copied().collect();
    }
    let len = table.len();
    let (mut flat, offset) = table.into_raw_vec_and_offset();
    flat.truncate(offset.unwrap_or(0) + len);
    flat.drain(..offset.unwrap_or(0));
    flat
}
