//! The written form of a prior, `prior.toml`.
//!
//! Parsed by hand over [`toml::Table`], because every error should name the parameter, the
//! field, the value and the fix.

use std::fs;
use std::path::Path;

use toml::{Table, Value};

use super::{Law, Marginal, MultivariateNormal, Prior, PriorError};
use crate::nearest::suggest;

/// Every distribution, with its keys. README.md and docs/simulators.md have the same in words.
const DISTRIBUTIONS: [(&str, &[&str]); 7] = [
    ("uniform", &["low", "high"]),
    ("normal", &["mean", "std"]),
    ("lognormal", &["location", "scale"]),
    ("exponential", &["rate", "scale"]),
    ("gamma", &["shape", "rate", "scale"]),
    ("beta", &["alpha", "beta"]),
    ("student_t", &["degrees_of_freedom", "location", "scale"]),
];

/// The distributions' names.
const NAMES: [&str; 7] = {
    let mut names = [""; 7];
    let mut i = 0;
    while i < names.len() {
        names[i] = DISTRIBUTIONS[i].0;
        i += 1;
    }
    names
};

impl Prior {
    /// Reads the TOML form:
    ///
    /// ```toml
    /// [[parameter]]
    /// name = "beta"
    /// distribution = "lognormal"   # uniform, normal, exponential, gamma, beta, student_t
    /// location = -0.9
    /// scale = 0.5
    /// ```
    ///
    /// or `[multivariate_normal]` with `mean`, `covariance` and, if wanted, `names`.
    ///
    /// # Errors
    /// [`PriorError`] names the parameter, the field and the fix.
    pub fn from_toml_str(text: &str) -> Result<Self, PriorError> {
        let table: Table = text.parse().map_err(|error: toml::de::Error| {
            PriorError::Toml(error.to_string().trim_end().to_owned())
        })?;
        Self::try_from(table)
    }

    /// Reads `prior.toml`, as [`Prior::from_toml_str`].
    ///
    /// # Errors
    /// As [`Prior::from_toml_str`], with the file's name.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, PriorError> {
        let path = path.as_ref();
        let text = fs::read_to_string(path)
            .map_err(|source| PriorError::Io { path: path.to_owned(), source })?;
        Self::from_toml_str(&text).map_err(|source| PriorError::InFile {
            path: path.to_owned(),
            source: Box::new(source),
        })
    }

    /// The TOML form, which reads back to the same prior.
    #[must_use]
    pub fn to_toml(&self) -> String {
        Table::from(self.clone()).to_string()
    }
}

impl From<Prior> for Table {
    fn from(prior: Prior) -> Self {
        let mut root = Self::new();
        match &prior.law {
            Law::Independent(marginals) => {
                let entries = prior.names.iter().zip(marginals).map(|(name, (marginal, _))| {
                    let mut entry = Self::new();
                    entry.insert("name".into(), name.clone().into());
                    entry.insert("distribution".into(), marginal.distribution().into());
                    for (field, value) in marginal.fields() {
                        entry.insert(field.into(), value.into());
                    }
                    Value::Table(entry)
                });
                root.insert("parameter".into(), Value::Array(entries.collect()));
            }
            Law::MultivariateNormal(law) => {
                let mut entry = Self::new();
                entry.insert("names".into(), prior.names.clone().into());
                entry.insert("mean".into(), law.mean().to_vec().into());
                entry.insert("covariance".into(), law.covariance().to_vec().into());
                root.insert("multivariate_normal".into(), Value::Table(entry));
            }
        }
        root
    }
}

impl TryFrom<Table> for Prior {
    type Error = PriorError;

    fn try_from(root: Table) -> Result<Self, PriorError> {
        known_keys("the prior", &root, &["parameter", "multivariate_normal"])?;
        match (root.get("parameter"), root.get("multivariate_normal")) {
            (Some(parameters), None) => independent(parameters),
            (None, Some(law)) => multivariate_normal(law),
            (None, None) => Err(PriorError::NoParameters),
            (Some(_), Some(_)) => Err(PriorError::BadValue {
                parameter: "(all)".into(),
                field: "multivariate_normal".into(),
                value: "given beside [[parameter]]".into(),
                requirement: "write one or the other".into(),
            }),
        }
    }
}

fn independent(value: &Value) -> Result<Prior, PriorError> {
    let entries = value.as_array().filter(|entries| entries.iter().all(Value::is_table));
    let entries = entries.ok_or_else(|| PriorError::MissingField {
        place: "the prior".into(),
        field: "parameter".into(),
        fix: "write one [[parameter]] table, in double brackets, for each parameter".into(),
    })?;
    let tables = entries.iter().filter_map(Value::as_table).enumerate();
    let parameters: Result<Vec<_>, _> = tables.map(|(i, entry)| parameter(i, entry)).collect();
    Prior::independent(parameters?)
}

fn parameter(index: usize, entry: &Table) -> Result<(String, Marginal), PriorError> {
    let place = format!("parameter {}", index + 1);
    let name = text(&place, entry, "name", "give the parameter a name, e.g. name = \"rate\"")?;
    let place = format!("parameter \"{name}\"");
    let fix = format!("one of {}", NAMES.join(", "));
    let distribution = text(&place, entry, "distribution", &fix)?;
    if let Some((_, keys)) = DISTRIBUTIONS.iter().find(|(known, _)| *known == distribution) {
        known_keys(&place, entry, &[&["name", "distribution"], *keys].concat())?;
    }
    let number = |field: &str| number(&name, entry, field);
    let marginal = match distribution.as_str() {
        "uniform" => Marginal::Uniform { low: number("low")?, high: number("high")? },
        "normal" => Marginal::Normal { mean: number("mean")?, std: number("std")? },
        "lognormal" => {
            Marginal::LogNormal { location: number("location")?, scale: number("scale")? }
        }
        "exponential" => Marginal::Exponential { rate: rate(&name, entry)? },
        "gamma" => Marginal::Gamma { shape: number("shape")?, rate: rate(&name, entry)? },
        "beta" => Marginal::Beta { alpha: number("alpha")?, beta: number("beta")? },
        "student_t" => {
            let degrees_of_freedom = number("degrees_of_freedom")?;
            let (location, scale) = (number("location")?, number("scale")?);
            Marginal::StudentT { degrees_of_freedom, location, scale }
        }
        _ => {
            let suggestion = suggest(&distribution, &NAMES);
            let (kind, found) = ("distribution", distribution);
            return Err(PriorError::Unknown { place, kind, found, suggestion });
        }
    };
    Ok((name, marginal))
}

fn multivariate_normal(value: &Value) -> Result<Prior, PriorError> {
    const PLACE: &str = "multivariate_normal";
    let missing = |field: &str, fix: &str| PriorError::MissingField {
        place: PLACE.into(),
        field: field.into(),
        fix: fix.into(),
    };
    let entry = value.as_table().ok_or_else(|| {
        missing("mean", "write a [multivariate_normal] table with mean and covariance")
    })?;
    known_keys(PLACE, entry, &["names", "mean", "covariance"])?;
    let list = |value: &Value| value.as_array()?.iter().map(to_number).collect::<Option<Vec<_>>>();
    let mean = entry
        .get("mean")
        .and_then(list)
        .ok_or_else(|| missing("mean", "write a list of numbers, e.g. mean = [0.0, 0.0]"))?;
    let covariance = entry
        .get("covariance")
        .and_then(|rows| rows.as_array()?.iter().map(list).collect::<Option<Vec<_>>>())
        .ok_or_else(|| {
            missing("covariance", "write a list of rows, e.g. [[1.0, 0.0], [0.0, 1.0]]")
        })?;
    let names = entry
        .get("names")
        .map(|names| {
            let names = names.as_array()?.iter().map(|name| Some(name.as_str()?.to_owned()));
            names.collect::<Option<Vec<_>>>()
        })
        .map(|names| {
            names.ok_or_else(|| missing("names", "write a list of texts, or leave it out"))
        })
        .transpose()?;
    Prior::multivariate_normal(MultivariateNormal::new(mean, covariance)?, names)
}

fn known_keys(place: &str, table: &Table, known: &[&str]) -> Result<(), PriorError> {
    match table.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => Err(PriorError::Unknown {
            place: place.to_owned(),
            kind: "key",
            found: key.clone(),
            suggestion: suggest(key, known),
        }),
    }
}

fn text(place: &str, table: &Table, field: &str, fix: &str) -> Result<String, PriorError> {
    let value = table.get(field).and_then(Value::as_str);
    value.map(str::to_owned).ok_or_else(|| PriorError::MissingField {
        place: place.to_owned(),
        field: field.to_owned(),
        fix: fix.to_owned(),
    })
}

fn number(parameter: &str, table: &Table, field: &str) -> Result<f64, PriorError> {
    let Some(value) = table.get(field) else {
        return Err(PriorError::MissingField {
            place: format!("parameter \"{parameter}\""),
            field: field.to_owned(),
            fix: format!("write {field} = <number>"),
        });
    };
    to_number(value).ok_or_else(|| PriorError::BadValue {
        parameter: parameter.to_owned(),
        field: field.to_owned(),
        value: value.to_string(),
        requirement: "it must be a number".to_owned(),
    })
}

/// `rate`, or `scale`, which is its inverse.
fn rate(parameter: &str, entry: &Table) -> Result<f64, PriorError> {
    if !entry.contains_key("scale") {
        return number(parameter, entry, "rate");
    }
    let bad = |field: &str, value: String, requirement: &str| PriorError::BadValue {
        parameter: parameter.to_owned(),
        field: field.to_owned(),
        value,
        requirement: requirement.to_owned(),
    };
    let scale = number(parameter, entry, "scale")?;
    if entry.contains_key("rate") {
        let requirement = "`rate` is there too, which is 1 / scale: write one or the other";
        return Err(bad("scale", scale.to_string(), requirement));
    }
    if !(scale > 0.0 && scale.is_finite() && scale.recip().is_finite()) {
        return Err(bad("scale", scale.to_string(), "it must be above 0, and a finite number"));
    }
    Ok(scale.recip())
}

fn to_number(value: &Value) -> Option<f64> {
    // Whole numbers may be written without a decimal point.
    value.as_float().or_else(|| value.as_integer().map(|integer| integer as f64))
}

#[cfg(test)]
mod tests;
