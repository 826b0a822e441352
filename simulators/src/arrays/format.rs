//! Which format a file's name means: one rule for every table that is read or written.

use std::path::Path;
use std::{fs, io};

use super::ArrayError;

/// The endings of tables.
pub(super) const ENDINGS: &str = ".npy, .npz, .csv, .tsv, .txt or .dat";

/// A format of tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// numpy's single array.
    Npy,
    /// numpy's archive of arrays.
    Npz,
    /// Text, one row a line. It is written with this separator; what is read tells its own.
    Text { separator: u8 },
}

impl Format {
    /// By the name's ending, in either case.
    pub(crate) fn of(path: &Path) -> Result<Self, ArrayError> {
        let extension = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
        match extension.as_deref() {
            Some("npy") => Ok(Self::Npy),
            Some("npz") => Ok(Self::Npz),
            Some("csv") => Ok(Self::Text { separator: b',' }),
            Some("tsv") => Ok(Self::Text { separator: b'\t' }),
            Some("txt" | "dat") => Ok(Self::Text { separator: b' ' }),
            _ => Err(ArrayError::unknown_extension(path, ENDINGS)),
        }
    }
}

/// Sees to it that a table can be written to `path`, before anything is computed for it: the name's
/// ending is known, its folder exists (it is made if need be) and takes files.
///
/// # Errors
/// [`ArrayError::UnknownExtension`] or [`ArrayError::Io`].
pub fn prepare_output(path: impl AsRef<Path>) -> Result<(), ArrayError> {
    let path = path.as_ref();
    Format::of(path)?;
    prepare_place(path)
}

/// Sees to it that a file can be at `path`.
pub(super) fn prepare_place(path: &Path) -> Result<(), ArrayError> {
    if path.is_dir() {
        let source = io::Error::new(io::ErrorKind::IsADirectory, "it is a folder");
        return Err(ArrayError::io("write", path, source));
    }
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let prepare = || {
        fs::create_dir_all(folder)?;
        // Gone with its handle.
        tempfile::tempfile_in(folder).map(drop)
    };
    prepare().map_err(|source| ArrayError::io("write", path, source))
}
