//! Files that are either whole or absent.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::ArrayError;

/// Writes a file so that a reader, a crash or a full disk never leaves half of it: the content
/// goes to a temporary name in the same directory, is synced to disk and then renamed.
///
/// # Errors
/// [`ArrayError::Io`] if the directory cannot be written, and whatever `write` returns.
pub fn write_atomically<E: From<ArrayError>>(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> Result<(), E>,
) -> Result<(), E> {
    let temporary = temporary_beside(path)?;
    let result = fill(path, &temporary, write);
    if result.is_err() {
        // The first error is the one worth telling; the temporary file may not even exist.
        let _ = fs::remove_file(&temporary);
    }
    result
}

/// Replaces `path` by `bytes` in one step, as [`write_atomically`] does.
///
/// # Errors
/// Any I/O error, with the path in its message; the old file is then untouched.
pub fn write_bytes_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let named = |e: io::Error| io::Error::new(e.kind(), format!("{}: {e}", path.display()));
    write_atomically(path, |file| file.write_all(bytes).map_err(|e| Unwritten(named(e))))
        .map_err(|Unwritten(error)| error)
}

/// Lets the shared writer report its own errors beside those of `write_all`.
struct Unwritten(io::Error);

impl From<ArrayError> for Unwritten {
    fn from(error: ArrayError) -> Self {
        Self(io::Error::other(error))
    }
}

fn fill<E: From<ArrayError>>(
    path: &Path,
    temporary: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> Result<(), E>,
) -> Result<(), E> {
    let io = |source| ArrayError::io("write", path, source);
    let mut writer = BufWriter::with_capacity(1 << 18, File::create(temporary).map_err(io)?);
    write(&mut writer)?;
    writer.flush().map_err(io)?;
    writer.get_ref().sync_all().map_err(io)?;
    drop(writer);
    fs::rename(temporary, path).map_err(|source| ArrayError::io("replace", path, source))?;
    sync_directory(path).map_err(io)?;
    Ok(())
}

/// A name that no other thread or process uses at the same time.
fn temporary_beside(path: &Path) -> Result<PathBuf, ArrayError> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let Some(name) = path.file_name() else {
        let source = io::Error::new(io::ErrorKind::InvalidInput, "it does not name a file");
        return Err(ArrayError::io("write", path, source));
    };
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    let hidden = format!(".{}.{}.{count}.tmp", name.to_string_lossy(), std::process::id());
    Ok(path.with_file_name(hidden))
}

/// Makes the rename itself durable; only Unix lets a directory be opened and synced.
fn sync_directory(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        File::open(directory)?.sync_all()?;
    }
    Ok(())
}
