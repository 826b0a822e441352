//! Statistics of a series: level and spread, autocovariances and increments at several lags, the ends,
//! and how channels go together.

use super::centred::Centred;
use super::channel::{Channel, log_mean_square, log_variance, mean, ratio};
use super::present::{is_present, present};
use freeform_simulators::counted;
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
    /// Whether points are missing in some: steps from each that is there to the next come along.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    gaps: bool,
}

impl Series {
    /// Of rows of x, each of T × `channels` numbers.
    pub fn fit(x: &[f64], columns: usize, channels: usize, detail: Detail) -> Self {
        let (points, gaps) = (columns / channels, !x.iter().all(is_present));
        Self { points, detail, channels: Channel::each(x, channels), gaps }
    }

    /// The same, its tails not drawn in; `None` where they are not.
    pub fn unmapped(&self, x: &[f64]) -> Option<Self> {
        let channels = Channel::each_unmapped(&self.channels, x)?;
        Some(Self { channels, ..self.clone() })
    }

    /// How many points, and of how many numbers each.
    pub fn sizes(&self) -> (usize, usize) {
        (self.points, self.channels.len())
    }

    pub fn is_whole(&self, columns: usize) -> bool {
        self.points.checked_mul(self.channels.len()) == Some(columns)
            && columns > 0
            && self.channels.iter().all(Channel::is_whole)
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
        lags.iter().copied().filter(|lag| lag * LEAST_REPEATS < self.points)
    }

    fn cross_lags(&self) -> impl Iterator<Item = usize> {
        CROSS_LAGS.into_iter().filter(|lag| lag * LEAST_REPEATS < self.points)
    }

    pub fn outputs(&self) -> usize {
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
        if self.gaps {
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
        if self.gaps {
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
mod tests {
    use super::*;

    /// Of x_t = (−1)^t around 5, in scores ±1: no trend, correlation −1 at odd and 1 at even lags,
    /// increments of 2 and 0.
    #[test]
    fn statistics_of_an_alternating_series() {
        let x: Vec<f64> = (0..40).map(|t| if t % 2 == 0 { 6.0 } else { 4.0 }).collect();
        let series = Series::fit(&x, 40, 1, Detail::Few);
        let mut out = Vec::new();
        series.apply(&x, &mut out);
        assert_eq!(out.len(), series.outputs());
        assert!(series.is_whole(40) && !series.is_whole(41));
        // Level, spread, ends; then lags 1, 2, 4, 8.
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} {b}");
        [0.0, 0.0, 1.0, -1.0].into_iter().zip(&out).for_each(|(a, b)| near(a, *b));
        near(out[4], -1.0);
        near(out[5], 4_f64.ln());
        near(out[6], 1.0);
        near(out[7], 1.0);
        near(out[8], 1.0);
        assert_eq!(out.len(), 9);
    }

    /// The second channel is the first one a point later.
    #[test]
    fn channels_are_compared_at_lags() {
        let wave = |t: i32| (1.3 * f64::from(t)).sin();
        let x: Vec<f64> = (0..200).flat_map(|t| [wave(t), 10.0 + wave(t - 1)]).collect();
        let series = Series::fit(&x, 400, 2, Detail::Many);
        let mut out = Vec::new();
        series.apply(&x, &mut out);
        assert_eq!(out.len(), series.outputs());
        // Lag 0, lag 1 (first leads, second leads), lag 4 both ways.
        let cross = &out[out.len() - 5..];
        assert!((cross[0] - 1.3_f64.cos()).abs() < 0.02, "{cross:?}");
        assert!((cross[1] - 1.0).abs() < 0.02, "{cross:?}");
        assert!((cross[2] - 2.6_f64.cos()).abs() < 0.02, "{cross:?}");
    }

    /// Of scores 0, 1, none, 3 less their mean: steps of 1 and, two points on, of 2.
    #[test]
    fn steps_over_gaps_are_those_of_a_point() {
        let x = [-1.0, 0.0, f64::NAN, 2.0];
        let series = Series::fit(&x, 4, 1, Detail::Brief);
        let scores = x.map(|v| series.channels[0].apply(v));
        let centred = Centred::of(scores.to_vec());
        let [a, b, _, d] = [0, 1, 2, 3].map(|t| centred.values[t]);
        let square = 0.5 * ((b - a).powi(2) + 0.5 * (d - b).powi(2));
        let pull = (a * (b - a) + b * (d - b)) / (a * a + 2.0 * b * b);
        let mut out = Vec::new();
        series.apply(&x, &mut out);
        assert_eq!(out.len(), series.outputs());
        assert_eq!(out.len(), series.names().len());
        let [found, level] = [out[out.len() - 2], out[out.len() - 1]];
        assert!((found - square.ln()).abs() < 1e-9, "{found} {}", square.ln());
        assert!((level - pull).abs() < 1e-9, "{level} {pull}");
        // A single point, and none at all.
        for x in [[1.0, f64::NAN, f64::NAN, f64::NAN], [f64::NAN; 4]] {
            for detail in [Detail::Brief, Detail::Few, Detail::Many] {
                let series = Series { detail, ..series.clone() };
                let mut out = Vec::new();
                series.apply(&x, &mut out);
                assert!(out.len() == series.outputs() && out.iter().all(|v| v.is_finite()));
            }
        }
    }

    #[test]
    fn constant_and_short_series_have_finite_statistics() {
        for x in [vec![3.0; 12], vec![1.0], vec![1.0, 2.0], vec![1e300, -1e300, 0.0]] {
            for detail in [Detail::Brief, Detail::Few, Detail::Many] {
                let series = Series::fit(&x, x.len(), 1, detail);
                let mut out = Vec::new();
                series.apply(&x, &mut out);
                assert_eq!(out.len(), series.outputs());
                assert!(out.iter().all(|v| v.is_finite()), "{x:?}: {out:?}");
            }
        }
    }
}
