//! One-dimensional distributions that a parameter can have.

use rand::Rng;
use rand_distr::Distribution;
use statrs::distribution::{self as law, Continuous};

use super::{PriorError, Support};

/// The distribution of one parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Marginal {
    /// Uniform on an interval.
    Uniform {
        /// Lower end.
        low: f64,
        /// Upper end, above `low`.
        high: f64,
    },
    /// Normal.
    Normal {
        /// Mean.
        mean: f64,
        /// Standard deviation, above 0.
        std: f64,
    },
    /// Log-normal: the logarithm is N(location, scale²).
    LogNormal {
        /// Mean of the logarithm.
        location: f64,
        /// Standard deviation of the logarithm, above 0.
        scale: f64,
    },
    /// Exponential.
    Exponential {
        /// Rate, above 0; the mean is its inverse.
        rate: f64,
    },
    /// Gamma.
    Gamma {
        /// Shape, above 0.
        shape: f64,
        /// Rate, above 0; the mean is shape / rate.
        rate: f64,
    },
    /// Beta, on the interval from 0 to 1.
    Beta {
        /// First shape, above 0.
        alpha: f64,
        /// Second shape, above 0.
        beta: f64,
    },
    /// Student's t, shifted and scaled.
    StudentT {
        /// Degrees of freedom, above 0.
        degrees_of_freedom: f64,
        /// Centre.
        location: f64,
        /// Scale, above 0.
        scale: f64,
    },
}

/// Fewer numbers than this are no interval to draw from.
const FEWEST_PLACES: f64 = 1000.0;

/// How many numbers double precision has between two, where they lie widest.
fn places(low: f64, high: f64) -> f64 {
    let most = low.abs().max(high.abs());
    ((high - low) / (most - most.next_down())).floor()
}

/// A marginal with its density and sampler ready for use.
#[derive(Clone, Debug)]
pub(super) enum Prepared {
    Uniform(law::Uniform, f64, f64),
    Normal(law::Normal, rand_distr::Normal<f64>),
    LogNormal(law::LogNormal, rand_distr::LogNormal<f64>),
    Exponential(law::Exp, rand_distr::Exp<f64>),
    Gamma(law::Gamma, rand_distr::Gamma<f64>),
    Beta(law::Beta, rand_distr::Beta<f64>),
    StudentT(law::StudentsT, rand_distr::StudentT<f64>, f64, f64),
}

impl Marginal {
    /// The support of the distribution.
    #[must_use]
    pub fn support(&self) -> Support {
        match *self {
            Self::Uniform { low, high } => Support::Interval { lower: low, upper: high },
            Self::Beta { .. } => Support::Interval { lower: 0.0, upper: 1.0 },
            Self::LogNormal { .. } | Self::Exponential { .. } | Self::Gamma { .. } => {
                Support::Positive { lower: 0.0 }
            }
            Self::Normal { .. } | Self::StudentT { .. } => Support::Real,
        }
    }

    /// The name that the TOML form uses.
    #[must_use]
    pub fn distribution(&self) -> &'static str {
        match self {
            Self::Uniform { .. } => "uniform",
            Self::Normal { .. } => "normal",
            Self::LogNormal { .. } => "lognormal",
            Self::Exponential { .. } => "exponential",
            Self::Gamma { .. } => "gamma",
            Self::Beta { .. } => "beta",
            Self::StudentT { .. } => "student_t",
        }
    }

    /// Field names and values, in the order of the TOML form.
    #[must_use]
    pub fn fields(&self) -> Vec<(&'static str, f64)> {
        match *self {
            Self::Uniform { low, high } => vec![("low", low), ("high", high)],
            Self::Normal { mean, std } => vec![("mean", mean), ("std", std)],
            Self::LogNormal { location, scale } => vec![("location", location), ("scale", scale)],
            Self::Exponential { rate } => vec![("rate", rate)],
            Self::Gamma { shape, rate } => vec![("shape", shape), ("rate", rate)],
            Self::Beta { alpha, beta } => vec![("alpha", alpha), ("beta", beta)],
            Self::StudentT { degrees_of_freedom, location, scale } => vec![
                ("degrees_of_freedom", degrees_of_freedom),
                ("location", location),
                ("scale", scale),
            ],
        }
    }

    /// Checks every field; `parameter` is for the message.
    pub(super) fn check(&self, parameter: &str) -> Result<(), PriorError> {
        let bad = |field: &str, value: f64, requirement: String| {
            let (parameter, field) = (parameter.to_owned(), field.to_owned());
            Err(PriorError::BadValue { parameter, field, value: value.to_string(), requirement })
        };
        for (field, value) in self.fields() {
            if !value.is_finite() {
                return bad(field, value, "it must be a finite number".to_owned());
            }
            let free = matches!(field, "low" | "high" | "mean" | "location");
            if !free && value <= 0.0 {
                return bad(field, value, "it must be above 0".to_owned());
            }
        }
        match *self {
            Self::Uniform { low, high } if low >= high => {
                bad("high", high, format!("it must be above low = {low}"))
            }
            Self::Uniform { low, high } if places(low, high) < FEWEST_PLACES => {
                let places = places(low, high);
                let requirement = format!(
                    "double precision has only {places} numbers from low = {low} to it; \
                             measure the parameter from an origin nearby"
                );
                bad("high", high, requirement)
            }
            Self::Uniform { low, high } if !(high - low).is_finite() => {
                bad("high", high, "the interval is too wide for double precision".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// Builds density and sampler.
    pub(super) fn prepare(&self, parameter: &str) -> Result<Prepared, PriorError> {
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
        })
    }
}

impl Prepared {
    pub(super) fn ln_pdf(&self, theta: f64) -> f64 {
        match self {
            Self::Uniform(d, ..) => d.ln_pdf(theta),
            Self::Normal(d, _) => d.ln_pdf(theta),
            Self::LogNormal(d, _) => d.ln_pdf(theta),
            Self::Exponential(d, _) => d.ln_pdf(theta),
            Self::Gamma(d, _) => d.ln_pdf(theta),
            Self::Beta(d, _) => d.ln_pdf(theta),
            Self::StudentT(d, ..) => d.ln_pdf(theta),
        }
    }

    pub(super) fn sample(&self, rng: &mut impl Rng) -> f64 {
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
        }
    }
}
