//! What can be wrong with a set of simulations.

use std::path::{Path, PathBuf};

use thiserror::Error;

/// A set of simulations that cannot be made or gone on with.
#[derive(Debug, Error)]
pub enum SetError {
    /// A table could not be written.
    #[error(transparent)]
    Array(#[from] crate::ArrayError),
    /// The operating system refused.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// `read`, `list`, `create`, `write` or `remove`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The output name is taken by something else.
    #[error("{path} {reason}; choose another name, or add --overwrite to start anew")]
    Foreign {
        /// The file or folder.
        path: PathBuf,
        /// What it holds.
        reason: String,
    },
    /// The set is larger than what was asked for.
    #[error(
        "{path} holds {found} simulations already, more than {asked}: ask for more to extend it, \
         choose another name, or add --overwrite to start anew"
    )]
    Larger {
        /// The set.
        path: PathBuf,
        /// How many it holds.
        found: u64,
        /// How many were asked for.
        asked: u64,
    },
}

impl SetError {
    pub(super) fn io(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }

    pub(super) fn foreign(path: &Path, reason: impl Into<String>) -> Self {
        Self::Foreign { path: path.to_owned(), reason: reason.into() }
    }
}
