//! One column's shape: a monotone map that takes skew and heavy tails out of simulated data.

use serde::{Deserialize, Serialize};

/// Nats per row that a map must gain over none: less is noise, and none is easier to explain.
const LEAST_GAIN: f64 = 0.05;

/// What Anscombe adds to a count.
const ANSCOMBE: f64 = 0.375;

/// A strictly increasing map of R onto an interval, smooth to first order.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "map", rename_all = "lowercase", deny_unknown_fields)]
pub enum ColumnMap {
    /// x.
    Identity,
    /// log x; below `floor` (far below all that was simulated) on along its tangent.
    Log {
        /// Where the tangent takes over.
        floor: f64,
    },
    /// log(1 + x / unit) where zeros occur, as for counts (unit 1); below 0 on along its tangent.
    Log1p {
        /// The least positive value simulated.
        unit: f64,
    },
    /// 2 √(x + 3/8), whose standard deviation is nearly 1 for any Poisson law (Anscombe 1948); below 0 on along
    /// its tangent. For counts, as a target.
    Root,
    /// asinh((x − center) / scale): linear in the middle, logarithmic in both tails.
    Asinh {
        /// Median.
        center: f64,
        /// Half the interquartile range.
        scale: f64,
    },
}

impl ColumnMap {
    /// The map under which `values` are most like a Gaussian: the one with the largest Gaussian
    /// likelihood, its slope counted in (Box and Cox 1964), or the identity where none gains much, or
    /// there are no values.
    #[must_use]
    pub fn fit(values: &mut [f64]) -> Self {
        if values.is_empty() {
            return Self::Identity;
        }
        values.sort_unstable_by(f64::total_cmp);
        let [least, most] = [values[0], values[values.len() - 1]];
        let quantile = |share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
        let scale = 0.5 * (quantile(0.75) - quantile(0.25));
        let mut maps = Vec::new();
        if least > 0.0 {
            maps.push(Self::Log { floor: (0.1 * least).max(f64::MIN_POSITIVE) });
        }
        if least == 0.0 && most > 0.0 {
            let unit = *values.iter().find(|v| **v > 0.0).unwrap_or(&1.0);
            maps.push(Self::Log1p { unit });
        }
        if scale > 0.0 {
            maps.push(Self::Asinh { center: quantile(0.5), scale });
        }
        let mut best = (Self::Identity, Self::Identity.log_likelihood(values) + LEAST_GAIN);
        for map in maps {
            let likelihood = map.log_likelihood(values);
            if likelihood > best.1 {
                best = (map, likelihood);
            }
        }
        best.0
    }

    /// Whether its numbers make a map.
    #[must_use]
    pub fn is_whole(self) -> bool {
        let positive = |v: f64| v.is_finite() && v > 0.0;
        match self {
            Self::Identity | Self::Root => true,
            Self::Log { floor } => positive(floor),
            Self::Log1p { unit } => positive(unit),
            Self::Asinh { center, scale } => center.is_finite() && positive(scale),
        }
    }

    /// The mapped value.
    #[must_use]
    pub fn apply(self, x: f64) -> f64 {
        match self {
            Self::Identity => x,
            Self::Log { floor } if x < floor => floor.ln() + (x - floor) / floor,
            Self::Log { .. } => x.ln(),
            Self::Log1p { unit } if x < 0.0 => x / unit,
            Self::Log1p { unit } => (x / unit).ln_1p(),
            Self::Root => 2.0 * (x.max(0.0) + ANSCOMBE).sqrt() + x.min(0.0) / ANSCOMBE.sqrt(),
            Self::Asinh { center, scale } => {
                ((x - center) / scale).clamp(f64::MIN, f64::MAX).asinh()
            }
        }
    }

    /// log of the map's slope at a simulated value.
    #[must_use]
    pub fn log_slope(self, x: f64) -> f64 {
        match self {
            Self::Identity => 0.0,
            Self::Log { floor } => -x.max(floor).ln(),
            Self::Log1p { unit } => -(unit + x.max(0.0)).ln(),
            Self::Root => -0.5 * (x.max(0.0) + ANSCOMBE).ln(),
            Self::Asinh { center, scale } => -(scale.hypot(x - center)).ln(),
        }
    }

    /// Mean Gaussian log-likelihood at the best mean and variance, up to a constant.
    fn log_likelihood(self, values: &[f64]) -> f64 {
        let n = values.len() as f64;
        let (mut sum, mut squares, mut slopes) = (0.0, 0.0, 0.0);
        // Shifted by one value, so that the variance keeps its digits.
        let origin = self.apply(values[values.len() / 2]);
        // Sorted, so an end lies farthest; in units of it no square over- or underflows. A power of
        // two leaves all digits as they are.
        let ends = [values[0], values[values.len() - 1]].map(|x| (self.apply(x) - origin).abs());
        let farthest = ends[0].max(ends[1]);
        let unit = 2_f64.powi(farthest.max(f64::MIN_POSITIVE).log2() as i32);
        for &x in values {
            let y = (self.apply(x) - origin) / unit;
            sum += y;
            squares += y * y;
            slopes += self.log_slope(x);
        }
        let variance = squares / n - (sum / n).powi(2);
        if variance > 0.0 {
            slopes / n - 0.5 * variance.ln() - unit.ln()
        } else {
            f64::NEG_INFINITY
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Quantiles of the standard logistic, a symmetric law with nearly Gaussian tails.
    fn logistic() -> Vec<f64> {
        (1..2000).map(|i| f64::from(i) / 2000.0).map(|p| (p / (1.0 - p)).ln()).collect()
    }

    #[test]
    fn the_law_decides() {
        assert_eq!(ColumnMap::fit(&mut logistic()), ColumnMap::Identity);
        let mut skewed: Vec<f64> = logistic().iter().map(|v| v.exp()).collect();
        assert!(matches!(ColumnMap::fit(&mut skewed), ColumnMap::Log { .. }));
        let mut counts: Vec<f64> = logistic().iter().map(|v| (2.0 * v).exp().floor()).collect();
        assert_eq!(ColumnMap::fit(&mut counts), ColumnMap::Log1p { unit: 1.0 });
        let mut heavy: Vec<f64> = logistic().iter().map(|v| (2.0 * v).sinh() - 40.0).collect();
        assert!(matches!(ColumnMap::fit(&mut heavy), ColumnMap::Asinh { .. }));
        assert_eq!(ColumnMap::fit(&mut [7.0; 20]), ColumnMap::Identity);
        assert_eq!(ColumnMap::fit(&mut []), ColumnMap::Identity);
    }

    /// Anscombe's expansion: the variance is 1 + 1/(16 λ²) and terms of higher order.
    #[test]
    fn roots_of_counts_have_one_variance() {
        for (rate, off) in [(2.0_f64, 0.12), (5.0, 0.02), (50.0, 1e-3), (400.0, 1e-4)] {
            let (mut log_share, mut moments) = (-rate, [0.0; 3]);
            for k in 0..1000 {
                let (share, root) = (log_share.exp(), ColumnMap::Root.apply(f64::from(k)));
                [1.0, root, root * root]
                    .iter()
                    .zip(&mut moments)
                    .for_each(|(v, m)| *m += share * v);
                log_share += rate.ln() - f64::from(k + 1).ln();
            }
            let variance = moments[2] - moments[1].powi(2);
            assert!((moments[0] - 1.0).abs() < 1e-12 && (variance - 1.0).abs() < off, "{variance}");
        }
    }

    #[test]
    fn slopes_are_those_of_finite_differences_and_maps_go_on_below() {
        let maps = [
            ColumnMap::Identity,
            ColumnMap::Log { floor: 0.2 },
            ColumnMap::Log1p { unit: 0.3 },
            ColumnMap::Root,
            ColumnMap::Asinh { center: 0.4, scale: 2.0 },
        ];
        let h = 1e-6;
        for map in maps {
            for x in [0.25, 1.0, 70.0] {
                let slope = (map.apply(x + h) - map.apply(x - h)) / (2.0 * h);
                assert!((slope.ln() - map.log_slope(x)).abs() < 1e-6, "{map:?} at {x}");
            }
            // An observation may lie where nothing was simulated.
            let mut last = f64::NEG_INFINITY;
            for x in [-1e9, -3.0, -0.1, 0.0, 0.1, 0.2, 0.21, 5.0] {
                assert!(map.apply(x).is_finite() && map.apply(x) > last, "{map:?} at {x}");
                last = map.apply(x);
            }
        }
    }
}
