//! What can be wrong with a configuration.

use std::fmt;

/// A configuration that cannot be used; the message names the place, the key, the value and the fix.
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
    /// The text is not TOML, or no assignment.
    #[error("{place}: {reason}")]
    Syntax {
        /// Where it stands.
        place: Box<Place>,
        /// What is wrong.
        reason: String,
    },
    /// A key that no setting has.
    #[error("{place}: unknown key `{key}`{}", nearest.as_ref().map_or(String::new(), |n| format!("; did you mean `{n}`?")))]
    UnknownKey {
        /// Where it stands.
        place: Box<Place>,
        /// The dotted key.
        key: String,
        /// The nearest known key, or all that there are.
        nearest: Option<String>,
    },
    /// A value of another type, or none of those allowed.
    #[error("{place}: `{key}` is {value}, but must be {requirement}")]
    Value {
        /// Where it stands.
        place: Box<Place>,
        /// The dotted key.
        key: String,
        /// The value given.
        value: String,
        /// What is allowed.
        requirement: String,
    },
    /// A value out of its range.
    #[error("{place}: `{key}` is {value}, but must be {requirement}")]
    OutOfRange {
        /// Where it stands.
        place: Box<Place>,
        /// The dotted key.
        key: &'static str,
        /// The value given.
        value: String,
        /// What is allowed.
        requirement: &'static str,
    },
    /// Settings for which the memory does not suffice.
    #[error(
        "{place}: `{key}` is {value}, with which {what} would take {needed} of memory; there are \
         {available}: make it smaller"
    )]
    Memory {
        /// Where it stands.
        place: Box<Place>,
        /// The dotted key that takes most.
        key: &'static str,
        /// Its value.
        value: usize,
        /// What takes the memory.
        what: &'static str,
        /// How much that is.
        needed: String,
        /// How much there is.
        available: String,
    },
}

/// Where a setting stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// In a preset, or wherever a program made it.
    #[default]
    Settings,
    /// In a text, or a file of this name.
    Line {
        /// The file.
        path: Option<String>,
        /// Line, from 1.
        line: usize,
    },
    /// An assignment such as those of `--set`.
    Assignment(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings => f.write_str("settings"),
            Self::Line { path: Some(path), line } => write!(f, "{path}, line {line}"),
            Self::Line { path: None, line } => write!(f, "settings, line {line}"),
            Self::Assignment(text) => write!(f, "setting {text}"),
        }
    }
}
