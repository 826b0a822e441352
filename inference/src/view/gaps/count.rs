//! What is counted of the gaps in x.

use crate::view::present::is_present;
use serde::{Deserialize, Serialize};

/// Parts of a series, and the fewest points that have any.
pub(super) const PARTS: usize = 4;
pub(super) const LEAST_POINTS: usize = 8;
/// Shares of the parts of a series are told where they vary so many times more than by chance.
const MORE_THAN_CHANCE: f64 = 2.0;

/// What the numbers of x are to each other, as far as gaps go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Structure {
    /// Each for itself.
    Vector,
    /// Points of so many numbers.
    Series(usize),
    /// Trials of so many numbers, of which there may be any number.
    Set(usize),
}

/// Something that is counted of the gaps in x.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Count {
    /// Numbers, points or trials that are there.
    Present,
    /// Those where this channel is (from 0).
    Channel(usize),
    /// The first point that is there, and the last (from 0).
    First,
    Last,
    /// Points of a part of the series, between the first and the last, that are there, in percent.
    Part(usize),
}

impl Structure {
    pub(super) fn channels(self) -> usize {
        match self {
            Self::Vector => 1,
            Self::Series(channels) | Self::Set(channels) => channels,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Vector => "number",
            Self::Series(_) => "point",
            Self::Set(_) => "trial",
        }
    }
}

impl Count {
    /// Of an x of this structure.
    pub fn of(self, structure: Structure, x: &[f64]) -> f64 {
        let channels = structure.channels();
        let there = |point: &[f64]| point.iter().any(is_present);
        let points = || x.chunks_exact(channels);
        let (first, last) = (points().position(there), points().rposition(there));
        let (first, last) = (first.unwrap_or(0), last.unwrap_or(0));
        let count = |found: usize| found as f64;
        match self {
            Self::Present => count(points().filter(|p| there(p)).count()),
            Self::Channel(channel) => count(points().filter(|p| is_present(&p[channel])).count()),
            Self::First => count(first),
            Self::Last => count(last),
            Self::Part(part) => {
                let points_of = |part: usize| part * (x.len() / channels) / PARTS;
                let (from, to) = (points_of(part).max(first), points_of(part + 1).min(last + 1));
                if from >= to {
                    return 100.0;
                }
                let there = points().take(to).skip(from).filter(|p| there(p)).count();
                100.0 * count(there) / count(to - from)
            }
        }
    }

    /// As the networks are given it, for x of so many points.
    pub fn shown(self, value: f64, points: usize) -> f64 {
        match self {
            // Widths go as powers of it.
            Self::Present | Self::Channel(_) => value.max(0.5).ln(),
            Self::First | Self::Last => value / points as f64,
            Self::Part(_) => value / 100.0,
        }
    }

    /// The same, where the number that was counted stands for all around it.
    pub fn spread(self, shown: f64, points: usize, by: f64) -> f64 {
        match self {
            Self::Present | Self::Channel(_) => (shown.exp() + by).max(0.25).ln(),
            Self::First | Self::Last => shown + by / points as f64,
            Self::Part(_) => shown + by * PARTS as f64 / points as f64,
        }
    }

    pub fn name(self, what: &str) -> String {
        match self {
            Self::Present => format!("log number of {what}s present"),
            Self::Channel(channel) => {
                format!("log number of {what}s with channel {}", channel + 1)
            }
            Self::First => format!("first {what} present"),
            Self::Last => format!("last {what} present"),
            Self::Part(part) => format!("share present in part {} of {PARTS}", part + 1),
        }
    }
}

pub(super) fn deviation(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt()
}

/// Whether percentages of so many points vary more than if each were there by chance.
pub(super) fn more_than_chance(percent: &[f64], points: usize) -> bool {
    let mean = percent.iter().sum::<f64>() / percent.len() as f64 / 100.0;
    let by_chance = mean * (1.0 - mean) / points.max(1) as f64;
    let found = (deviation(percent) / 100.0).powi(2);
    found > MORE_THAN_CHANCE * by_chance + 1e-12
}
