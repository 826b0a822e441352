//! What can be wrong with a prior.

use std::path::PathBuf;

use thiserror::Error;

/// A prior that cannot be built, read or written.
#[derive(Debug, Error)]
pub enum PriorError {
    /// No parameters at all.
    #[error("the prior has no parameters; add a [[parameter]] entry or [multivariate_normal]")]
    NoParameters,
    /// A number outside what its distribution allows.
    #[error("parameter \"{parameter}\": {field} = {value} is not allowed: {requirement}")]
    BadValue {
        /// Name of the parameter.
        parameter: String,
        /// The field at fault.
        field: String,
        /// Its value.
        value: String,
        /// What would do.
        requirement: String,
    },
    /// A field that must be there is not.
    #[error("{place}: field \"{field}\" is missing; {fix}")]
    MissingField {
        /// Where.
        place: String,
        /// The field.
        field: String,
        /// What to write.
        fix: String,
    },
    /// A key or distribution that is not known.
    #[error("{place}: unknown {kind} \"{found}\"; {suggestion}")]
    Unknown {
        /// Where.
        place: String,
        /// `key` or `distribution`.
        kind: &'static str,
        /// What was written.
        found: String,
        /// The nearest known name and the list of all.
        suggestion: String,
    },
    /// Two parameters share a name.
    #[error("two parameters are called \"{0}\"; give each its own name")]
    DuplicateName(String),
    /// Mean, covariance and names disagree in length.
    #[error("multivariate_normal: {field} has length {found}, mean {expected}")]
    Dimension {
        /// The field at fault.
        field: String,
        /// Its length.
        found: usize,
        /// The length of the mean.
        expected: usize,
    },
    /// The covariance is not one.
    #[error("multivariate_normal: covariance is not {requirement}, see entry [{row}][{column}]")]
    Covariance {
        /// `symmetric` or `positive definite`.
        requirement: &'static str,
        /// Row of the first entry at fault, from 0.
        row: usize,
        /// Column of the first entry at fault, from 0.
        column: usize,
    },
    /// Laws that are given by each other.
    #[error(
        "the laws of these parameters are given by each other in a circle: {0}; give one of them by \
         numbers"
    )]
    Circular(String),
    /// A law of one's own that cannot be used.
    #[error("the law \"{law}\" of {parameters}: {reason}")]
    Own {
        /// Its name, or its command.
        law: String,
        /// The parameters that it is of.
        parameters: String,
        /// What is wrong, and the fix.
        reason: String,
    },
    /// The text is not TOML.
    #[error("the prior is not valid TOML: {0}")]
    Toml(String),
    /// The file cannot be read.
    #[error("cannot read {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The error above, in a file.
    #[error("{path}: {source}")]
    InFile {
        /// The file.
        path: PathBuf,
        /// What is wrong in it.
        source: Box<PriorError>,
    },
}
