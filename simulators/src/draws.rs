//! Posterior draws as files.

use std::path::Path;

use ndarray::ArrayView2;

use crate::{ArrayError, Prior, beyond_single_precision, write_table};

/// Writes draws `[n, D]` to a table as [`write_table`] does: in single precision where that holds
/// them (see [`beyond_single_precision`]) and puts none on or beyond a bound of the prior, else in
/// double precision.
///
/// # Errors
/// As [`write_table`].
pub fn write_draws(
    path: impl AsRef<Path>,
    prior: &Prior,
    theta: ArrayView2<'_, f64>,
) -> Result<(), ArrayError> {
    let rounded = theta.mapv(|value| value as f32);
    let inside = |value: f64, single: f32, column: usize| {
        let support = prior.support()[column];
        support.contains_strictly(f64::from(single)) || !support.contains_strictly(value)
    };
    let held = beyond_single_precision(theta).is_empty()
        && theta.indexed_iter().all(|(at, value)| inside(*value, rounded[at], at.1));
    if held {
        write_table(path, "theta", rounded.view())
    } else {
        write_table(path, "theta", theta)
    }
}
