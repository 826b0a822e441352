//! A series as runs of a few neighbouring points, an image as small squares of pixels, a set as its trials.

use crate::view::channel::{Channel, log_variance, mean};
use crate::view::present::is_present;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// Windows of a row, at most: of longer ones some are passed over evenly.
const MOST_WINDOWS: usize = 256;
/// Farther out, in standard deviations, nothing is told apart.
const FARTHEST: f64 = 6.0;

/// What windows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// So many neighbouring points of a series.
    Runs(usize),
    /// Squares of neighbouring pixels of an image whose rows are so wide.
    Squares { side: usize, wide: usize },
    /// The trials of a set, which have no order.
    Trials,
}

/// How the numbers of x become windows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Windows {
    /// Points of a series, pixels of an image or trials of a set.
    points: usize,
    /// Points of a window; of an image, those of a side of it.
    width: usize,
    /// Pixels of a row of an image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wide: Option<usize>,
    channels: Vec<Channel>,
    /// Whether the points have no order, and are put in one.
    sorted: bool,
    /// Mean and standard deviation of the levels over the simulations: of each channel its mean and the logarithm
    /// of its variance.
    levels: Vec<[f64; 2]>,
}

/// A row of x.
pub(super) struct Row {
    /// The levels as scores.
    pub levels: Vec<f32>,
    /// Its numbers in units of the row's own mean and spread, `[points, channels]`; NaN where they are missing.
    pub scores: Vec<f32>,
}

impl Windows {
    /// Of rows of x, `[n, points · channels]`.
    pub fn fit<'a>(
        rows: impl Iterator<Item = &'a [f64]>,
        channels: Vec<Channel>,
        (points, kind): (usize, Kind),
    ) -> Self {
        let (width, wide) = match kind {
            Kind::Runs(width) => (width.min(points), None),
            Kind::Trials => (1, None),
            Kind::Squares { side, wide } => (side.min(wide).min(points / wide), Some(wide)),
        };
        let sorted = kind == Kind::Trials;
        let known = Self { points, width, wide, levels: Vec::new(), channels, sorted };
        let levels: Vec<Vec<f64>> = rows.map(|row| known.measured(row).0).collect();
        let of = |at: usize| {
            let values = || levels.iter().map(|level| level[at]);
            let n = levels.len().max(1) as f64;
            let mean = values().sum::<f64>() / n;
            let variance = values().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
            [mean, if variance > 0.0 { variance.sqrt() } else { 1.0 }]
        };
        Self { levels: (0..2 * known.channels.len()).map(of).collect(), ..known }
    }

    /// Numbers of a window.
    pub fn inputs(&self) -> usize {
        let rows = if self.wide.is_some() { self.width } else { 1 };
        rows * self.width * self.channels.len()
    }

    /// Numbers of the levels.
    pub fn level_inputs(&self) -> usize {
        2 * self.channels.len()
    }

    /// Windows of a row without gaps.
    pub fn count(&self) -> usize {
        self.starts().count()
    }

    /// The first point of each window.
    fn starts(&self) -> impl Iterator<Item = usize> + use<> {
        let along = |points: usize| points - self.width + 1;
        // Of a row of an image, or of all of x, and how many rows have any.
        let (across, down, wide) = match self.wide {
            None => (along(self.points), 1, 0),
            Some(wide) => (along(wide), along(self.points / wide), wide),
        };
        let all = across * down;
        let starts = (0..all).step_by(all.div_ceil(MOST_WINDOWS));
        starts.map(move |at| at / across * wide + at % across)
    }

    pub fn is_whole(&self, columns: usize) -> bool {
        let finite =
            |[mean, scale]: &[f64; 2]| mean.is_finite() && scale.is_finite() && *scale > 0.0;
        self.points.checked_mul(self.channels.len()) == Some(columns)
            && match self.wide {
                None => (1..=self.points).contains(&self.width),
                Some(0) => false,
                Some(wide) => {
                    self.points.is_multiple_of(wide)
                        && (1..=wide.min(self.points / wide)).contains(&self.width)
                }
            }
            && self.channels.iter().all(Channel::is_whole)
            && self.levels.len() == self.level_inputs()
            && self.levels.iter().all(finite)
    }

    /// A row's levels, and its numbers as scores of their channels.
    fn measured(&self, x: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let channels = self.channels.len();
        let score = |(at, value): (usize, &f64)| match is_present(value) {
            true => self.channels[at % channels].apply(*value),
            false => f64::NAN,
        };
        let mut scores: Vec<f64> = x.iter().enumerate().map(score).collect();
        if self.sorted {
            // Sums then round alike whatever order they came in.
            let mut trials: Vec<&[f64]> = scores.chunks_exact(channels).collect();
            let order = |a: &&[f64], b: &&[f64]| {
                let pairs = a.iter().zip(*b).map(|(a, b)| a.total_cmp(b));
                pairs.fold(Ordering::Equal, Ordering::then)
            };
            trials.sort_by(order);
            scores = trials.concat();
        }
        let levels = (0..channels).flat_map(|at| {
            let values =
                || scores.iter().skip(at).step_by(channels).copied().filter(|v| !v.is_nan());
            let centre = mean(values());
            [centre, log_variance(mean(values().map(|v| (v - centre).powi(2))))]
        });
        (levels.collect(), scores)
    }

    /// A row of x, ready to be cut.
    pub fn row(&self, x: &[f64]) -> Row {
        let (levels, scores) = self.measured(x);
        let channels = self.channels.len();
        let own = |(at, score): (usize, &f64)| {
            let [centre, log_variance] = [0, 1].map(|k| levels[2 * (at % channels) + k]);
            let value = (score - centre) * (-0.5 * log_variance).exp();
            // NaN stays.
            value.clamp(-FARTHEST, FARTHEST) as f32
        };
        let level = |(value, [mean, scale]): (&f64, &[f64; 2])| {
            ((value - mean) / scale).clamp(-FARTHEST, FARTHEST) as f32
        };
        Row {
            scores: scores.iter().enumerate().map(own).collect(),
            levels: levels.iter().zip(&self.levels).map(level).collect(),
        }
    }

    /// Appends the windows of a row that lack nothing; how many they are.
    pub fn cut(&self, row: &Row, out: &mut Vec<f32>) -> usize {
        let (channels, before) = (self.channels.len(), out.len());
        let rows = if self.wide.is_some() { self.width } else { 1 };
        let across = self.width * channels;
        for start in self.starts() {
            let from = out.len();
            for line in 0..rows {
                let first = (start + line * self.wide.unwrap_or(0)) * channels;
                out.extend_from_slice(&row.scores[first..][..across]);
            }
            if out[from..].iter().any(|v| v.is_nan()) {
                out.truncate(from);
            }
        }
        (out.len() - before) / self.inputs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(x: &[f64], channels: usize, width: usize) -> Windows {
        let columns = x.len() / 2;
        let channels = Channel::each(x, channels);
        let sizes = (columns / channels.len(), Kind::Runs(width));
        Windows::fit(x.chunks_exact(columns), channels, sizes)
    }

    /// Units and level of a row are in its levels alone; a window that lacks a number is left out.
    #[test]
    fn windows_are_of_each_rows_own_units() {
        let x = [0.0, 1.0, 3.0, 2.0, -1.0, 0.5, 2.5, 6.5, 4.5, -1.5];
        let cut = windows(&x, 1, 3);
        assert!(cut.is_whole(5) && !cut.is_whole(6));
        assert_eq!((cut.inputs(), cut.level_inputs(), cut.count()), (3, 2, 3));
        let rows = [cut.row(&x[..5]), cut.row(&x[5..])];
        for (a, b) in rows[0].scores.iter().zip(&rows[1].scores) {
            assert!((a - b).abs() < 1e-4, "{a} {b}");
        }
        // Two rows: one and minus one standard deviation.
        assert!(rows[0].levels.iter().all(|level| (level + 1.0).abs() < 1e-4));
        let mut out = Vec::new();
        assert_eq!(cut.cut(&rows[0], &mut out), 3);
        assert_eq!(out[..3], rows[0].scores[..3]);
        assert_eq!(out[6..], rows[0].scores[2..]);
        out.clear();
        assert_eq!(cut.cut(&cut.row(&[0.0, f64::NAN, 3.0, 2.0, -1.0]), &mut out), 1);
        // Points of two channels stay together, and trials of a set have no order.
        let pairs = windows(&x[..8], 2, 1);
        assert_eq!(pairs.inputs(), 2);
        let set = Windows { sorted: true, ..pairs };
        let [one, other] = [[0.0, 1.0, 3.0, 2.0], [3.0, 2.0, 0.0, 1.0]].map(|x| set.row(&x));
        assert_eq!((one.scores, one.levels), (other.scores, other.levels));
    }

    /// Squares of four pixels of three rows of four, the left upper one first.
    #[test]
    fn squares_are_of_neighbours_on_both_sides() {
        let x: Vec<f64> = (0..24).map(|at| f64::from(at % 12)).collect();
        let kind = Kind::Squares { side: 2, wide: 4 };
        let cut = Windows::fit(x.chunks_exact(12), Channel::each(&x, 1), (12, kind));
        assert!(cut.is_whole(12) && !cut.is_whole(24));
        assert_eq!((cut.inputs(), cut.count()), (4, 6));
        let row = cut.row(&x[..12]);
        let mut out = Vec::new();
        assert_eq!(cut.cut(&row, &mut out), 6);
        let places = |window: usize| {
            let place = |v: &f32| row.scores.iter().position(|score| score == v).unwrap();
            out[4 * window..][..4].iter().map(place).collect::<Vec<_>>()
        };
        assert_eq!(
            [0, 2, 3, 5].map(places),
            [[0, 1, 4, 5], [2, 3, 6, 7], [4, 5, 8, 9], [6, 7, 10, 11]]
        );
        // An image that is smaller than that is one square at most.
        let kind = Kind::Squares { side: 5, wide: 4 };
        let cut = Windows::fit(x.chunks_exact(12), Channel::each(&x, 1), (12, kind));
        assert_eq!((cut.inputs(), cut.count()), (9, 2));
    }
}
