//! Logistic regression, by linfa.

use super::{C2stError, table::Table};
use linfa::prelude::*;
use linfa_logistic::LogisticRegression;
// linfa is a version of ndarray behind.
use linfa::dataset::DatasetBase;

/// Held-out accuracy of a logistic regression (L2 penalty 1) trained on the training rows.
pub(super) fn accuracy(
    table: &Table,
    training: &[u32],
    held_out: &[u32],
) -> Result<f64, C2stError> {
    let (records, labels) = (records(table, training), labels(table, training));
    let model = LogisticRegression::default()
        .max_iterations(200)
        .fit(&DatasetBase::new(records, labels))
        .map_err(|e| C2stError::Logistic(e.to_string()))?;
    let predicted = model.predict(&self::records(table, held_out));
    let right = predicted.iter().zip(held_out).filter(|(p, row)| **p == is_y(table, **row));
    Ok(right.count() as f64 / held_out.len() as f64)
}

fn is_y(table: &Table, row: u32) -> bool {
    table.label(row) > 0.5
}

fn records(table: &Table, rows: &[u32]) -> linfa_ndarray::Array2<f64> {
    linfa_ndarray::Array2::from_shape_fn((rows.len(), table.columns()), |(i, j)| {
        f64::from(table.row(rows[i])[j])
    })
}

fn labels(table: &Table, rows: &[u32]) -> linfa_ndarray::Array1<bool> {
    rows.iter().map(|row| is_y(table, *row)).collect()
}
