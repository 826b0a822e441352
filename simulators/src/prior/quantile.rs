//! Quantiles of one parameter under the prior.

use super::marginal::Prepared;
use super::{Law, Marginal, Prior};
use statrs::distribution::{self as law, ContinuousCDF};

impl Prior {
    /// The value below which `parameter` (from 0) lies with probability `p`, 0 < p < 1, whatever the
    /// others are; by draws where there is no closed form.
    ///
    /// # Panics
    /// If there is no such parameter.
    #[must_use]
    pub fn quantile(&self, parameter: usize, p: f64) -> f64 {
        match &self.law {
            Law::Independent(marginals) => marginals[parameter].0.quantile(p),
            Law::MultivariateNormal(law) => law.marginal(parameter).quantile(p),
            Law::Joint(joint) => joint.quantile(parameter, p),
        }
    }
}

impl Marginal {
    /// The value below which it lies with probability `p`, 0 < p < 1.
    #[must_use]
    pub fn quantile(&self, p: f64) -> f64 {
        // Numbers that make a marginal make a law; that they do is checked when a prior is made.
        let normal = || law::Normal::standard().inverse_cdf(p);
        match *self {
            Self::Uniform { low, high } | Self::CircularUniform { low, high } => {
                low + p * (high - low)
            }
            Self::LogUniform { low, high } => low * ((high / low).ln() * p).exp(),
            Self::Normal { mean, std } => mean + std * normal(),
            Self::LogNormal { location, scale } => (location + scale * normal()).exp(),
            Self::Exponential { rate } => -(-p).ln_1p() / rate,
            Self::Gamma { shape, rate } => {
                law::Gamma::new(shape, 1.0).map_or(f64::NAN, |law| law.inverse_cdf(p)) / rate
            }
            Self::Beta { alpha, beta } => {
                law::Beta::new(alpha, beta).map_or(f64::NAN, |law| law.inverse_cdf(p))
            }
            Self::StudentT { degrees_of_freedom, location, scale } => {
                let law = law::StudentsT::new(0.0, 1.0, degrees_of_freedom);
                location + scale * law.map_or(f64::NAN, |law| law.inverse_cdf(p))
            }
            Self::HalfNormal { scale } => {
                scale * law::Normal::standard().inverse_cdf(0.5 + 0.5 * p)
            }
            Self::HalfStudentT { degrees_of_freedom, scale } => {
                let law = law::StudentsT::new(0.0, 1.0, degrees_of_freedom);
                scale * law.map_or(f64::NAN, |law| law.inverse_cdf(0.5 + 0.5 * p))
            }
            Self::TruncatedNormal { .. } | Self::VonMises { .. } => match self.prepare("") {
                Ok(Prepared::TruncatedNormal(law)) => law.quantile(p),
                Ok(Prepared::VonMises(law)) => law.quantile(p),
                _ => f64::NAN,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_scipy() {
        // scipy.stats: uniform, norm, lognorm, expon, gamma, beta, t.
        let cases = [
            (Marginal::Uniform { low: -1.0, high: 3.0 }, 0.01, -0.96),
            (Marginal::Normal { mean: 1.0, std: 2.0 }, 0.975, 4.919_927_969_080_108),
            (Marginal::LogNormal { location: -0.9, scale: 0.5 }, 0.01, 0.127_050_080_320_469_2),
            (Marginal::Exponential { rate: 2.0 }, 0.99, 2.302_585_092_994_045),
            (Marginal::Gamma { shape: 4.0, rate: 0.5 }, 0.01, 1.646_497_372_690_770_3),
            (Marginal::Beta { alpha: 2.0, beta: 5.0 }, 0.99, 0.705_686_328_319_707_5),
            (
                Marginal::StudentT { degrees_of_freedom: 3.0, location: 1.0, scale: 2.0 },
                0.01,
                -8.081_405_717_136_267,
            ),
        ];
        for (marginal, p, expected) in cases {
            let found = marginal.quantile(p);
            let close = (found - expected).abs() < 1e-6 * f64::abs(expected).max(1.0);
            assert!(close, "{marginal:?}: {found} for {expected}");
        }
        let law =
            crate::MultivariateNormal::new(vec![1.0, 0.0], vec![vec![4.0, 0.5], vec![0.5, 1.0]]);
        let prior = Prior::multivariate_normal(law.unwrap(), None).unwrap();
        assert!((prior.quantile(0, 0.975) - 4.919_927_969_080_108).abs() < 1e-9);
    }
}
