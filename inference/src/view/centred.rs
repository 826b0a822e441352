//! One channel of a series about its mean.

use super::channel::{log_mean_square, log_variance, mean, ratio};
use super::present::{is_present, present};

/// A channel's scores without their mean, NaN where there are none.
pub(super) struct Centred {
    pub mean: f64,
    pub variance: f64,
    /// How many there are.
    pub count: usize,
    pub values: Vec<f64>,
}

impl Centred {
    pub fn of(mut values: Vec<f64>) -> Self {
        let level = mean(present(values.iter().copied()));
        values.iter_mut().for_each(|v| *v -= level);
        let count = values.iter().filter(|v| is_present(v)).count();
        let variance = mean(present(values.iter().map(|v| v * v)));
        Self { mean: level, variance, count, values }
    }

    /// That of one point says nothing.
    pub fn log_variance(&self) -> f64 {
        if self.count > 1 { log_variance(self.variance) } else { 0.0 }
    }

    /// Over the steps from each point that is there to the next, d points later: the log mean of their
    /// squares over d, which every step of a random walk has alike, and the mean product of a step and
    /// the value before it over that of d and its square, the pull of what returns to its mean.
    pub fn steps(&self) -> [f64; 2] {
        let there = self.values.iter().enumerate().filter(|(_, v)| is_present(v));
        let there: Vec<(usize, f64)> = there.map(|(t, v)| (t, *v)).collect();
        let steps = || {
            there.windows(2).map(|pair| {
                let [(from, before), (to, after)] = [pair[0], pair[1]];
                ((to - from) as f64, before, after - before)
            })
        };
        let square = log_mean_square(steps().map(|(d, _, step)| step / d.sqrt()));
        let pull = mean(steps().map(|(_, before, step)| before * step));
        [square, ratio(pull, mean(steps().map(|(d, before, _)| d * before * before)))]
    }

    /// NaN where one of the two points is missing.
    pub fn increments(&self, lag: usize) -> impl Iterator<Item = f64> {
        self.values.iter().zip(&self.values[lag.min(self.values.len())..]).map(|(a, b)| b - a)
    }

    /// The mean product with another channel `lag` points later, in units of both spreads.
    pub fn correlation(&self, later: &Self, lag: usize) -> f64 {
        let pairs = self.values.iter().zip(&later.values[lag.min(later.values.len())..]);
        ratio(mean(present(pairs.map(|(a, b)| a * b))), (self.variance * later.variance).sqrt())
    }
}
