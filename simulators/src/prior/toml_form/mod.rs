//! The written form of a prior, `prior.toml`.
//!
//! Parsed by hand over [`toml::Table`], because every error should name the parameter, the
//! field, the value and the fix.

mod entry;
mod fields;
mod write;

use std::fs;
use std::path::Path;

use toml::{Table, Value};

use super::{MultivariateNormal, Prior, PriorError};
use fields::{known_keys, missing, numbers, rows, texts};

pub(super) use entry::{FOLDER, PROGRAM};

impl Prior {
    /// Reads the TOML form, one entry a column of θ, or several in one entry:
    ///
    /// ```toml
    /// [[parameter]]
    /// name = "beta"
    /// distribution = "lognormal"   # or any other of docs/priors.md
    /// location = -0.9
    /// scale = 0.5
    ///
    /// [[parameter]]
    /// names = ["first", "second"]
    /// distribution = "normal"
    /// mean = 0.0
    /// std = "beta"                 # given by another parameter
    /// ordered = true               # first < second
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

    /// Reads `prior.toml`, as [`Prior::from_toml_str`]; programs in it are run in its folder.
    ///
    /// # Errors
    /// As [`Prior::from_toml_str`], with the file's name.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, PriorError> {
        let path = path.as_ref();
        let text = fs::read_to_string(path)
            .map_err(|source| PriorError::Io { path: path.to_owned(), source })?;
        let table = text.parse().map_err(|error: toml::de::Error| {
            PriorError::Toml(error.to_string().trim_end().to_owned())
        });
        table.and_then(|table| Self::from_table_in(table, path)).map_err(|source| {
            PriorError::InFile { path: path.to_owned(), source: Box::new(source) }
        })
    }

    /// The prior of a table in the file at `path`, in whose folder programs are run.
    pub(crate) fn from_table_in(mut table: Table, path: &Path) -> Result<Self, PriorError> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or_else(|| Path::new("."));
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        if let Some(Value::Array(entries)) = table.get_mut("parameter") {
            for entry in entries.iter_mut().filter_map(Value::as_table_mut) {
                let is_program = entry.get("distribution").and_then(Value::as_str) == Some(PROGRAM);
                if is_program && !entry.contains_key(FOLDER) {
                    entry.insert(FOLDER.to_owned(), folder.display().to_string().into());
                }
            }
        }
        Self::try_from(table)
    }

    /// The TOML form, which reads back to the same prior.
    #[must_use]
    pub fn to_toml(&self) -> String {
        Table::from(self.clone()).to_string()
    }

    /// A text that is equal for equal priors only: the TOML form, but for the folders of programs, which
    /// may move.
    #[must_use]
    pub fn identity(&self) -> String {
        let mut table = Table::from(self.clone());
        if let Some(Value::Array(entries)) = table.get_mut("parameter") {
            for entry in entries.iter_mut().filter_map(Value::as_table_mut) {
                entry.remove(FOLDER);
            }
        }
        table.to_string()
    }
}

impl TryFrom<Table> for Prior {
    type Error = PriorError;

    fn try_from(root: Table) -> Result<Self, PriorError> {
        known_keys("the prior", &root, &["parameter", "multivariate_normal"])?;
        match (root.get("parameter"), root.get("multivariate_normal")) {
            (Some(parameters), None) => {
                let entries =
                    parameters.as_array().filter(|entries| entries.iter().all(Value::is_table));
                let entries = entries.ok_or_else(|| PriorError::MissingField {
                    place: "the prior".into(),
                    field: "parameter".into(),
                    fix: "write one [[parameter]] table, in double brackets, for each parameter"
                        .into(),
                })?;
                let tables = entries.iter().filter_map(Value::as_table).enumerate();
                let blocks: Result<Vec<_>, _> =
                    tables.map(|(i, entry)| entry::block(i, entry)).collect();
                Self::joint(blocks?)
            }
            (None, Some(law)) => multivariate_normal(law),
            (None, None) => Err(PriorError::NoParameters),
            (Some(_), Some(_)) => Err(PriorError::BadValue {
                parameter: "(all)".into(),
                field: "multivariate_normal".into(),
                value: "given beside [[parameter]]".into(),
                requirement:
                    "write one or the other, or the correlated ones as a [[parameter]] with \
                              names = [...] and distribution = \"multivariate_normal\""
                        .into(),
            }),
        }
    }
}

fn multivariate_normal(value: &Value) -> Result<Prior, PriorError> {
    const PLACE: &str = "multivariate_normal";
    let entry = value.as_table().ok_or_else(|| {
        missing(PLACE, "mean", "write a [multivariate_normal] table with mean and covariance")
    })?;
    known_keys(PLACE, entry, &["names", "mean", "covariance"])?;
    let law = normal(PLACE, entry)?;
    let names = entry.get("names").map(|names| {
        texts(names)
            .ok_or_else(|| missing(PLACE, "names", "write a list of texts, or leave it out"))
    });
    Prior::multivariate_normal(law, names.transpose()?)
}

/// The law of an entry with mean and covariance.
fn normal(place: &str, entry: &Table) -> Result<MultivariateNormal, PriorError> {
    let mean = entry
        .get("mean")
        .and_then(numbers)
        .ok_or_else(|| missing(place, "mean", "write a list of numbers, e.g. mean = [0.0, 0.0]"))?;
    let covariance = entry.get("covariance").and_then(rows).ok_or_else(|| {
        missing(place, "covariance", "write a list of rows, e.g. [[1.0, 0.0], [0.0, 1.0]]")
    })?;
    MultivariateNormal::new(mean, covariance)
}

#[cfg(test)]
mod tests;
