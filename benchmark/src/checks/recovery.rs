//! How well parameters are found again: contraction and z-scores (Betancourt 2018, "Towards a principled
//! Bayesian workflow"; Schad, Betancourt, Vasishth 2021), and the correlation of estimate and truth.

use serde::{Deserialize, Serialize};

/// The share of a normal law within one standard deviation.
const WITHIN_ONE: f64 = 0.682_689_5;

/// One parameter over fresh simulations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recovery {
    /// 1 − mean posterior variance / variance of the true values: 0 where nothing is learnt, 1 where
    /// all is.
    pub contraction: f64,
    /// Median of z = (posterior mean − truth) / posterior standard deviation: about 0.
    pub z_median: f64,
    /// The |z| that 68.3% of the simulations stay below: 1 for normal posteriors, more where the
    /// posterior is too narrow.
    pub z_spread: f64,
    /// Simulations whose posterior draws are all equal: a few points repeated, which have no z.
    pub collapsed: usize,
    /// Correlation of posterior mean and truth.
    pub correlation: f64,
    /// Root of the mean square of posterior mean − truth, in the parameter's unit.
    pub error: f64,
}

impl Recovery {
    /// From the posterior's mean and standard deviation and the truth, for each simulation; `None`
    /// where there are fewer than three, or the truths are all equal.
    #[must_use]
    pub fn of(posterior: &[(f64, f64)], truths: &[f64]) -> Option<Self> {
        let n = truths.len() as f64;
        if truths.len() < 3 || posterior.len() != truths.len() {
            return None;
        }
        let mean = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / n;
        let centre = mean(&mut truths.iter().copied());
        let variance = mean(&mut truths.iter().map(|t| (t - centre).powi(2))) * n / (n - 1.0);
        if variance <= 0.0 {
            return None;
        }
        let middle = mean(&mut posterior.iter().map(|(m, _)| *m));
        let pairs = || posterior.iter().zip(truths);
        let covariance = mean(&mut pairs().map(|((m, _), t)| (m - middle) * (t - centre)));
        let spread = mean(&mut posterior.iter().map(|(m, _)| (m - middle).powi(2)));
        let wide = pairs().filter(|((_, s), _)| *s > 0.0);
        let mut z: Vec<f64> = wide.map(|((m, s), t)| (m - t) / s).collect();
        let collapsed = truths.len() - z.len();
        z.sort_by(f64::total_cmp);
        let mut sizes: Vec<f64> = z.iter().map(|z| z.abs()).collect();
        sizes.sort_by(f64::total_cmp);
        let at = |sorted: &[f64], share: f64| {
            let place = share * sorted.len().saturating_sub(1) as f64;
            sorted.get(place.round() as usize).copied().unwrap_or(0.0)
        };
        let scale = (spread * variance * (n - 1.0) / n).sqrt();
        Some(Self {
            contraction: 1.0 - mean(&mut posterior.iter().map(|(_, s)| s * s)) / variance,
            z_median: at(&z, 0.5),
            z_spread: at(&sizes, WITHIN_ONE),
            collapsed,
            correlation: if scale > 0.0 { covariance / scale } else { 0.0 },
            error: mean(&mut pairs().map(|((m, _), t)| (m - t).powi(2))).sqrt(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::stream;
    use rand_distr::{Distribution, StandardNormal};

    /// θ ~ N(0, 1), x = θ + N(0, σ²): the posterior is N(x/(1+σ²), σ²/(1+σ²)).
    #[test]
    fn a_normal_mean_is_found_as_the_closed_form_says() {
        let mut rng = stream(2, "test", 0);
        let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
        let s2 = 0.25 / 1.25_f64;
        let pairs: Vec<(f64, f64)> = (0..20_000)
            .map(|_| {
                let theta = normal();
                (theta, (theta + 0.5 * normal()) / 1.25)
            })
            .collect();
        let truths: Vec<f64> = pairs.iter().map(|p| p.0).collect();
        let of = |shift: f64, width: f64| {
            let posterior: Vec<_> =
                pairs.iter().map(|p| (p.1 + shift, width * s2.sqrt())).collect();
            Recovery::of(&posterior, &truths).unwrap()
        };
        let right = of(0.0, 1.0);
        let near =
            |found: f64, exact: f64| assert!((found - exact).abs() < 0.04, "{found} {exact}");
        near(right.contraction, 1.0 - s2);
        near(right.z_median, 0.0);
        near(right.z_spread, 1.0);
        near(right.correlation, (1.0 - s2).sqrt());
        near(right.error, s2.sqrt());
        near(of(0.5, 1.0).z_median, 0.5 / s2.sqrt());
        near(of(0.0, 0.5).z_spread, 2.0);
        assert_eq!(Recovery::of(&[(0.0, 1.0); 5], &[2.0; 5]), None);
        // Draws that are all equal have no z, and spoil no other's.
        let few = Recovery::of(&[(1.0, 0.0), (1.0, 0.5), (2.0, 0.5)], &[0.0, 0.5, 1.5]).unwrap();
        assert_eq!((few.collapsed, few.z_median, few.z_spread), (1, 1.0, 1.0));
    }
}
