//! Files that are either whole or absent.

use freeform_simulators::ArrayError;
use std::io::{self, Write};
use std::path::Path;

/// Replaces `path` by `bytes` in one step: neither a crash nor a full disk leaves a torn file.
///
/// # Errors
/// Any I/O error, with the path in its message; the old file is then untouched.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    freeform_simulators::write_atomically(path, |file| {
        file.write_all(bytes).map_err(|source| ArrayError::io("write", path, source))
    })
    .map_err(io::Error::other)
}
