//! A marginal with its density and sampler ready for use.

use rand::Rng;
use rand_distr::Distribution;
use statrs::distribution::{self as law, Continuous};
use std::f64::consts::LN_2;

use super::{Marginal, PriorError, TruncatedNormal, VonMises};

/// A marginal with its density and sampler ready for use.
#[derive(Clone, Debug)]
pub(in crate::prior) enum Prepared {
    Uniform(law::Uniform, f64, f64),
    Normal(law::Normal, rand_distr::Normal<f64>),
    LogNormal(law::LogNormal, rand_distr::LogNormal<f64>),
    Exponential(law::Exp, rand_distr::Exp<f64>),
    Gamma(law::Gamma, rand_distr::Gamma<f64>),
    Beta(law::Beta, rand_distr::Beta<f64>),
    StudentT(law::StudentsT, rand_distr::StudentT<f64>, f64, f64),
    /// Lower end and the logarithm of the ends' ratio.
    LogUniform(f64, f64),
    HalfNormal(law::Normal, rand_distr::Normal<f64>),
    TruncatedNormal(TruncatedNormal),
    HalfStudentT(law::StudentsT, rand_distr::StudentT<f64>, f64),
    VonMises(VonMises),
}

impl Marginal {
    /// Builds density and sampler.
    pub(in crate::prior) fn prepare(&self, parameter: &str) -> Result<Prepared, PriorError> {
        self.check(parameter)?;
        self.build().ok_or_else(|| PriorError::BadValue {
            parameter: parameter.to_owned(),
            field: "distribution".to_owned(),
            value: format!("{self:?}"),
            requirement: "its numbers are too large or too small for double precision".to_owned(),
        })
    }

    fn build(&self) -> Option<Prepared> {
        Some(match *self {
            Self::Uniform { low, high } => {
                Prepared::Uniform(law::Uniform::new(low, high).ok()?, low, high - low)
            }
            Self::Normal { mean, std } => Prepared::Normal(
                law::Normal::new(mean, std).ok()?,
                rand_distr::Normal::new(mean, std).ok()?,
            ),
            Self::LogNormal { location, scale } => Prepared::LogNormal(
                law::LogNormal::new(location, scale).ok()?,
                rand_distr::LogNormal::new(location, scale).ok()?,
            ),
            Self::Exponential { rate } => {
                Prepared::Exponential(law::Exp::new(rate).ok()?, rand_distr::Exp::new(rate).ok()?)
            }
            Self::Gamma { shape, rate } => Prepared::Gamma(
                law::Gamma::new(shape, rate).ok()?,
                rand_distr::Gamma::new(shape, 1.0 / rate).ok()?,
            ),
            Self::Beta { alpha, beta } => Prepared::Beta(
                law::Beta::new(alpha, beta).ok()?,
                rand_distr::Beta::new(alpha, beta).ok()?,
            ),
            Self::StudentT { degrees_of_freedom: nu, location, scale } => Prepared::StudentT(
                law::StudentsT::new(location, scale, nu).ok()?,
                rand_distr::StudentT::new(nu).ok()?,
                location,
                scale,
            ),
            // As an interval: what a circle adds is for its map to the flow's space.
            Self::CircularUniform { low, high } => {
                Prepared::Uniform(law::Uniform::new(low, high).ok()?, low, high - low)
            }
            Self::LogUniform { low, high } => {
                Prepared::LogUniform(low, (high / low).ln()).finite(low > 0.0 && high > low)?
            }
            Self::HalfNormal { scale } => Prepared::HalfNormal(
                law::Normal::new(0.0, scale).ok()?,
                rand_distr::Normal::new(0.0, scale).ok()?,
            ),
            Self::TruncatedNormal { mean, std, low, high } => {
                Prepared::TruncatedNormal(TruncatedNormal::new(mean, std, low, high)?)
            }
            Self::HalfStudentT { degrees_of_freedom: nu, scale } => Prepared::HalfStudentT(
                law::StudentsT::new(0.0, scale, nu).ok()?,
                rand_distr::StudentT::new(nu).ok()?,
                scale,
            ),
            Self::VonMises { location, concentration, low, high } => {
                Prepared::VonMises(VonMises::new(location, concentration, low, high))
                    .finite(concentration > 0.0)?
            }
        })
    }
}

impl Prepared {
    /// Itself, where its numbers make a law.
    fn finite(self, sound: bool) -> Option<Self> {
        sound.then_some(self)
    }

    pub(in crate::prior) fn ln_pdf(&self, theta: f64) -> f64 {
        match self {
            Self::Uniform(d, ..) => d.ln_pdf(theta),
            Self::Normal(d, _) => d.ln_pdf(theta),
            Self::LogNormal(d, _) => d.ln_pdf(theta),
            Self::Exponential(d, _) => d.ln_pdf(theta),
            Self::Gamma(d, _) => d.ln_pdf(theta),
            Self::Beta(d, _) => d.ln_pdf(theta),
            Self::StudentT(d, ..) => d.ln_pdf(theta),
            Self::LogUniform(_, log_ratio) => -theta.ln() - log_ratio.ln(),
            Self::HalfNormal(d, _) => LN_2 + d.ln_pdf(theta),
            Self::TruncatedNormal(d) => d.ln_pdf(theta),
            Self::HalfStudentT(d, ..) => LN_2 + d.ln_pdf(theta),
            Self::VonMises(d) => d.ln_pdf(theta),
        }
    }

    pub(in crate::prior) fn sample(&self, rng: &mut impl Rng) -> f64 {
        match self {
            Self::Uniform(_, low, width) => {
                let place: f64 = rand_distr::Open01.sample(rng);
                low + width * place
            }
            Self::Normal(_, d) => d.sample(rng),
            Self::LogNormal(_, d) => d.sample(rng),
            Self::Exponential(_, d) => d.sample(rng),
            Self::Gamma(_, d) => d.sample(rng),
            Self::Beta(_, d) => d.sample(rng),
            Self::StudentT(_, d, location, scale) => {
                let t: f64 = d.sample(rng);
                location + scale * t
            }
            Self::LogUniform(low, log_ratio) => {
                let place: f64 = rand_distr::Open01.sample(rng);
                low * (log_ratio * place).exp()
            }
            Self::HalfNormal(_, d) => d.sample(rng).abs(),
            Self::TruncatedNormal(d) => d.sample(rng),
            Self::HalfStudentT(_, d, scale) => {
                let t: f64 = d.sample(rng);
                scale * t.abs()
            }
            Self::VonMises(d) => d.sample(rng),
        }
    }
}
