//! What can be wrong with a configuration.

/// A configuration that cannot be used; the message names the key, the value and the fix.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("config {path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The text is not TOML, or a value has the wrong type.
    #[error("config: {0}")]
    Syntax(String),
    /// A key that no setting has.
    #[error("config: unknown key `{key}`{}", nearest.as_ref().map_or(String::new(), |n| format!("; did you mean `{n}`?")))]
    UnknownKey {
        /// The dotted key.
        key: String,
        /// The nearest known key.
        nearest: Option<String>,
    },
    /// A value out of its range.
    #[error("config: `{key}` is {value}, but must be {requirement}")]
    OutOfRange {
        /// The dotted key.
        key: &'static str,
        /// The value given.
        value: String,
        /// What is allowed.
        requirement: &'static str,
    },
}
