//! The written form of a prior, `prior.toml`.
//!
//! Parsed by hand over [`toml::Table`], because every error should name the parameter, the
//! field, the value and the fix.

use std::fs;
use std::path::Path;

use toml::{Table, Value};

use super::{Law, Marginal, MultivariateNormal, Prior, PriorError};
use crate::nearest::suggest;

const DISTRIBUTIONS: [&str; 7] =
    ["uniform", "normal", "lognormal", "exponential", "gamma", "beta", "student_t"];

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
    let fix = format!("one of {}", DISTRIBUTIONS.join(", "));
    let distribution = text(&place, entry, "distribution", &fix)?;
    let keys =
        |fields: &[&str]| known_keys(&place, entry, &[&["name", "distribution"], fields].concat());
    let number = |field: &str| number(&name, entry, field);
    let marginal = match distribution.as_str() {
        "uniform" => {
            keys(&["low", "high"])?;
            Marginal::Uniform { low: number("low")?, high: number("high")? }
        }
        "normal" => {
            keys(&["mean", "std"])?;
            Marginal::Normal { mean: number("mean")?, std: number("std")? }
        }
        "lognormal" => {
            keys(&["location", "scale"])?;
            Marginal::LogNormal { location: number("location")?, scale: number("scale")? }
        }
        "exponential" => {
            keys(&["rate"])?;
            Marginal::Exponential { rate: number("rate")? }
        }
        "gamma" => {
            keys(&["shape", "rate"])?;
            Marginal::Gamma { shape: number("shape")?, rate: number("rate")? }
        }
        "beta" => {
            keys(&["alpha", "beta"])?;
            Marginal::Beta { alpha: number("alpha")?, beta: number("beta")? }
        }
        "student_t" => {
            keys(&["degrees_of_freedom", "location", "scale"])?;
            let degrees_of_freedom = number("degrees_of_freedom")?;
            let (location, scale) = (number("location")?, number("scale")?);
            Marginal::StudentT { degrees_of_freedom, location, scale }
        }
        _ => {
            let suggestion = suggest(&distribution, &DISTRIBUTIONS);
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

fn to_number(value: &Value) -> Option<f64> {
    // Whole numbers may be written without a decimal point.
    value.as_float().or_else(|| value.as_integer().map(|integer| integer as f64))
}
