//! Simulations with gaps: what cannot be trained on, and what their likelihood learns from.

use super::DataError;
use super::rows::{TableRows, row};
use crate::config::TransformConfig;
use crate::random::{Purpose, stream};
use crate::transform::{DataTransform, dependent_columns};
use crate::view::{View, is_present};
use freeform_simulators::{DataLayout, Layout};
use rand::RngExt;

/// Gaps that depend on θ no more than chance does this often are taken not to.
const BY_CHANCE: f64 = 1e-3;

/// Refuses simulations of which nothing was measured, and numbers that never were, but for those that the one
/// `observation` lacks, too.
pub(super) fn check_measured(
    (x, columns): (&[f64], usize),
    observation: Option<&[f64]>,
    rows: &TableRows,
    transform: &TransformConfig,
) -> Result<(), DataError> {
    if x.iter().all(is_present) {
        return Ok(());
    }
    let nothing = |row: &[f64]| !row.iter().any(is_present);
    if let Some(row) = x.chunks_exact(columns).position(nothing) {
        return Err(DataError::NothingMeasured { row: rows.row_of(row) + 1 });
    }
    let layout = transform.layout();
    if layout.layout != Layout::Parts {
        return check_whole((x, columns), observation, rows, &layout);
    }
    for (index, (from, part)) in layout.placed_parts().enumerate() {
        let own = |row: &[f64]| row[from..][..part.numbers()].to_vec();
        let table: Vec<f64> = x.chunks_exact(columns).flat_map(own).collect();
        let observed = observation.map(own);
        let table = (&table[..], part.numbers());
        let of_part = |error| match error {
            DataError::NeverMeasured { column } => {
                DataError::NeverMeasured { column: format!("{column} of part {}", index + 1) }
            }
            DataError::MissingPixels { row, .. } => {
                DataError::MissingPixels { row, part: Some((index + 1, part.numbers())) }
            }
            other => other,
        };
        check_whole(table, observed.as_deref(), rows, part.layout()).map_err(of_part)?;
    }
    Ok(())
}

/// The same of x, or a part of it, that has one layout.
fn check_whole(
    (x, columns): (&[f64], usize),
    observation: Option<&[f64]>,
    rows: &TableRows,
    layout: &DataLayout,
) -> Result<(), DataError> {
    if layout.layout == Layout::Image {
        let gap = |row: &[f64]| !row.iter().all(is_present);
        let row = x.chunks_exact(columns).position(gap);
        return match row {
            Some(row) => Err(DataError::MissingPixels { row: rows.row_of(row) + 1, part: None }),
            None => Ok(()),
        };
    }
    // Any trial may be missing in all, and any point of a series; but not one of their channels.
    let points = matches!(layout.layout, Layout::Set | Layout::Series);
    let own = if points { layout.channels } else { columns };
    let has = |x: &[f64], column: usize| x.iter().skip(column).step_by(own).any(is_present);
    let measured = |column: &usize| {
        has(x, *column) || observation.is_some_and(|observed| !has(observed, *column))
    };
    match (0..own).find(|column| !measured(column)) {
        None => Ok(()),
        Some(column) => {
            let column = match layout.layout {
                Layout::Set => format!("channel {} of every trial", column + 1),
                Layout::Series => format!("channel {} of every point", column + 1),
                _ => layout.column(column),
            };
            Err(DataError::NeverMeasured { column })
        }
    }
}

/// Places in the rows of x, `[n, C]`, where a number is missing.
pub(super) fn gaps(x: &[f64]) -> Vec<usize> {
    x.iter().enumerate().filter(|(_, v)| !is_present(v)).map(|(place, _)| place).collect()
}

/// What a likelihood makes of gaps.
pub(super) struct Described<'a> {
    /// What is seen of x, `[n, width]`.
    pub x: &'a [f64],
    pub width: usize,
    pub view: &'a View,
    /// Columns that the networks see.
    pub data: &'a DataTransform,
    /// Where numbers of x itself are missing.
    pub gaps: &'a [usize],
    pub seed: u64,
}

impl Described<'_> {
    /// Places among the numbers that the networks see that tell of gaps, where these do not depend on θ:
    /// the likelihood is one given them. Where they do, they are data, as any others.
    pub fn conditions<'t>(&self, rows: &[u32], theta: impl Fn(u32) -> &'t [f64]) -> Vec<usize> {
        let of_gaps = self.view.of_gaps();
        let columns = of_gaps.len();
        let told = |row: &[f64]| of_gaps.iter().map(|at| row[*at]).collect::<Vec<f64>>();
        let told: Vec<f64> = self.x.chunks_exact(self.width).flat_map(told).collect();
        let seen = |r: u32| row(&told, columns, r);
        let depend = || !dependent_columns(rows, theta, seen, columns, BY_CHANCE).is_empty();
        if columns == 0 || depend() {
            return Vec::new();
        }
        let kept = self.data.kept().iter().enumerate();
        kept.filter(|(_, column)| of_gaps.contains(column)).map(|(place, _)| place).collect()
    }

    /// A copy of what is seen, for densities that have bounds: a number that is missing is one of those
    /// that stand in its column elsewhere, drawn at random, which says nothing; what tells of gaps is
    /// spread over what it stands for.
    pub fn spread(&self) -> Vec<f64> {
        let (mut x, width) = (self.x.to_vec(), self.width);
        let (rows, inputs) = (x.len() / width, self.view.inputs());
        for (first, at, count) in self.view.filled() {
            let own = first..first + count;
            let places = || self.gaps.iter().filter(|place| own.contains(&(*place % inputs)));
            let mut missing = vec![false; rows * count];
            places()
                .for_each(|place| missing[place / inputs * count + place % inputs - first] = true);
            let measured: Vec<Vec<usize>> = (0..count)
                .map(|column| (0..rows).filter(|row| !missing[row * count + column]).collect())
                .collect();
            for place in places() {
                let (row, column) = (place / inputs, place % inputs - first);
                // One that no simulation has is the same in all, and has no likelihood.
                if measured[column].is_empty() {
                    continue;
                }
                let mut rng = stream(self.seed, Purpose::Gaps, *place as u64);
                let other = measured[column][rng.random_range(0..measured[column].len())];
                x[row * width + at + column] = self.x[other * width + at + column];
            }
        }
        let all = self.view.all_gaps();
        for (row, seen) in x.chunks_exact_mut(width).enumerate().filter(|_| !all.is_empty()) {
            let mut rng = stream(self.seed, Purpose::GapSpread, row as u64);
            for (_, at, gaps) in &all {
                gaps.spread(&mut seen[*at..][..gaps.outputs()], || rng.random_range(-0.5..0.5));
            }
        }
        x
    }
}
