//! One-dimensional distributions that a parameter can have.

mod by_name;
mod prepared;
mod truncated;
mod von_mises;

pub(super) use by_name::{DISTRIBUTIONS, default};
pub(super) use prepared::Prepared;
use truncated::TruncatedNormal;
use von_mises::VonMises;

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
    /// Log-uniform: the logarithm is uniform; also called reciprocal, or Jeffreys' prior of a scale.
    LogUniform {
        /// Lower end, above 0.
        low: f64,
        /// Upper end, above `low`.
        high: f64,
    },
    /// Half-normal: the absolute value of N(0, scale²).
    HalfNormal {
        /// Standard deviation of that normal, above 0.
        scale: f64,
    },
    /// Normal, given that it lies between two bounds.
    TruncatedNormal {
        /// Mean, before the bounds.
        mean: f64,
        /// Standard deviation, before the bounds; above 0.
        std: f64,
        /// Lower bound; −∞ for none.
        low: f64,
        /// Upper bound, above `low`; ∞ for none.
        high: f64,
    },
    /// Half-Student: the absolute value of a scaled Student's t; half-Cauchy with 1 degree of freedom.
    HalfStudentT {
        /// Degrees of freedom, above 0.
        degrees_of_freedom: f64,
        /// Scale, above 0.
        scale: f64,
    },
    /// Von Mises, of an angle: density ∝ exp(concentration · cos(angle − location)).
    VonMises {
        /// The mean direction.
        location: f64,
        /// Concentration, above 0.
        concentration: f64,
        /// Where a turn begins, −π by default.
        low: f64,
        /// Where it ends, π by default; 360 with `low` = 0 makes degrees.
        high: f64,
    },
    /// Uniform on a circle.
    CircularUniform {
        /// Where a turn begins, −π by default.
        low: f64,
        /// Where it ends, π by default.
        high: f64,
    },
}

/// Fewer numbers than this are no interval to draw from.
const FEWEST_PLACES: f64 = 1000.0;

/// How many numbers double precision has between two, where they lie widest.
fn places(low: f64, high: f64) -> f64 {
    let most = low.abs().max(high.abs());
    ((high - low) / (most - most.next_down())).floor()
}

impl Marginal {
    /// The support of the distribution.
    #[must_use]
    pub fn support(&self) -> Support {
        match *self {
            Self::Uniform { low, high } => Support::Interval { lower: low, upper: high },
            Self::Beta { .. } => Support::Interval { lower: 0.0, upper: 1.0 },
            Self::LogNormal { .. }
            | Self::Exponential { .. }
            | Self::Gamma { .. }
            | Self::HalfNormal { .. }
            | Self::HalfStudentT { .. } => Support::Positive { lower: 0.0 },
            Self::LogUniform { low, high } => Support::LogInterval { lower: low, upper: high },
            Self::TruncatedNormal { low, high, .. } => Support::between(low, high),
            Self::VonMises { low, high, .. } | Self::CircularUniform { low, high } => {
                Support::Circle { lower: low, upper: high }
            }
            Self::Normal { .. } | Self::StudentT { .. } => Support::Real,
        }
    }

    /// Whether it is of an angle: both ends of its support are one.
    #[must_use]
    pub fn is_angle(&self) -> bool {
        matches!(self, Self::VonMises { .. } | Self::CircularUniform { .. })
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
            Self::LogUniform { .. } => "loguniform",
            Self::HalfNormal { .. } => "half_normal",
            Self::TruncatedNormal { .. } => "truncated_normal",
            Self::HalfStudentT { .. } => "half_student_t",
            Self::VonMises { .. } => "von_mises",
            Self::CircularUniform { .. } => "circular_uniform",
        }
    }

    /// Field names and values, in the order of the TOML form; without bounds that are infinite.
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
            Self::LogUniform { low, high } | Self::CircularUniform { low, high } => {
                vec![("low", low), ("high", high)]
            }
            Self::HalfNormal { scale } => vec![("scale", scale)],
            Self::TruncatedNormal { mean, std, low, high } => {
                let mut fields = vec![("mean", mean), ("std", std), ("low", low), ("high", high)];
                fields.retain(|(field, value)| match *field {
                    "low" => *value != f64::NEG_INFINITY,
                    "high" => *value != f64::INFINITY,
                    _ => true,
                });
                fields
            }
            Self::HalfStudentT { degrees_of_freedom, scale } => {
                vec![("degrees_of_freedom", degrees_of_freedom), ("scale", scale)]
            }
            Self::VonMises { location, concentration, low, high } => vec![
                ("location", location),
                ("concentration", concentration),
                ("low", low),
                ("high", high),
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
        let (Self::Uniform { low, high }
        | Self::LogUniform { low, high }
        | Self::TruncatedNormal { low, high, .. }
        | Self::VonMises { low, high, .. }
        | Self::CircularUniform { low, high }) = *self
        else {
            return Ok(());
        };
        if low >= high {
            return bad("high", high, format!("it must be above low = {low}"));
        }
        if low.is_finite() && high.is_finite() && places(low, high) < FEWEST_PLACES {
            let places = places(low, high);
            let requirement = format!(
                "double precision has only {places} numbers from low = {low} to it; \
                         measure the parameter from an origin nearby"
            );
            return bad("high", high, requirement);
        }
        match *self {
            Self::TruncatedNormal { mean, std, .. } => {
                let requirement = format!(
                    "next to nothing of the normal law with mean = {mean} lies within low and high"
                );
                match TruncatedNormal::new(mean, std, low, high) {
                    Some(_) => Ok(()),
                    None => bad("std", std, requirement),
                }
            }
            Self::LogUniform { .. } if low <= 0.0 => {
                bad("low", low, "it must be above 0: its logarithm counts".to_owned())
            }
            _ if !(high - low).is_finite() => {
                bad("high", high, "the interval is too wide for double precision".to_owned())
            }
            _ => Ok(()),
        }
    }
}
