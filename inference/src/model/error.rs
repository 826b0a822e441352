//! What can be wrong with a model on disk.

/// A model that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// Reading or writing a file failed.
    #[error("model: {0}")]
    Io(#[from] std::io::Error),
    /// No model there.
    #[error("{path} holds no model (no {file}); train one with `freeform train --out {path}`")]
    Missing {
        /// The folder.
        path: String,
        /// The file that is missing.
        file: &'static str,
    },
    /// A file is damaged or foreign.
    #[error("model file {path}: {reason}")]
    Invalid {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Written by another version.
    #[error("model {path} has format version {found}; this program reads version {expected}")]
    Version {
        /// The file.
        path: String,
        /// Its version.
        found: u64,
        /// Ours.
        expected: u64,
    },
    /// The weights are not those that the description was written with.
    #[error(
        "model file {path} is damaged: its checksum is not the one in model.toml; copy it again \
         or retrain"
    )]
    Checksum {
        /// The file.
        path: String,
    },
}
