//! What each point of a series is expected to be, given those before: statistics that say all of a Gaussian
//! autoregression.

use super::super::channel::log_mean_square;
use super::super::present::{is_present, present};
use crate::whitening::{factored, solve};
use freeform_simulators::counted;
use serde::{Deserialize, Serialize};
use std::convert::Infallible;

/// The highest order.
const MOST: usize = 2;
/// Fewer pairs of points a coefficient give no statistic of one's own choice.
const LEAST_POINTS: usize = 4;
/// Of the mean square of what explains: what keeps constant series from coefficients at random.
const RIDGE: f64 = 1e-6;

/// Least squares of each channel on the points before, and on the channels before it at the same point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Regression {
    /// How many points before.
    order: usize,
    /// Whether about the level that all simulations have in common, not the series' own.
    common: bool,
}

impl Regression {
    /// Those that a series of so many points and channels has points enough for.
    pub fn candidates(points: usize, channels: usize) -> impl Iterator<Item = Self> {
        let all = (1..=MOST).flat_map(|order| [false, true].map(|common| Self { order, common }));
        all.filter(move |own| own.regressors(channels - 1, channels) * LEAST_POINTS <= points)
    }

    pub fn is_whole(self, points: usize) -> bool {
        (1..=MOST).contains(&self.order) && self.order < points
    }

    /// What is added to the values about their own mean.
    pub fn about(self, mean: f64) -> f64 {
        if self.common { mean } else { 0.0 }
    }

    /// How many numbers explain a channel: of all channels at each point before, and of the channels
    /// before it.
    fn regressors(self, channel: usize, channels: usize) -> usize {
        self.order * channels + channel
    }

    /// How many statistics.
    pub fn outputs(self, channels: usize) -> usize {
        (0..channels).map(|channel| self.regressors(channel, channels) + 1).sum()
    }

    pub fn names(self, channels: usize) -> Vec<String> {
        let of = |channel: usize| match channels {
            1 => String::new(),
            _ => format!(" of channel {}", channel + 1),
        };
        let name = |channel: usize| {
            let before = (1..=self.order).flat_map(move |lag| {
                (0..channels).map(move |from| {
                    let point = counted(lag, "point");
                    format!("dependence{} on the value{} {point} before", of(channel), of(from))
                })
            });
            let same = (0..channel).map(move |from| {
                format!("dependence{} on the value{} there", of(channel), of(from))
            });
            let rest = format!("log mean square of what is left{}", of(channel));
            before.chain(same).chain([rest]).collect::<Vec<_>>()
        };
        (0..channels).flat_map(name).collect()
    }

    /// Of the values of each channel about its level; points beside a missing one tell nothing.
    pub fn apply(self, channels: &[Vec<f64>], out: &mut Vec<f64>) {
        let points = channels[0].len();
        for (channel, values) in channels.iter().enumerate() {
            let explain = |t: usize, row: &mut Vec<f64>| {
                row.clear();
                row.extend(
                    (1..=self.order).flat_map(|lag| channels.iter().map(move |c| c[t - lag])),
                );
                row.extend(channels[..channel].iter().map(|c| c[t]));
                row.iter().chain([&values[t]]).all(is_present)
            };
            let size = self.regressors(channel, channels.len());
            let mut row = Vec::with_capacity(size);
            let mut gram: Vec<Vec<f64>> = (0..size).map(|i| vec![0.0; i + 1]).collect();
            let mut solution = vec![0.0; size];
            for (t, value) in values.iter().enumerate().skip(self.order) {
                if explain(t, &mut row) {
                    for (i, a) in row.iter().enumerate() {
                        gram[i].iter_mut().zip(&row).for_each(|(sum, b)| *sum += a * b);
                        solution[i] += a * value;
                    }
                }
            }
            let trace: f64 = gram.iter().enumerate().map(|(i, row)| row[i]).sum();
            let ridge = RIDGE * trace / size as f64 + f64::MIN_POSITIVE.sqrt();
            gram.iter_mut().enumerate().for_each(|(i, row)| row[i] += ridge);
            let Ok(factor) = factored(gram, || Ok::<(), Infallible>(()));
            solve(&factor, &mut solution);
            let rest = |t: usize| {
                let mut row = Vec::with_capacity(size);
                let known = explain(t, &mut row);
                let expected: f64 = row.iter().zip(&solution).map(|(a, b)| a * b).sum();
                if known { values[t] - expected } else { f64::NAN }
            };
            let rest = log_mean_square(present((self.order..points).map(rest)));
            out.extend(solution.iter().copied().chain([rest]));
        }
    }
}
