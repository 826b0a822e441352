//! Priors over parameters: sampling, density, support and a bijection to unconstrained space.

mod build;
mod error;
mod joint;
mod marginal;
mod multivariate_normal;
mod probabilities;
mod program;
mod quantile;
mod support;
mod toml_form;

use ndarray::Array2;
use rand::Rng;
use rayon::prelude::*;

pub use error::PriorError;
pub use joint::{Block, Category, Conditional, Dirichlet, OwnLaw, Term};
pub use marginal::Marginal;
pub use multivariate_normal::MultivariateNormal;
pub use probabilities::CategoryProbabilities;
pub use support::Support;

use crate::simulation::SimulationRng;
use joint::Joint;
use marginal::Prepared;

/// A prior p(θ) over D named parameters: independent marginals, a multivariate normal, or parts of any
/// kind ([`Prior::joint`]).
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
    Joint(Joint),
}

impl Prior {
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

    /// Support of each parameter whatever the others are, `[D]`.
    #[must_use]
    pub fn support(&self) -> &[Support] {
        &self.support
    }

    /// The marginals, `[D]`, if the parameters are independent.
    #[must_use]
    pub fn marginals(&self) -> Option<Vec<Marginal>> {
        match &self.law {
            Law::Independent(marginals) => Some(marginals.iter().map(|(m, _)| *m).collect()),
            Law::MultivariateNormal(_) | Law::Joint(_) => None,
        }
    }

    /// The law of one parameter (from 0) whatever the others are, where there is a closed form.
    ///
    /// # Panics
    /// If there is no such parameter.
    #[must_use]
    pub fn marginal(&self, parameter: usize) -> Option<Marginal> {
        match &self.law {
            Law::Independent(marginals) => Some(marginals[parameter].0),
            Law::MultivariateNormal(law) => Some(law.marginal(parameter)),
            Law::Joint(joint) => joint.marginal(parameter),
        }
    }

    /// The parts, where the prior is not one of independent parameters nor a multivariate normal alone.
    #[must_use]
    pub fn blocks(&self) -> Option<&[Block]> {
        match &self.law {
            Law::Joint(joint) => Some(joint.blocks()),
            _ => None,
        }
    }

    /// The law of one parameter (from 0) that is a category; `None` for any other.
    ///
    /// # Panics
    /// If there is no such parameter.
    #[must_use]
    pub fn category(&self, parameter: usize) -> Option<&Category> {
        assert!(parameter < self.dim(), "there is no parameter {parameter}");
        match &self.law {
            Law::Joint(joint) => joint.category(parameter),
            _ => None,
        }
    }

    /// Whether the support is all of R^D.
    #[must_use]
    pub fn is_everywhere(&self) -> bool {
        match &self.law {
            Law::Joint(joint) => joint.is_everywhere(),
            _ => self.support.iter().all(|support| *support == Support::Real),
        }
    }

    /// Whether where a parameter may lie depends on others.
    #[must_use]
    pub fn is_joint(&self) -> bool {
        matches!(self.law, Law::Joint(_))
    }

    /// The multivariate normal, if the prior is one.
    #[must_use]
    pub fn as_multivariate_normal(&self) -> Option<&MultivariateNormal> {
        match &self.law {
            Law::MultivariateNormal(law) => Some(law),
            Law::Independent(_) | Law::Joint(_) => None,
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
            Law::Joint(joint) => joint.sample(rng, out),
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
            Law::Joint(joint) => joint.ln_pdf(theta),
        }
    }

    /// Whether θ lies in the support.
    ///
    /// # Panics
    /// If θ is not of length D.
    #[must_use]
    pub fn contains(&self, theta: &[f64]) -> bool {
        assert_eq!(theta.len(), self.dim(), "one value for each parameter");
        match &self.law {
            Law::Joint(joint) => joint.contains(theta),
            _ => theta.iter().zip(&self.support).all(|(&value, support)| support.contains(value)),
        }
    }

    /// The first parameter of θ (from 0) that does not lie where the others let it, and where that is;
    /// `None` where each does.
    ///
    /// # Panics
    /// If θ is not of length D.
    #[must_use]
    pub fn outside(&self, theta: &[f64]) -> Option<(usize, Support)> {
        assert_eq!(theta.len(), self.dim(), "one value for each parameter");
        match &self.law {
            Law::Joint(joint) => joint.outside(theta),
            _ => {
                let mut places = theta.iter().zip(&self.support).enumerate();
                places.find_map(|(d, (value, s))| (!s.contains(*value)).then_some((d, *s)))
            }
        }
    }

    /// Maps θ `[D]` to u `[D]` in unconstrained space (logit for intervals, log for positive
    /// parameters, identity for real ones; where the interval depends on other parameters, the one that
    /// they leave) and returns log |det dθ/du|, so that log p(u) = log p(θ) + log |det dθ/du|.
    ///
    /// # Panics
    /// If a length is not D.
    pub fn to_unconstrained(&self, theta: &[f64], u: &mut [f64]) -> f64 {
        self.check_lengths(theta, u);
        match &self.law {
            Law::Joint(joint) => joint.unconstrain(theta, u),
            _ => self.map(theta, u, Support::to_unconstrained),
        }
    }

    /// Maps u `[D]` back to θ `[D]` and returns log |det dθ/du|, as [`Prior::to_unconstrained`].
    ///
    /// # Panics
    /// If a length is not D.
    pub fn from_unconstrained(&self, u: &[f64], theta: &mut [f64]) -> f64 {
        self.check_lengths(u, theta);
        match &self.law {
            Law::Joint(joint) => joint.constrain(u, theta),
            _ => self.map(u, theta, Support::from_unconstrained),
        }
    }

    fn check_lengths(&self, from: &[f64], to: &[f64]) {
        assert_eq!(from.len(), self.dim(), "one value for each parameter");
        assert_eq!(to.len(), self.dim(), "one slot for each parameter");
    }

    fn map(&self, from: &[f64], to: &mut [f64], f: fn(Support, f64) -> (f64, f64)) -> f64 {
        let mut log_det = 0.0;
        for ((value, slot), &support) in from.iter().zip(to).zip(&self.support) {
            let (mapped, log_slope) = f(support, *value);
            *slot = mapped;
            log_det += log_slope;
        }
        log_det
    }
}
