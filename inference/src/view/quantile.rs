//! Order statistics and the spread of some numbers.

use super::channel::mean;

/// Ascending.
pub(super) fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_unstable_by(f64::total_cmp);
    values
}

/// A quantile of sorted values, between two of them by their distance (Hyndman & Fan 1996, type 7).
pub(super) fn quantile(sorted: &[f64], level: f64) -> f64 {
    let place = level * (sorted.len() - 1) as f64;
    let (low, share) = (place.floor() as usize, place.fract());
    let high = (low + 1).min(sorted.len() - 1);
    sorted[low] + share * (sorted[high] - sorted[low])
}

/// The mean square distance from the mean.
pub(super) fn variance(values: &[f64]) -> f64 {
    let level = mean(values.iter().copied());
    mean(values.iter().map(|v| (v - level).powi(2)))
}
