//! How well parameters are found again: contraction and z-scores (Betancourt 2018, "Towards a principled
//! Bayesian workflow"; Schad, Betancourt, Vasishth 2021), and the correlation of estimate and truth.

use serde::{Deserialize, Serialize};

/// One parameter over fresh simulations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recovery {
    /// 1 − mean posterior variance / variance of the true values: 0 where nothing is learnt, 1 where
    /// all is.
    pub contraction: f64,
    /// Mean of z = (posterior mean − truth) / posterior standard deviation; 0 in expectation.
    pub z_mean: f64,
    /// Root of the mean square of z; 1 in expectation, above where the posterior is too narrow.
    pub z_spread: f64,
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
        // A standard deviation of 0 is one of few draws repeated.
        let z = |((m, s), t): (&(f64, f64), &f64)| (m - t) / s.max(f64::MIN_POSITIVE);
        let scale = (spread * variance * (n - 1.0) / n).sqrt();
        Some(Self {
            contraction: 1.0 - mean(&mut posterior.iter().map(|(_, s)| s * s)) / variance,
            z_mean: mean(&mut pairs().map(z)),
            z_spread: mean(&mut pairs().map(|pair| z(pair).powi(2))).sqrt(),
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
            |found: f64, exact: f64| assert!((found - exact).abs() < 0.02, "{found} {exact}");
        near(right.contraction, 1.0 - s2);
        near(right.z_mean, 0.0);
        near(right.z_spread, 1.0);
        near(right.correlation, (1.0 - s2).sqrt());
        near(right.error, s2.sqrt());
        near(of(0.5, 1.0).z_mean, 0.5 / s2.sqrt());
        near(of(0.0, 0.5).z_spread, 2.0);
        assert_eq!(Recovery::of(&[(0.0, 1.0); 5], &[2.0; 5]), None);
    }
}
