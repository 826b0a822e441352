//! Files that are either whole or absent.

use freeform_simulators::ArrayError;
use std::io::{self, Write};
use std::path::Path;

/// Replaces `path` by `bytes` in one step: neither a crash nor a full disk leaves a torn file.
///
/// # Errors
/// Any I/O error, with the path in its message; the old file is then untouched.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let named = |e: io::Error| io::Error::new(e.kind(), format!("{}: {e}", path.display()));
    freeform_simulators::write_atomically(path, |file| {
        file.write_all(bytes).map_err(|e| WriteError(named(e)))
    })
    .map_err(|WriteError(error)| error)
}

/// Lets the shared writer report its own errors beside ours.
struct WriteError(io::Error);

impl From<ArrayError> for WriteError {
    fn from(error: ArrayError) -> Self {
        Self(io::Error::other(error))
    }
}
