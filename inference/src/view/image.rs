//! Statistics of an image: level, spread and shape of its pixels' values, correlations and increments at
//! lags along both sides and diagonals, power over the length of waves, a coarse image, and how channels go
//! together.

mod plane;
mod spectrum;
#[cfg(test)]
mod tests;

use super::channel::Channel;
use super::quantile::{quantile, sorted};
use super::series::Detail;
use plane::{Lag, Plane};
use serde::{Deserialize, Serialize};
use spectrum::{log_powers, rings};

/// Lags, in pixels along a side or along both, as far as the shorter side is more than three times as long.
const ONE_LAG: [usize; 1] = [1];
const FEW_LAGS: [usize; 4] = [1, 2, 4, 8];
const MANY_LAGS: [usize; 10] = [1, 2, 3, 4, 6, 8, 12, 16, 32, 64];
const LEAST_REPEATS: usize = 3;
/// Quantiles of the pixels.
const LEVELS: [f64; 7] = [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99];
/// Blocks a side of a coarse image, where pixels are at least twice as many.
const PARTS: usize = 4;

/// An image, `[H, W, channels]` row after row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Image {
    /// Rows and columns of pixels.
    shape: [usize; 2],
    detail: Detail,
    /// Whether means of blocks come along.
    coarse: bool,
    channels: Vec<Channel>,
}

impl Image {
    /// Of rows of x, each of H × W × `channels` numbers.
    pub fn fit(
        x: &[f64],
        shape: [usize; 2],
        channels: usize,
        detail: Detail,
        coarse: bool,
    ) -> Self {
        Self { shape, detail, coarse, channels: Channel::each(x, channels) }
    }

    /// The same, its tails not drawn in; `None` where they are not.
    pub fn unmapped(&self, x: &[f64]) -> Option<Self> {
        let channels = Channel::each_unmapped(&self.channels, x)?;
        Some(Self { channels, ..self.clone() })
    }

    /// Rows and columns of pixels, and of how many numbers each.
    pub fn sizes(&self) -> ([usize; 2], usize) {
        (self.shape, self.channels.len())
    }

    pub fn is_whole(&self, columns: usize) -> bool {
        let pixels = self.shape[0].checked_mul(self.shape[1]);
        pixels.and_then(|pixels| pixels.checked_mul(self.channels.len())) == Some(columns)
            && columns > 0
            && self.channels.iter().all(Channel::is_whole)
    }

    fn is_detailed(&self) -> bool {
        self.detail == Detail::Many
    }

    fn parts(&self) -> Option<usize> {
        let long = self.shape.iter().all(|side| *side >= 2 * PARTS);
        (self.coarse && long).then_some(PARTS)
    }

    /// Along a side.
    fn steps(&self) -> impl Iterator<Item = usize> {
        let lags = match self.detail {
            Detail::Brief => &ONE_LAG[..],
            Detail::Few => &FEW_LAGS[..],
            Detail::Many => &MANY_LAGS[..],
        };
        let shorter = self.shape[0].min(self.shape[1]);
        lags.iter().copied().filter(move |lag| lag * LEAST_REPEATS < shorter)
    }

    /// Along columns, rows, and where there is more than the shortest one, both diagonals.
    fn lags(&self) -> Vec<Lag> {
        let along = |lag: usize| {
            let signed = lag as isize;
            let all = [(0, signed), (lag, 0), (lag, signed), (lag, -signed)];
            all.into_iter().take(if self.detail == Detail::Brief { 2 } else { 4 })
        };
        self.steps().flat_map(along).collect()
    }

    /// Whether the increments at a lag come along: those at the shortest ones have digits that correlations
    /// near 1 lack.
    fn has_increments(&self, (down, right): Lag) -> bool {
        self.is_detailed() || down.max(right.unsigned_abs()) == 1
    }

    /// Where one channel is compared with another.
    fn cross_lags(&self) -> &'static [Lag] {
        match self.detail {
            Detail::Brief => &[(0, 0)],
            _ => &[(0, 0), (0, 1), (1, 0)],
        }
    }

    pub fn outputs(&self) -> usize {
        let lags = self.lags();
        let increments = lags.iter().filter(|lag| self.has_increments(**lag)).count();
        let rings = rings(self.shape).len();
        let moments = match self.detail {
            Detail::Brief => 0,
            Detail::Few => 2,
            Detail::Many => 2 + rings + LEVELS.len(),
        };
        let blocks = self.parts().map_or(0, |parts| parts * parts);
        let own = 2 + lags.len() + increments + self.steps().count() + rings + moments + blocks;
        let pairs = self.channels.len() * (self.channels.len() - 1) / 2;
        own * self.channels.len() + pairs * (2 * self.cross_lags().len() - 1)
    }

    /// What each of them is, in the order of [`apply`](Self::apply).
    pub fn names(&self) -> Vec<String> {
        let count = self.channels.len();
        let mut names = Vec::new();
        for channel in 1..=count {
            let of = if count == 1 { String::new() } else { format!(" of channel {channel}") };
            names.extend(self.names_of(&of));
        }
        for (i, j) in (1..=count).flat_map(|i| (i + 1..=count).map(move |j| (i, j))) {
            let lags = self.cross_lags().iter().flat_map(|lag| match lag {
                (0, 0) => vec![(i, j, " at the same pixel".to_owned())],
                lag => vec![(i, j, away(*lag)), (j, i, away(*lag))],
            });
            names.extend(lags.map(|(first, second, at)| {
                format!("correlation of channel {first} with channel {second}{at}")
            }));
        }
        names
    }

    fn names_of(&self, of: &str) -> Vec<String> {
        let mut names: Vec<String> = ["mean", "log variance"].map(|w| format!("{w}{of}")).into();
        for lag in self.lags() {
            names.push(format!("autocorrelation{of}{}", away(lag)));
            if self.has_increments(lag) {
                names.push(format!("log mean square of differences{of}{}", away(lag)));
            }
        }
        names.extend(self.steps().map(|lag| {
            let over = freeform_simulators::counted(lag, "pixel");
            format!("log mean square of differences{of} over {over} along both sides")
        }));
        let waves = |what: &'static str| {
            let name = move |[from, to]: [f64; 2]| {
                format!("log power{of}{what} of {from:.1} to {to:.1} waves across")
            };
            rings(self.shape).into_iter().map(name)
        };
        names.extend(waves(""));
        if self.detail != Detail::Brief {
            names.extend(["skewness", "log kurtosis"].map(|what| format!("{what}{of}")));
        }
        if self.is_detailed() {
            names.extend(waves(" within its edges"));
            names.extend(LEVELS.map(|level| format!("{}% quantile{of}", (100.0 * level).round())));
        }
        if let Some(parts) = self.parts() {
            names.extend((0..parts * parts).map(|block| {
                let (row, column) = (block / parts + 1, block % parts + 1);
                format!("mean{of} of block {row}, {column} of {parts} × {parts}")
            }));
        }
        names
    }

    pub fn apply(&self, x: &[f64], out: &mut Vec<f64>) {
        let width = self.channels.len();
        let scored = self.channels.iter().enumerate().map(|(index, channel)| {
            x.iter().skip(index).step_by(width).map(|v| channel.apply(*v)).collect::<Vec<f64>>()
        });
        let planes: Vec<Plane> = scored.map(|values| Plane::of(values, self.shape)).collect();
        planes.iter().for_each(|plane| self.own(plane, out));
        for (i, first) in planes.iter().enumerate() {
            for second in &planes[i + 1..] {
                for lag in self.cross_lags() {
                    out.push(first.correlation(second, *lag));
                    if *lag != (0, 0) {
                        out.push(second.correlation(first, *lag));
                    }
                }
            }
        }
    }

    /// Statistics of one channel.
    fn own(&self, plane: &Plane, out: &mut Vec<f64>) {
        out.extend([plane.mean, plane.log_variance()]);
        for lag in self.lags() {
            out.push(plane.correlation(plane, lag));
            if self.has_increments(lag) {
                out.push(plane.increments(lag));
            }
        }
        out.extend(self.steps().map(|lag| plane.mixed(lag)));
        out.extend(log_powers(plane, false));
        if self.detail != Detail::Brief {
            out.extend(plane.shape_of_values());
        }
        if self.is_detailed() {
            out.extend(log_powers(plane, true));
            let sorted = sorted(plane.values.clone());
            out.extend(LEVELS.map(|level| plane.mean + quantile(&sorted, level)));
        }
        if let Some(parts) = self.parts() {
            out.extend(plane.blocks(parts));
        }
    }
}

/// In words, where one of two pixels is from the other.
fn away((down, right): Lag) -> String {
    let pixels = |n: usize| freeform_simulators::counted(n, "pixel");
    match (down, right) {
        (0, _) => format!(" {} to the right", pixels(right.unsigned_abs())),
        (_, 0) => format!(" {} below", pixels(down)),
        (_, 1..) => format!(" {} below and to the right", pixels(down)),
        _ => format!(" {} below and to the left", pixels(down)),
    }
}
