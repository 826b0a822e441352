//! What single precision holds, for every place that has to know.

use ndarray::ArrayView2;

/// Share of a column's standard deviation that rounding may move a number by.
const TOLERANCE: f64 = 1e-3;

/// The columns of `table` (from 0, ascending) that single precision does not hold: where rounding
/// moves a number by more than a thousandth of the column's standard deviation, or makes one
/// infinite, zero or subnormal. Numbers that are not finite are passed over.
#[must_use]
pub fn beyond_single_precision(table: ArrayView2<'_, f64>) -> Vec<usize> {
    let mut columns = vec![Column::default(); table.ncols()];
    for row in table.rows() {
        columns.iter_mut().zip(row).for_each(|(column, value)| column.take(*value));
    }
    (0..columns.len()).filter(|&index| !columns[index].is_held()).collect()
}

/// What there is to know of a column, from one look at each number.
#[derive(Clone, Debug, Default)]
struct Column {
    count: f64,
    /// Sums are of differences from it, which keeps their digits.
    origin: f64,
    sum: f64,
    squares: f64,
    /// Largest error of rounding.
    error: f64,
    beyond: bool,
}

impl Column {
    fn take(&mut self, value: f64) {
        if !value.is_finite() {
            return;
        }
        if self.count == 0.0 {
            self.origin = value;
        }
        let single = value as f32;
        self.beyond |= !single.is_finite() || (value != 0.0 && !single.is_normal());
        self.error = self.error.max((value - f64::from(single)).abs());
        let difference = value - self.origin;
        self.count += 1.0;
        self.sum += difference;
        self.squares += difference * difference;
    }

    fn is_held(&self) -> bool {
        if self.beyond || self.error == 0.0 {
            return !self.beyond;
        }
        let variance = self.squares / self.count - (self.sum / self.count).powi(2);
        self.error <= TOLERANCE * variance.max(0.0).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn columns_that_lose_more_than_a_thousandth_of_their_spread_are_named() {
        // 100 values evenly spread around an origin: the standard deviation is 0.289 widths.
        let spread = |origin: f64, width: f64| move |i: usize| origin + width * i as f64 / 99.0;
        type Rule = Box<dyn Fn(usize) -> f64>;
        let columns: [(Rule, bool); 9] = [
            (Box::new(spread(0.1, 1.0)), true),
            // Half a step of single precision at 1e4 is 4.9e-4: just below, and above, a thousandth.
            (Box::new(spread(10_000.0, 2.0)), true),
            (Box::new(spread(10_000.0, 1.0)), false),
            (Box::new(spread(2.46e6, 0.05)), false),
            (Box::new(spread(0.0, 1e-40)), false),
            (Box::new(spread(0.0, 1e300)), false),
            // Exact, however large.
            (Box::new(|i| 16_777_216.0 + 2.0 * (i % 2) as f64), true),
            (Box::new(|_| 0.1), false),
            (Box::new(|i| if i == 3 { f64::NAN } else { i as f64 / 7.0 }), true),
        ];
        let table = Array2::from_shape_fn((100, 9), |(i, j)| columns[j].0(i));
        let expected: Vec<usize> = (0..9).filter(|&j| !columns[j].1).collect();
        assert_eq!(beyond_single_precision(table.view()), expected);
    }
}
