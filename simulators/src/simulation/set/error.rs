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
    /// Another process is at work on the set.
    #[error(transparent)]
    Ownership(#[from] crate::OwnershipError),
    /// The set's bytes are not those that were written.
    #[error(
        "{path} is damaged: it does not match its checksum; restore it from a copy, or add \
         --overwrite to simulate it again"
    )]
    Damaged {
        /// The set.
        path: PathBuf,
    },
    /// The simulator is not what it was when the run began.
    #[error(
        "{path}: the program's files were changed while it ran, so what it gave since is not kept; put them \
         back and run the same command again to go on with the program as it was, or add --overwrite to \
         begin with the new one"
    )]
    ChangedMeanwhile {
        /// The set.
        path: PathBuf,
    },
    /// The set does not fit on the disk.
    #[error(
        "{path}: {n} simulations of {columns} numbers each (-n) need {needed} on disk, but {free} are free \
         there; ask for fewer, or choose another place"
    )]
    NoRoom {
        /// The set.
        path: PathBuf,
        /// Simulations asked for.
        n: u64,
        /// Numbers in one.
        columns: usize,
        /// Bytes, in words.
        needed: String,
        /// Bytes, in words.
        free: String,
    },
    /// The set is larger than what was asked for.
    #[error(
        "{path} holds more simulations already, {found}, than {asked}: ask for more to extend it, \
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
