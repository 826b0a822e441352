//! Files that are either whole or absent.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::abandoned::{clear_temporary_files, temporary_name};
use crate::ArrayError;

/// Writes a file so that a reader, a crash or a full disk never leaves half of it: the content
/// goes to a temporary name in the same directory, is synced to disk and then renamed. The file that
/// `write` is handed can be read too. Temporary files that a killed process left there are removed.
///
/// # Errors
/// [`ArrayError::Io`] if the directory cannot be written, and whatever `write` returns.
pub fn write_atomically<E: From<ArrayError>>(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> Result<(), E>,
) -> Result<(), E> {
    let temporary = temporary_beside(path)?;
    clear_temporary_files(folder_of(path));
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
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(true);
    let mut writer = BufWriter::with_capacity(1 << 18, options.open(temporary).map_err(io)?);
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
    Ok(path.with_file_name(temporary_name(&name.to_string_lossy(), count)))
}

/// Makes the rename itself durable; only Unix lets a directory be opened and synced.
fn sync_directory(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder_of(path))?.sync_all()?;
    }
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
