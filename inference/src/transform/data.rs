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
        rows: impl Iterator<Item = &'a [f32]> + Clone,
    ) -> Self {
        let map = |column: usize| match kind {
            Kind::Standardize => ColumnMap::Identity,
            Kind::Shape => {
                let mut values: Vec<f64> = rows.clone().map(|r| f64::from(r[column])).collect();
                ColumnMap::fit(&mut values)
            }
        };
        let maps: Vec<ColumnMap> = kept.iter().copied().map(map).collect();
        let mapped: Vec<f32> = rows.flat_map(|row| apply(&maps, &kept, row)).collect();
        let scaler = Scaler::fit(kept.len(), mapped.chunks_exact(kept.len()));
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
    pub fn log_det(&self, row: &[f32]) -> f64 {
        let slopes = self.maps.iter().zip(&self.kept);
        let slopes = slopes.map(|(map, column)| map.log_slope(f64::from(row[*column])));
        slopes.sum::<f64>() + self.scaler.log_det()
    }

    /// Maps one row of C numbers to those of the kept columns.
    pub fn apply(&self, row: &[f32], out: &mut [f32]) {
        let mapped: Vec<f32> = apply(&self.maps, &self.kept, row).collect();
        self.scaler.apply(&mapped, out);
    }
}

fn apply<'a>(
    maps: &'a [ColumnMap],
    kept: &'a [usize],
    row: &'a [f32],
) -> impl Iterator<Item = f32> + 'a {
    // Infinite only beyond f32, which its largest number stands in for.
    maps.iter().zip(kept).map(|(map, column)| {
        let value = map.apply(f64::from(row[*column]));
        value.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32
    })
}
