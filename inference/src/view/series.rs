//! Statistics of a series: level and spread, autocovariances and increments at several lags, the ends,
//! and how channels go together.

mod regression;

use super::centred::Centred;
use super::channel::{Channel, log_mean_square, log_variance, mean, ratio};
use super::present::{is_present, present};
use freeform_simulators::counted;
pub(super) use regression::Regression;
use serde::{Deserialize, Serialize};

/// Lags of autocorrelations and increments, as far as the series is more than three times as long.
const ONE_LAG: [usize; 1] = [1];
const FEW_LAGS: [usize; 4] = [1, 2, 4, 8];
const MANY_LAGS: [usize; 14] = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 128, 256];
const LEAST_REPEATS: usize = 3;
/// Lags at which two channels are compared, both ways.
const CROSS_LAGS: [usize; 3] = [0, 1, 4];

/// How many statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Detail {
    /// What suffices for a process of one step's memory.
    Brief,
    /// Some lags.
    Few,
    /// Many lags, increments over all of them, moments.
    Many,
}

/// A series of T points of some channels, `[T, channels]` row after row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Series {
    /// T.
    points: usize,
    detail: Detail,
    channels: Vec<Channel>,
    /// How points are regressed on those before, in place of statistics at lags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    regression: Option<Regression>,
    /// Whether points are missing in some: steps from each that is there to the next come along.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    gaps: bool,
}

impl Series {
    /// Of rows of x, each of T × `channels` numbers.
    pub fn fit(x: &[f64], columns: usize, channels: usize, detail: Detail) -> Self {
        let (points, gaps) = (columns / channels, !x.iter().all(is_present));
        Self { points, detail, channels: Channel::each(x, channels), regression: None, gaps }
    }

    /// Level, spread and ends, and points regressed on those before.
    pub fn regressed(x: &[f64], columns: usize, channels: usize, regression: Regression) -> Self {
        let plain = Self::fit(x, columns, channels, Detail::Brief);
        Self { regression: Some(regression), ..plain }
    }

    /// The same, its tails not drawn in; `None` where they are not.
    pub fn unmapped(&self, x: &[f64]) -> Option<Self> {
        let channels = Channel::each_unmapped(&self.channels, x)?;
        Some(Self { channels, ..self.clone() })
    }

    /// The maps of its channels.
    pub(super) fn channels(&self) -> &[Channel] {
        &self.channels
    }

    /// How points are regressed on those before, where they are.
    pub fn regression(&self) -> Option<Regression> {
        self.regression
    }

    /// How many points, and of how many numbers each.
    pub fn sizes(&self) -> (usize, usize) {
        (self.points, self.channels.len())
    }

    pub fn is_whole(&self, columns: usize) -> bool {
        self.points.checked_mul(self.channels.len()) == Some(columns)
            && columns > 0
            && self.channels.iter().all(Channel::is_whole)
            && self.regression.is_none_or(|regression| regression.is_whole(self.points))
    }

    fn is_detailed(&self) -> bool {
        self.detail == Detail::Many
    }

    fn lags(&self) -> impl Iterator<Item = usize> {
        let lags = match self.detail {
            Detail::Brief => &ONE_LAG[..],
            Detail::Few => &FEW_LAGS[..],
            Detail::Many => &MANY_LAGS[..],
        };
        let lags = if self.regression.is_some() { &[] } else { lags };
        lags.iter().copied().filter(|lag| lag * LEAST_REPEATS < self.points)
    }

    fn cross_lags(&self) -> impl Iterator<Item = usize> {
        CROSS_LAGS.into_iter().filter(|lag| lag * LEAST_REPEATS < self.points)
    }

    pub fn outputs(&self) -> usize {
        if let Some(regression) = self.regression {
            return 4 * self.channels.len() + regression.outputs(self.channels.len());
        }
        let lags = self.lags().count();
        let own = if self.is_detailed() { 4 + 2 * lags + 7 } else { 4 + lags + lags.min(1) };
        let own = own + if self.gaps { 2 } else { 0 };
        let pairs = self.channels.len() * (self.channels.len() - 1) / 2;
        let cross = self.cross_lags().map(|lag| if lag == 0 { 1 } else { 2 }).sum::<usize>();
        own * self.channels.len() + pairs * cross
    }

    /// What each of them is, in the order of [`apply`](Self::apply).
    pub fn names(&self) -> Vec<String> {
        let count = self.channels.len();
        let of = |channel: usize| match count {
            1 => String::new(),
            _ => format!(" of channel {}", channel + 1),
        };
        let own = (0..count).flat_map(|channel| self.names_of(&of(channel)));
        let mut names: Vec<String> = own.collect();
        if let Some(regression) = self.regression {
            names.extend(regression.names(count));
            return names;
        }
        for (i, j) in (1..=count).flat_map(|i| (i + 1..=count).map(move |j| (i, j))) {
            for lag in self.cross_lags() {
                let before = match lag {
                    0 => "at the same point".to_owned(),
                    _ => format!("{} before", counted(lag, "point")),
                };
                names.push(format!("correlation of channel {j} with channel {i} {before}"));
                if lag > 0 {
                    names.push(format!("correlation of channel {i} with channel {j} {before}"));
                }
            }
        }
        names
    }

    /// Of one channel, in the order of [`own`](Self::own).
    fn names_of(&self, channel: &str) -> Vec<String> {
        let mut names: Vec<String> = ["mean", "log variance", "first value", "last value"]
            .map(|what| format!("{what}{channel}"))
            .into();
        for lag in self.lags() {
            names.push(format!("autocorrelation{channel} at lag {lag}"));
            if lag == 1 || self.is_detailed() {
                let over = counted(lag, "point");
                names.push(format!("log mean square of increments{channel} over {over}"));
            }
        }
        if self.gaps && self.regression.is_none() {
            let steps = ["log mean square of steps a point", "return to the mean a point"];
            names.extend(steps.map(|what| format!("{what}{channel}")));
        }
        if self.is_detailed() {
            names.extend(
                [
                    "trend",
                    "skewness",
                    "log kurtosis",
                    "dependence of steps on the squared level",
                    "dependence of steps on the cubed level",
                    "dependence of squared steps on the level",
                    "skewness of steps",
                ]
                .map(|what| format!("{what}{channel}")),
            );
        }
        names
    }

    pub fn apply(&self, x: &[f64], out: &mut Vec<f64>) {
        let width = self.channels.len();
        let scored = self.channels.iter().enumerate().map(|(index, channel)| {
            x.iter().skip(index).step_by(width).map(|v| channel.apply(*v)).collect::<Vec<f64>>()
        });
        let centred: Vec<Centred> = scored.map(Centred::of).collect();
        centred.iter().for_each(|channel| self.own(channel, out));
        if let Some(regression) = self.regression {
            let about = |c: &Centred| {
                let level = regression.about(c.mean);
                c.values.iter().map(|v| v + level).collect()
            };
            let values: Vec<Vec<f64>> = centred.iter().map(about).collect();
            regression.apply(&values, out);
            return;
        }
        for (i, first) in centred.iter().enumerate() {
            for second in &centred[i + 1..] {
                for lag in self.cross_lags() {
                    out.push(first.correlation(second, lag));
                    if lag > 0 {
                        out.push(second.correlation(first, lag));
                    }
                }
            }
        }
    }

    /// Statistics of one channel.
    fn own(&self, channel: &Centred, out: &mut Vec<f64>) {
        let Centred { mean: level, variance, values, .. } = channel;
        let ends = [values.iter().find(|v| is_present(v)), values.iter().rfind(|v| is_present(v))];
        let ends = ends.map(|v| level + v.unwrap_or(&0.0));
        out.extend([*level, channel.log_variance(), ends[0], ends[1]]);
        for lag in self.lags() {
            out.push(channel.correlation(channel, lag));
            // Those over one point have digits that correlations near 1 lack.
            if lag == 1 || self.is_detailed() {
                out.push(log_mean_square(present(channel.increments(lag))));
            }
        }
        if self.gaps && self.regression.is_none() {
            out.extend(channel.steps());
        }
        if !self.is_detailed() {
            return;
        }
        let middle = 0.5 * (values.len() - 1) as f64;
        let place = |t: usize| (t as f64 - middle) / (middle + 1.0);
        let trend = mean(present(values.iter().enumerate().map(|(t, v)| v * place(t))));
        let power = |k: i32| mean(present(values.iter().copied()).map(|v| v.powi(k)));
        let steps = || values.iter().zip(channel.increments(1)).filter(|(_, d)| is_present(d));
        let spread = variance.sqrt();
        out.extend([
            trend,
            ratio(power(3), variance * spread),
            match channel.count {
                0 | 1 => 0.0,
                _ => log_variance(power(4)) - 2.0 * log_variance(*variance),
            },
            // How steps, and their size, depend on where the series is.
            ratio(mean(steps().map(|(v, d)| d * v * v)), variance * spread),
            ratio(mean(steps().map(|(v, d)| d * v.powi(3))), variance * variance),
            ratio(mean(steps().map(|(v, d)| d * d * v)), variance * spread),
            ratio(mean(steps().map(|(_, d)| d.powi(3))), variance * spread),
        ]);
    }
}

#[cfg(test)]
mod tests;
