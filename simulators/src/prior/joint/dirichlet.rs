//! Shares of a whole.

use rand::Rng;
use rand_distr::{Distribution, Gamma};
use statrs::function::gamma::ln_gamma;

use crate::prior::{Marginal, PriorError};

/// The Dirichlet distribution of K shares that add up to 1, by the first K − 1 of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Dirichlet {
    concentration: Vec<f64>,
    ln_normalizer: f64,
}

impl Dirichlet {
    /// From its concentrations `[K]`, one for each share, the last one included.
    ///
    /// # Errors
    /// [`PriorError`] for fewer than two concentrations, or one that is not above 0.
    pub fn new(concentration: Vec<f64>) -> Result<Self, PriorError> {
        let bad = |value: String, requirement: &str| PriorError::BadValue {
            parameter: "dirichlet".to_owned(),
            field: "concentration".to_owned(),
            value,
            requirement: requirement.to_owned(),
        };
        if concentration.len() < 2 {
            let value = format!("{concentration:?}");
            return Err(bad(value, "shares of a whole are two at least, each with its entry"));
        }
        if let Some(value) = concentration.iter().find(|v| !(**v > 0.0 && v.is_finite())) {
            return Err(bad(value.to_string(), "each must be above 0, and a finite number"));
        }
        let total: f64 = concentration.iter().sum();
        let ln_normalizer =
            ln_gamma(total) - concentration.iter().map(|c| ln_gamma(*c)).sum::<f64>();
        Ok(Self { concentration, ln_normalizer })
    }

    /// The concentrations, `[K]`.
    #[must_use]
    pub fn concentration(&self) -> &[f64] {
        &self.concentration
    }

    /// The law of one share, whatever the others are.
    pub(super) fn marginal(&self, share: usize) -> Marginal {
        let alpha = self.concentration[share];
        Marginal::Beta { alpha, beta: self.concentration.iter().sum::<f64>() - alpha }
    }

    pub(super) fn ln_pdf(&self, shares: &[f64]) -> f64 {
        // In the order in which the support is cut, so that inside it the rest is above 0.
        let (last, before) = shares.split_last().unwrap_or((&0.0, &[]));
        let rest = 1.0 - before.iter().sum::<f64>() - last;
        let all = shares.iter().copied().chain([rest]);
        let terms = all.zip(&self.concentration).map(|(share, c)| (c - 1.0) * share.ln());
        self.ln_normalizer + terms.sum::<f64>()
    }

    pub(super) fn sample(&self, rng: &mut impl Rng, out: &mut [f64]) {
        // Γ(c) draws as logarithms, G(c + 1) U^(1/c), which small concentrations do not underflow.
        let mut draw = |c: f64| {
            let boosted: f64 = Gamma::new(c + 1.0, 1.0).map_or(f64::NAN, |law| law.sample(rng));
            let uniform: f64 = rand_distr::Open01.sample(rng);
            boosted.ln() + uniform.ln() / c
        };
        let logs: Vec<f64> = self.concentration.iter().map(|c| draw(*c)).collect();
        let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = logs.iter().map(|l| (l - most).exp()).sum();
        for (share, log) in out.iter_mut().zip(logs) {
            *share = (log - most).exp() / total;
        }
    }
}
