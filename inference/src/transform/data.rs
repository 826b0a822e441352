//! The map between data x and what the networks see.

use super::{ColumnMap, Scaler};
use crate::config::DataTransform as Kind;
use serde::{Deserialize, Serialize};

/// x ↦ z-scores of the columns of x that are kept, each after the map that fits its law.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataTransform {
    /// Numbers in an observation.
    columns: usize,
    /// Those that the networks see (from 0, ascending).
    kept: Vec<usize>,
    scaler: Scaler,
    maps: Vec<ColumnMap>,
}

impl DataTransform {
    /// Learns maps and z-scores of the columns `kept` from rows of x, each of `columns` numbers.
    #[must_use]
    pub fn fit<'a>(
        kind: Kind,
        columns: usize,
        kept: Vec<usize>,
        rows: impl Iterator<Item = &'a [f64]> + Clone,
    ) -> Self {
        let map = |column: usize| match kind {
            Kind::Standardize => ColumnMap::Identity,
            Kind::Shape => {
                let mut values: Vec<f64> = rows.clone().map(|r| r[column]).collect();
                ColumnMap::fit(&mut values)
            }
        };
        let maps: Vec<ColumnMap> = kept.iter().copied().map(map).collect();
        Self::of_maps(maps, columns, kept, rows)
    }

    /// Learns z-scores of the columns `kept` after these maps.
    pub(crate) fn of_maps<'a>(
        maps: Vec<ColumnMap>,
        columns: usize,
        kept: Vec<usize>,
        rows: impl Iterator<Item = &'a [f64]> + Clone,
    ) -> Self {
        let mapped = |row: &[f64], out: &mut [f64]| apply(&maps, &kept, row, out);
        let scaler = Scaler::fit(kept.len(), rows, mapped);
        Self { columns, kept, scaler, maps }
    }

    /// Whether each kept column is one of the observation's, and has a map and a scale.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let ascending = self.kept.windows(2).all(|pair| pair[0] < pair[1]);
        !self.kept.is_empty()
            && ascending
            && self.kept.last().is_none_or(|last| *last < self.columns)
            && self.maps.len() == self.kept.len()
            && self.maps.iter().all(|map| map.is_whole())
            && self.scaler.is_whole(self.kept.len())
    }

    /// Numbers in an observation, C.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The columns that the networks see (from 0, ascending).
    #[must_use]
    pub fn kept(&self) -> &[usize] {
        &self.kept
    }

    /// The z-scores beneath, of the kept columns.
    #[must_use]
    pub fn scaler(&self) -> &Scaler {
        &self.scaler
    }

    /// Each kept column's map.
    #[must_use]
    pub fn maps(&self) -> &[ColumnMap] {
        &self.maps
    }

    /// log|det| of [`apply`](Self::apply) on the kept columns.
    #[must_use]
    pub fn log_det(&self, row: &[f64]) -> f64 {
        let slopes = self.maps.iter().zip(&self.kept);
        let slopes = slopes.map(|(map, column)| map.log_slope(row[*column]));
        slopes.sum::<f64>() + self.scaler.log_det()
    }

    /// Maps one row of C numbers to those of the kept columns.
    pub fn apply(&self, row: &[f64], out: &mut [f32]) {
        let mut mapped = vec![0.0; self.kept.len()];
        apply(&self.maps, &self.kept, row, &mut mapped);
        self.scaler.apply(&mapped, out);
    }
}

fn apply(maps: &[ColumnMap], kept: &[usize], row: &[f64], out: &mut [f64]) {
    for ((slot, map), column) in out.iter_mut().zip(maps).zip(kept) {
        *slot = map.apply(row[*column]);
    }
}
