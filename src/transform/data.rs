//! The map between data x and what the networks see.

use super::{ColumnMap, Scaler};
use crate::config::DataTransform as Kind;
use serde::{Deserialize, Serialize};

/// x ↦ z-scores of x, or of each column after the map that fits its law.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DataTransform {
    scaler: Scaler,
    maps: Vec<ColumnMap>,
}

impl DataTransform {
    /// Learns maps and z-scores from rows of x, each of `columns` numbers.
    #[must_use]
    pub fn fit<'a>(
        kind: Kind,
        columns: usize,
        rows: impl Iterator<Item = &'a [f32]> + Clone,
    ) -> Self {
        let map = |column: usize| match kind {
            Kind::Standardize => ColumnMap::Identity,
            Kind::Shape => {
                let mut values: Vec<f64> = rows.clone().map(|r| f64::from(r[column])).collect();
                ColumnMap::fit(&mut values)
            }
        };
        let maps: Vec<ColumnMap> = (0..columns).map(map).collect();
        let mapped: Vec<f32> = rows.flat_map(|row| apply(&maps, row)).collect();
        let scaler = Scaler::fit(columns, mapped.chunks_exact(columns));
        Self { scaler, maps }
    }

    /// The z-scores beneath.
    #[must_use]
    pub fn scaler(&self) -> &Scaler {
        &self.scaler
    }

    /// Each column's map.
    #[must_use]
    pub fn maps(&self) -> &[ColumnMap] {
        &self.maps
    }

    /// Maps one row.
    pub fn apply(&self, row: &[f32], out: &mut [f32]) {
        let mapped: Vec<f32> = apply(&self.maps, row).collect();
        self.scaler.apply(&mapped, out);
    }
}

fn apply<'a>(maps: &'a [ColumnMap], row: &'a [f32]) -> impl Iterator<Item = f32> + 'a {
    // Infinite only beyond f32, which its largest number stands in for.
    maps.iter().zip(row).map(|(map, value)| {
        map.apply(f64::from(*value)).clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32
    })
}
