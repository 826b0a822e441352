//! One quantity that is measured again and again: its values on a common scale.

use super::present::is_present;
use crate::transform::ColumnMap;
use serde::{Deserialize, Serialize};

/// Values that the map is learnt from, at most.
const MOST_VALUES: usize = 100_000;
/// Farther out than this, in units of the spread, nothing is told apart: squares and fourth powers stay
/// numbers.
const FARTHEST: f64 = 1e30;

/// A map towards a Gaussian and a z-score, the same for all places of x where the quantity stands.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Channel {
    map: ColumnMap,
    center: f64,
    scale: f64,
}

impl Channel {
    /// Learnt from some of `values`; as they are where none was measured.
    pub fn fit(values: impl Iterator<Item = f64> + Clone) -> Self {
        let mut values = spaced(values, MOST_VALUES);
        let map = ColumnMap::fit(&mut values);
        Self::scored(map, values)
    }

    /// The z-score alone, where the map draws in both tails: those of a mixture of wide and narrow
    /// simulations, say, each of which is Gaussian as it is.
    fn unmapped(&self, values: impl Iterator<Item = f64> + Clone) -> Self {
        match self.map {
            ColumnMap::Asinh { .. } => {
                Self::scored(ColumnMap::Identity, spaced(values, MOST_VALUES))
            }
            _ => *self,
        }
    }

    /// The channels of rows of x whose numbers stand side by side, so many at each place.
    pub fn each(x: &[f64], channels: usize) -> Vec<Self> {
        (0..channels).map(|at| Self::fit(of_channel(x, at, channels))).collect()
    }

    /// The same [`unmapped`](Self::unmapped); `None` where no map draws tails in.
    pub fn each_unmapped(known: &[Self], x: &[f64]) -> Option<Vec<Self>> {
        let all = known.iter().enumerate();
        let channels: Vec<Self> =
            all.map(|(at, channel)| channel.unmapped(of_channel(x, at, known.len()))).collect();
        (channels != known).then_some(channels)
    }

    fn scored(map: ColumnMap, mut values: Vec<f64>) -> Self {
        values.iter_mut().for_each(|v| *v = map.apply(*v));
        let n = values.len().max(1) as f64;
        // Against an origin among them, and in units of the farthest, so that no digits are lost.
        let origin = values.get(values.len() / 2).copied().unwrap_or(0.0);
        let unit = values.iter().map(|v| (v - origin).abs()).fold(0.0, f64::max);
        let unit = if unit > 0.0 && unit.is_finite() { unit } else { 1.0 };
        let mean = values.iter().map(|v| (v - origin) / unit).sum::<f64>() / n;
        let square = |v: &f64| ((v - origin) / unit - mean).powi(2);
        let deviation = unit * (values.iter().map(square).sum::<f64>() / n).sqrt();
        let scale = if deviation > 0.0 { deviation } else { 1.0 };
        Self { map, center: origin + unit * mean, scale }
    }

    /// A value as a score.
    pub fn apply(&self, value: f64) -> f64 {
        ((self.map.apply(value) - self.center) / self.scale).clamp(-FARTHEST, FARTHEST)
    }

    pub fn is_whole(&self) -> bool {
        self.map.is_whole() && self.center.is_finite() && self.scale.is_finite() && self.scale > 0.0
    }
}

/// Every value of one channel of several.
fn of_channel(x: &[f64], at: usize, channels: usize) -> impl Iterator<Item = f64> + Clone + '_ {
    x.iter().skip(at).step_by(channels).copied()
}

/// At most so many of the values that were measured, evenly spaced.
pub(super) fn spaced(values: impl Iterator<Item = f64> + Clone, most: usize) -> Vec<f64> {
    let values = values.filter(is_present);
    let stride = values.clone().count().div_ceil(most).max(1);
    values.step_by(stride).collect()
}

/// The mean of some values; 0 of none.
pub(super) fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), v| (sum + v, count + 1.0));
    if count > 0.0 { sum / count } else { 0.0 }
}

/// Variances below this, in units of all simulations', are rounding.
const LEAST_VARIANCE: f64 = 1e-12;

/// The logarithm of a variance, from below bounded by that of rounding.
pub(super) fn log_variance(variance: f64) -> f64 {
    (variance + LEAST_VARIANCE).ln()
}

/// The logarithm of the mean square; of none that of variance 1, which says nothing.
pub(super) fn log_mean_square(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), v| (sum + v * v, count + 1.0));
    if count > 0.0 { log_variance(sum / count) } else { 0.0 }
}

/// A covariance over a variance; 0 where there is nothing but rounding.
pub(super) fn ratio(covariance: f64, variance: f64) -> f64 {
    covariance / (variance + LEAST_VARIANCE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_those_of_the_pooled_values() {
        let channel = Channel::fit([2.0, 4.0, 4.0, 6.0].into_iter());
        assert!((channel.apply(4.0)).abs() < 1e-12);
        assert!((channel.apply(6.0) - 2_f64.sqrt()).abs() < 1e-12);
        // Far from zero, far out, and of no spread at all.
        let far = Channel::fit([1e9, 1e9 + 2.0].into_iter());
        assert!((far.apply(1e9 + 2.0) - 1.0).abs() < 1e-6);
        assert!(channel.apply(f64::MAX).is_finite());
        assert_eq!(Channel::fit([7.0; 5].into_iter()).apply(7.0), 0.0);
    }
}
