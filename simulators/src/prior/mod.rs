//! Priors over parameters: sampling, density, support and a bijection to unconstrained space.

mod error;
mod marginal;
mod multivariate_normal;
mod quantile;
mod support;
mod toml_form;

use ndarray::Array2;
use rand::Rng;
use rayon::prelude::*;

pub use error::PriorError;
pub use marginal::Marginal;
pub use multivariate_normal::MultivariateNormal;
pub use support::Support;

use crate::simulation::SimulationRng;
use marginal::Prepared;

/// A prior p(θ) over D named parameters: independent marginals, or a multivariate normal.
///
/// ```
/// use freeform_simulators::{Marginal, Prior};
///
/// let prior = Prior::independent([
///     ("rate", Marginal::LogNormal { location: -0.9, scale: 0.5 }),
///     ("start", Marginal::Uniform { low: -1.0, high: 1.0 }),
/// ])?;
/// assert_eq!(prior.dim(), 2);
/// assert!(prior.log_prob(&[0.4, 2.0]) == f64::NEG_INFINITY);
/// let draws = prior.sample_n(1, 100); // [100, 2], the same on every machine
/// assert_eq!(draws.dim(), (100, 2));
/// # Ok::<(), freeform_simulators::PriorError>(())
/// ```
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "toml::Table", into = "toml::Table")]
pub struct Prior {
    names: Vec<String>,
    support: Vec<Support>,
    law: Law,
}

#[derive(Clone, Debug)]
enum Law {
    Independent(Vec<(Marginal, Prepared)>),
    MultivariateNormal(MultivariateNormal),
}

impl Prior {
    /// Independent parameters, each with a name and a distribution.
    ///
    /// # Errors
    /// [`PriorError`] for no parameters, a name used twice, or a bad number.
    pub fn independent<N: Into<String>>(
        parameters: impl IntoIterator<Item = (N, Marginal)>,
    ) -> Result<Self, PriorError> {
        let mut names = Vec::new();
        let mut marginals = Vec::new();
        for (name, marginal) in parameters {
            let name = name.into();
            let prepared = marginal.prepare(&name)?;
            names.push(name);
            marginals.push((marginal, prepared));
        }
        check_names(&names)?;
        let support = marginals.iter().map(|(marginal, _)| marginal.support()).collect();
        Ok(Self { names, support, law: Law::Independent(marginals) })
    }

    /// The same distribution for `dim` independent parameters, named `theta1`, `theta2`, ….
    ///
    /// # Errors
    /// As [`Prior::independent`].
    pub fn identical(dim: usize, marginal: Marginal) -> Result<Self, PriorError> {
        Self::independent(default_names(dim).into_iter().map(|name| (name, marginal)))
    }

    /// A multivariate normal; without names, parameters are `theta1`, `theta2`, ….
    ///
    /// # Errors
    /// [`PriorError`] if the names are not one for each entry of the mean, or not distinct.
    pub fn multivariate_normal(
        law: MultivariateNormal,
        names: Option<Vec<String>>,
    ) -> Result<Self, PriorError> {
        let dim = law.mean().len();
        let names = names.unwrap_or_else(|| default_names(dim));
        if names.len() != dim {
            let (field, found) = ("names".to_owned(), names.len());
            return Err(PriorError::Dimension { field, found, expected: dim });
        }
        check_names(&names)?;
        Ok(Self { names, support: vec![Support::Real; dim], law: Law::MultivariateNormal(law) })
    }

    /// Number of parameters, D.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.names.len()
    }

    /// Names of the parameters, `[D]`.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Support of each parameter, `[D]`.
    #[must_use]
    pub fn support(&self) -> &[Support] {
        &self.support
    }

    /// The marginals, `[D]`, if the parameters are independent.
    #[must_use]
    pub fn marginals(&self) -> Option<Vec<Marginal>> {
        match &self.law {
            Law::Independent(marginals) => Some(marginals.iter().map(|(m, _)| *m).collect()),
            Law::MultivariateNormal(_) => None,
        }
    }

    /// The multivariate normal, if the prior is one.
    #[must_use]
    pub fn as_multivariate_normal(&self) -> Option<&MultivariateNormal> {
        match &self.law {
            Law::Independent(_) => None,
            Law::MultivariateNormal(law) => Some(law),
        }
    }

    /// Draws one θ strictly inside the support into `out`, `[D]`.
    ///
    /// # Panics
    /// If `out` is not of length D.
    pub fn sample(&self, rng: &mut impl Rng, out: &mut [f64]) {
        assert_eq!(out.len(), self.dim(), "one slot for each parameter");
        match &self.law {
            Law::Independent(marginals) => {
                for (value, (_, law)) in out.iter_mut().zip(marginals) {
                    *value = law.sample(rng);
                }
                // Where rounding would put a draw on a bound, the nearest number off it.
                for (value, support) in out.iter_mut().zip(&self.support) {
                    *value = support.nearest_inside(*value);
                }
            }
            Law::MultivariateNormal(law) => law.sample(rng, out),
        }
    }

    /// n draws `[n, D]`; draw i depends on (seed, i) only.
    #[must_use]
    pub fn sample_n(&self, seed: u64, n: usize) -> Array2<f64> {
        let dim = self.dim();
        let mut draws = vec![0.0; n * dim];
        draws.par_chunks_mut(dim).enumerate().for_each(|(index, theta)| {
            self.sample(&mut SimulationRng::for_prior(seed, index as u64), theta);
        });
        // The length is n × D by construction.
        Array2::from_shape_vec((n, dim), draws).unwrap_or_default()
    }

    /// log p(θ), −∞ outside the support.
    ///
    /// # Panics
    /// If θ is not of length D.
    #[must_use]
    pub fn log_prob(&self, theta: &[f64]) -> f64 {
        if !self.contains(theta) {
            return f64::NEG_INFINITY;
        }
        match &self.law {
            Law::Independent(marginals) => {
                theta.iter().zip(marginals).map(|(&value, (_, law))| law.ln_pdf(value)).sum()
            }
            Law::MultivariateNormal(law) => law.ln_pdf(theta),
        }
    }

    /// Whether θ lies in the support.
    ///
    /// # Panics
    /// If θ is not of length D.
    #[must_use]
    pub fn contains(&self, theta: &[f64]) -> bool {
        assert_eq!(theta.len(), self.dim(), "one value for each parameter");
        theta.iter().zip(&self.support).all(|(&value, support)| support.contains(value))
    }

    /// Maps θ `[D]` to u `[D]` in unconstrained space (logit for intervals, log for positive
    /// parameters, identity for real ones) and returns log |det dθ/du|, so that
    /// log p(u) = log p(θ) + log |det dθ/du|.
    ///
    /// # Panics
    /// If a length is not D.
    pub fn to_unconstrained(&self, theta: &[f64], u: &mut [f64]) -> f64 {
        self.map(theta, u, Support::to_unconstrained)
    }

    /// Maps u `[D]` back to θ `[D]` and returns log |det dθ/du|, as [`Prior::to_unconstrained`].
    ///
    /// # Panics
    /// If a length is not D.
    pub fn from_unconstrained(&self, u: &[f64], theta: &mut [f64]) -> f64 {
        self.map(u, theta, Support::from_unconstrained)
    }

    fn map(&self, from: &[f64], to: &mut [f64], f: fn(Support, f64) -> (f64, f64)) -> f64 {
        assert_eq!(from.len(), self.dim(), "one value for each parameter");
        assert_eq!(to.len(), self.dim(), "one slot for each parameter");
        let mut log_det = 0.0;
        for ((value, slot), &support) in from.iter().zip(to).zip(&self.support) {
            let (mapped, log_slope) = f(support, *value);
            *slot = mapped;
            log_det += log_slope;
        }
        log_det
    }
}

fn default_names(dim: usize) -> Vec<String> {
    (1..=dim).map(|i| format!("theta{i}")).collect()
}

fn check_names(names: &[String]) -> Result<(), PriorError> {
    if names.is_empty() {
        return Err(PriorError::NoParameters);
    }
    for (i, name) in names.iter().enumerate() {
        if names[..i].contains(name) {
            return Err(PriorError::DuplicateName(name.clone()));
        }
    }
    Ok(())
}
