//! One channel of an image: its scores without their mean.

use crate::view::channel::{log_mean_square, log_variance, mean, ratio};

/// Scores less their mean, `[H, W]` row after row.
pub(super) struct Plane {
    pub shape: [usize; 2],
    pub mean: f64,
    pub variance: f64,
    pub values: Vec<f64>,
}

/// From one pixel to another: rows down, columns to the right or, below 0, to the left.
pub(super) type Lag = (usize, isize);

impl Plane {
    pub fn of(mut values: Vec<f64>, shape: [usize; 2]) -> Self {
        let level = mean(values.iter().copied());
        values.iter_mut().for_each(|v| *v -= level);
        let variance = mean(values.iter().map(|v| v * v));
        Self { shape, mean: level, variance, values }
    }

    /// Values `lag` apart, of this plane and another; none where it leads out of both.
    fn pairs<'a>(&'a self, other: &'a Self, lag: Lag) -> impl Iterator<Item = (f64, f64)> + 'a {
        let [high, wide] = self.shape;
        let (down, right) = (lag.0.min(high), lag.1.unsigned_abs().min(wide));
        let (here, there) = if lag.1 < 0 { (right, 0) } else { (0, right) };
        (0..high - down).flat_map(move |row| {
            let first = &self.values[row * wide + here..][..wide - right];
            let second = &other.values[(row + down) * wide + there..][..wide - right];
            first.iter().copied().zip(second.iter().copied())
        })
    }

    /// The mean product with another plane `lag` away, in units of both spreads.
    pub fn correlation(&self, other: &Self, lag: Lag) -> f64 {
        let product = mean(self.pairs(other, lag).map(|(a, b)| a * b));
        ratio(product, (self.variance * other.variance).sqrt())
    }

    /// The log mean square of differences of values `lag` apart.
    pub fn increments(&self, lag: Lag) -> f64 {
        log_mean_square(self.pairs(self, lag).map(|(a, b)| b - a))
    }

    /// The log mean square of what is left of steps along both sides, `lag` each, where one is the same
    /// before and after the other: that of a pixel itself where neighbours nearly share their values.
    pub fn mixed(&self, lag: usize) -> f64 {
        let [high, wide] = self.shape;
        let rows = 0..high.saturating_sub(lag);
        let at = |row: usize, column: usize| self.values[row * wide + column];
        log_mean_square(rows.flat_map(|row| {
            (0..wide.saturating_sub(lag)).map(move |column| {
                let (below, right) = (row + lag, column + lag);
                at(row, column) - at(row, right) - at(below, column) + at(below, right)
            })
        }))
    }

    pub fn log_variance(&self) -> f64 {
        log_variance(self.variance)
    }

    /// Skewness and log kurtosis.
    pub fn shape_of_values(&self) -> [f64; 2] {
        let power = |k: i32| mean(self.values.iter().map(|v| v.powi(k)));
        let cubed = self.variance * self.variance.sqrt();
        [ratio(power(3), cubed), log_variance(power(4)) - 2.0 * log_variance(self.variance)]
    }

    /// Levels of the values, mean included, and means of blocks, `parts` a side: rows of blocks one after
    /// the other.
    pub fn blocks(&self, parts: usize) -> impl Iterator<Item = f64> + '_ {
        let [high, wide] = self.shape;
        let within = move |part: usize, side: usize| part * side / parts..(part + 1) * side / parts;
        (0..parts * parts).map(move |block| {
            let columns = within(block % parts, wide);
            let rows = within(block / parts, high);
            let values = rows.flat_map(|row| &self.values[row * wide..][columns.clone()]);
            self.mean + mean(values.copied())
        })
    }
}
