//! Whether z-scores keep what columns say.

use super::DataError;
use super::rows::TableRows;
use crate::transform::Scaler;

/// More rows than these change no quartile by much.
const MOST_ROWS: usize = 10_000;

/// A table, and the scores that networks see instead.
pub(super) struct Scored<'a> {
    /// `[n, width]`.
    pub table: &'a [f64],
    pub width: usize,
    /// The rows that the scores were learnt from.
    pub rows: &'a [u32],
    /// What these are in their table.
    pub table_rows: &'a TableRows,
    pub scaler: &'a Scaler,
    /// Of each score, the table's column.
    pub columns: &'a [usize],
    pub score: &'a dyn Fn(&[f64], &mut [f32]),
    /// A column's name in messages.
    pub name: &'a dyn Fn(usize) -> String,
    /// The setting that may help against values far out.
    pub fix: &'static str,
}

impl Scored<'_> {
    /// # Errors
    /// [`DataError::TooLarge`] for a column whose spread is no number, [`DataError::FarOut`] for one
    /// of which the scores keep nothing but a value far out: its quartiles differ, theirs do not.
    pub fn check(&self) -> Result<(), DataError> {
        if let Some(score) = self.scaler.overflow() {
            let (column, value) = ((self.name)(self.columns[score]), self.farthest(score).1);
            return Err(DataError::TooLarge { column, value });
        }
        let rows = &self.rows[..self.rows.len().min(MOST_ROWS)];
        let dim = self.columns.len();
        let mut scores = vec![0.0; rows.len() * dim];
        for (row, out) in rows.iter().zip(scores.chunks_exact_mut(dim)) {
            (self.score)(self.row(*row), out);
        }
        for (score, &column) in self.columns.iter().enumerate() {
            let mut pairs: Vec<(f64, f32)> = rows
                .iter()
                .zip(scores.chunks_exact(dim))
                .map(|(row, scores)| (self.row(*row)[column], scores[score]))
                .collect();
            pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
            let [low, high] = [pairs[pairs.len() / 4], pairs[pairs.len() * 3 / 4]];
            let constant = self.scaler.constant_columns().contains(&score);
            if !constant && low.0 != high.0 && low.1 == high.1 {
                let ((row, value), fix) = (self.farthest(score), self.fix);
                return Err(DataError::FarOut { column: (self.name)(column), value, row, fix });
            }
        }
        Ok(())
    }

    fn row(&self, index: u32) -> &[f64] {
        &self.table[index as usize * self.width..][..self.width]
    }

    /// The row (from 1) and value of the column behind a score that lies farthest out.
    fn farthest(&self, score: usize) -> (usize, f64) {
        let values = self
            .rows
            .iter()
            .map(|r| (self.table_rows.row_of(*r as usize) + 1, self.row(*r)[self.columns[score]]));
        values.max_by(|a, b| a.1.abs().total_cmp(&b.1.abs())).unwrap_or_default()
    }
}
