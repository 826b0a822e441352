//! Distributions by the names and keys of their TOML form.

use std::f64::consts::PI;

use super::Marginal;

/// Every distribution of one parameter, with its keys; the last ones of some may be left out. README.md
/// and docs/priors.md have the same in words.
pub(in crate::prior) const DISTRIBUTIONS: [(&str, &[&str]); 13] = [
    ("uniform", &["low", "high"]),
    ("loguniform", &["low", "high"]),
    ("normal", &["mean", "std"]),
    ("truncated_normal", &["mean", "std", "low", "high"]),
    ("half_normal", &["scale"]),
    ("lognormal", &["location", "scale"]),
    ("exponential", &["rate", "scale"]),
    ("gamma", &["shape", "rate", "scale"]),
    ("beta", &["alpha", "beta"]),
    ("student_t", &["degrees_of_freedom", "location", "scale"]),
    ("half_student_t", &["degrees_of_freedom", "scale"]),
    ("von_mises", &["location", "concentration", "low", "high"]),
    ("circular_uniform", &["low", "high"]),
];

/// What a key is that is left out, where it may be.
pub(in crate::prior) fn default(distribution: &str, key: &str) -> Option<f64> {
    match (distribution, key) {
        ("truncated_normal", "low") => Some(f64::NEG_INFINITY),
        ("truncated_normal", "high") => Some(f64::INFINITY),
        ("von_mises" | "circular_uniform", "low") => Some(-PI),
        ("von_mises" | "circular_uniform", "high") => Some(PI),
        _ => None,
    }
}

impl Marginal {
    /// The distribution of this name with the numbers that `number` gives for its fields, a rate rather
    /// than its inverse; `None` where there is no such distribution.
    pub(in crate::prior) fn by_name<E>(
        distribution: &str,
        mut number: impl FnMut(&'static str) -> Result<f64, E>,
    ) -> Option<Result<Self, E>> {
        let mut build = || {
            Ok(Some(match distribution {
                "uniform" => Self::Uniform { low: number("low")?, high: number("high")? },
                "loguniform" => Self::LogUniform { low: number("low")?, high: number("high")? },
                "normal" => Self::Normal { mean: number("mean")?, std: number("std")? },
                "truncated_normal" => Self::TruncatedNormal {
                    mean: number("mean")?,
                    std: number("std")?,
                    low: number("low")?,
                    high: number("high")?,
                },
                "half_normal" => Self::HalfNormal { scale: number("scale")? },
                "lognormal" => {
                    Self::LogNormal { location: number("location")?, scale: number("scale")? }
                }
                "exponential" => Self::Exponential { rate: number("rate")? },
                "gamma" => Self::Gamma { shape: number("shape")?, rate: number("rate")? },
                "beta" => Self::Beta { alpha: number("alpha")?, beta: number("beta")? },
                "student_t" => Self::StudentT {
                    degrees_of_freedom: number("degrees_of_freedom")?,
                    location: number("location")?,
                    scale: number("scale")?,
                },
                "half_student_t" => Self::HalfStudentT {
                    degrees_of_freedom: number("degrees_of_freedom")?,
                    scale: number("scale")?,
                },
                "von_mises" => Self::VonMises {
                    location: number("location")?,
                    concentration: number("concentration")?,
                    low: number("low")?,
                    high: number("high")?,
                },
                "circular_uniform" => {
                    Self::CircularUniform { low: number("low")?, high: number("high")? }
                }
                _ => return Ok(None),
            }))
        };
        build().transpose()
    }
}
