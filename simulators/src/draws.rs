//! Posterior draws as files.

use std::path::Path;

use ndarray::ArrayView2;

use crate::{ArrayError, Prior, beyond_single_precision, write_table};

/// Writes draws `[n, D]` to a table as [`write_table`] does: in single precision where that holds
/// them (see [`single_holds`]), else in double precision.
///
/// # Errors
/// As [`write_table`].
pub fn write_draws(
    path: impl AsRef<Path>,
    prior: &Prior,
    theta: ArrayView2<'_, f64>,
) -> Result<(), ArrayError> {
    if single_holds(prior, theta) {
        write_table(path, "theta", theta.mapv(|value| value as f32).view())
    } else {
        write_table(path, "theta", theta)
    }
}

/// Whether single precision holds draws `[n, D]`, and puts none on or beyond a bound of the prior.
#[must_use]
pub fn single_holds(prior: &Prior, theta: ArrayView2<'_, f64>) -> bool {
    let inside = |value: f64, column: usize| {
        let support = prior.support()[column];
        let single = f64::from(value as f32);
        support.contains_strictly(single) || !support.contains_strictly(value)
    };
    beyond_single_precision(theta).is_empty()
        && theta.indexed_iter().all(|(at, value)| inside(*value, at.1))
}
