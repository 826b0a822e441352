//! Posterior predictive checks (Rubin 1984; Gelman, Meng, Stern 1996): does the simulator, at the
//! posterior's parameters, give data like those observed?

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

/// One number of the observation among what the simulator gives at posterior draws.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColumnPrediction {
    /// Column of x, from 1.
    pub column: usize,
    /// What was observed.
    pub observed: f64,
    /// Median of the simulations.
    pub median: f64,
    /// 5% and 95% quantiles of the simulations.
    pub interval: (f64, f64),
    /// Two-sided tail probability of the observed value: twice the smaller share of simulations on
    /// one side of it (ties count half), at most 1.
    pub p_value: f64,
}

/// An observation among simulations at posterior draws.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Predictive {
    /// Simulations.
    pub simulations: usize,
    /// Columns in which all of them agree, which are not looked at where the observation agrees too.
    pub constant: usize,
    /// Every other column, the most surprising first.
    pub columns: Vec<ColumnPrediction>,
    /// The share of simulations, the observation counted in, that stick out at least as far in some
    /// column: of the distances from a column's median in units of its 90% interval, the largest one
    /// counts. Since the posterior has seen the observation it is larger than chance alone would have
    /// it: a small one is telling, a large one says little.
    pub p_value: f64,
}

impl Predictive {
    /// Of simulations `[n, C]` and an observation `[C]`.
    #[must_use]
    pub fn of(simulated: ArrayView2<'_, f64>, observed: &[f64]) -> Self {
        let n = simulated.nrows();
        let (mut columns, mut constant) = (Vec::new(), 0);
        let (mut farthest, mut own) = (vec![0.0_f64; n], 0.0_f64);
        for (index, (column, &value)) in simulated.columns().into_iter().zip(observed).enumerate() {
            let mut sorted = column.to_vec();
            sorted.sort_by(f64::total_cmp);
            if sorted.iter().all(|v| *v == value) {
                constant += 1;
                continue;
            }
            let below = sorted.iter().filter(|v| **v < value).count() as f64;
            let equal = sorted.iter().filter(|v| **v == value).count() as f64;
            let share = (below + 0.5 * equal + 0.5) / (n as f64 + 1.0);
            let quantile = |p: f64| sorted[(p * (n as f64 - 1.0)).round() as usize];
            let (median, interval) = (quantile(0.5), (quantile(0.05), quantile(0.95)));
            let width = (interval.1 - interval.0).max(f64::MIN_POSITIVE);
            let distance = |value: f64| (value - median).abs() / width;
            farthest.iter_mut().zip(column).for_each(|(far, v)| *far = far.max(distance(*v)));
            own = own.max(distance(value));
            columns.push(ColumnPrediction {
                column: index + 1,
                observed: value,
                median,
                interval,
                p_value: (2.0 * share.min(1.0 - share)).min(1.0),
            });
        }
        columns.sort_by(|a, b| a.p_value.total_cmp(&b.p_value));
        let farther = farthest.iter().filter(|far| **far >= own).count();
        let p_value = (farther as f64 + 1.0) / (n as f64 + 1.0);
        Self { simulations: n, constant, columns, p_value }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn surprise_is_counted_column_by_column() {
        // 0, 1, …, 98 in the first column, a constant in the second, a mirror image in the third.
        let simulated = Array2::from_shape_fn((99, 3), |(i, j)| [i as f64, 7.0, -(i as f64)][j]);
        let found = Predictive::of(simulated.view(), &[49.0, 7.0, -98.0]);
        assert_eq!((found.simulations, found.constant, found.columns.len()), (99, 1, 2));
        assert_eq!(found.columns[0].column, 3);
        // One equal, none below: (½ + ½)/100 on one side.
        assert!((found.columns[0].p_value - 0.02).abs() < 1e-12);
        assert!((found.columns[1].p_value - 1.0).abs() < 1e-12);
        // As far out as the last simulation and the first, in either column.
        assert!((found.p_value - 0.03).abs() < 1e-12);
        assert_eq!(found.columns[1].interval, (5.0, 93.0));
        // A constant column that the observation differs in is looked at.
        let other = Predictive::of(simulated.view(), &[49.0, 8.0, -10.0]);
        assert_eq!((other.constant, other.columns[0].column), (0, 2));
        assert!((other.p_value - 0.01).abs() < 1e-12);
    }
}
