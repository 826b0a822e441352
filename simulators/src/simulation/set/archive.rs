//! The finished table: an `.npz` written and read as a stream, whatever its size.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use ndarray::Array2;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use super::buffer::Buffer;
use super::checksum::{is_whole, placeholder, seal, strip};
use super::chunk::Chunk;
use super::description::Description;
use super::{ARRAYS, SetError};
use crate::arrays::npy::header_bytes;
use crate::write_atomically;

/// What a table consists of, in order.
pub(super) struct Parts<'a> {
    /// The finished table that is extended, and whether it holds the parameters of failures.
    pub(super) base: Option<(&'a Path, bool)>,
    pub(super) chunks: &'a [Chunk],
    pub(super) tail: &'a Buffer,
}

/// Checks that a table made by [`simulate_set`](super::simulate_set) holds the bytes that were
/// written. `false` for tables without a checksum: of an earlier version, or made by others.
///
/// # Errors
/// [`SetError::Damaged`], or [`SetError::Io`].
pub fn check_set(path: impl AsRef<Path>) -> Result<bool, SetError> {
    Ok(matches!(open(path.as_ref())?, Found::Set(description) if description.has_checksum()))
}

/// The parameters of the failed simulations of a table made by
/// [`simulate_set`](super::simulate_set), `[m, D]`, in the order of the index. `None` for tables
/// that do not hold them: of an earlier version, or made by others; and for what is no file.
///
/// # Errors
/// [`SetError::Damaged`], or [`SetError::Io`].
pub fn read_theta_failed(path: impl AsRef<Path>) -> Result<Option<Array2<f64>>, SetError> {
    let path = path.as_ref();
    // `open` speaks to those who write a table; who reads one says that this is none.
    if path.metadata().is_ok_and(|found| !found.is_file()) {
        return Ok(None);
    }
    let Found::Set(description) = open(path)? else { return Ok(None) };
    let Some(rows) = description.failed_rows else { return Ok(None) };
    let mut bytes = Vec::new();
    copy_array(path, 2, &mut bytes).map_err(|e| SetError::io("read", path, e))?;
    let numbers = description.origin.precision.numbers(&bytes);
    let shape = (rows as usize, description.origin.parameter_dim);
    Array2::from_shape_vec(shape, numbers)
        .map(Some)
        .map_err(|e| SetError::io("read", path, io::Error::other(e)))
}

/// The description of the table at `path`, which is whole: `None` if there is no file.
pub(super) fn describe(path: &Path) -> Result<Option<Description>, SetError> {
    match open(path)? {
        Found::Nothing => Ok(None),
        Found::Set(description) => Ok(Some(description)),
        Found::Foreign => {
            Err(SetError::foreign(path, "exists, but was not made by `freeform simulate`"))
        }
    }
}

/// What lies at a path.
pub(super) enum Found {
    Nothing,
    /// Not made by us.
    Foreign,
    Set(Description),
}

/// Looks at `path`; a file with a checksum is whole.
pub(super) fn open(path: &Path) -> Result<Found, SetError> {
    let failed = |e| SetError::io("read", path, e);
    match path.metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(failed(error)),
        // Reading a pipe would wait for ever.
        Ok(found) if !found.is_file() => {
            return Err(SetError::foreign(path, "exists, but is not a file"));
        }
        Ok(_) => {}
    }
    let damaged = || SetError::Damaged { path: path.to_owned() };
    let mut file = File::open(path).map_err(failed)?;
    let whole = is_whole(&mut file).map_err(failed)?;
    if whole == Some(false) {
        return Err(damaged());
    }
    let archive = ZipArchive::new(BufReader::new(file)).ok();
    let comment = archive.map(|archive| archive.comment().to_vec()).unwrap_or_default();
    let comment = String::from_utf8_lossy(&comment);
    let description = Description::parse(strip(&comment));
    // One of ours always has its checksum, unless it is of an earlier version.
    let lacks = match &description {
        Some(description) => description.has_checksum() && whole.is_none(),
        None => comment.contains("[origin]"),
    };
    if lacks {
        return Err(damaged());
    }
    Ok(description.map_or(Found::Foreign, Found::Set))
}

/// What the system said, not that there was something.
fn plain(error: ZipError) -> io::Error {
    match error {
        ZipError::Io(error) => error,
        other => io::Error::other(other),
    }
}

/// Writes the table that `description` describes, whole or not at all.
pub(super) fn write(path: &Path, parts: &Parts, description: Description) -> Result<(), SetError> {
    write_atomically(path, |file| {
        let (rows, failed) = (description.rows, description.failed_rows);
        let precision = description.origin.precision;
        let (parameters, data) = (description.origin.parameter_dim, description.origin.data_dim);
        let mut tables = vec![(rows, parameters), (rows, data)];
        tables.extend(failed.map(|failed| (failed, parameters)));
        let fill = || -> io::Result<()> {
            let mut archive = ZipWriter::new(&mut *file);
            for (which, (rows, columns)) in tables.into_iter().enumerate() {
                let header = header_bytes(precision.descriptor(), &[rows, columns as u64]);
                let size = header.len() as u64 + rows * (precision.size() * columns) as u64;
                let options = SimpleFileOptions::default()
                    .compression_method(CompressionMethod::Stored)
                    .last_modified_time(DateTime::default())
                    .large_file(size >= u64::from(u32::MAX));
                archive.start_file(entry(which), options).map_err(plain)?;
                archive.write_all(&header)?;
                match parts.base {
                    Some((base, has_failed)) if which < 2 || has_failed => {
                        copy_array(base, which, &mut archive)?;
                    }
                    _ => {}
                }
                for chunk in parts.chunks {
                    chunk.copy(which, &mut archive)?;
                }
                parts.tail.write(which, precision, &mut archive)?;
            }
            archive.set_comment(description.final_text() + &placeholder()).map_err(plain)?;
            archive.finish().map_err(plain)?;
            seal(file)
        };
        fill().map_err(|e| SetError::io("write", path, e))
    })
}

/// The name of an array's entry.
fn entry(which: usize) -> String {
    format!("{}.npy", ARRAYS[which])
}

/// Copies the numbers of an array that [`write`] wrote; the archive's own checksum is verified.
fn copy_array(path: &Path, which: usize, writer: &mut impl Write) -> io::Result<()> {
    let mut archive = ZipArchive::new(BufReader::new(File::open(path)?))?;
    let mut entry = archive.by_name(&entry(which))?;
    let mut start = [0; 10];
    entry.read_exact(&mut start)?;
    let length = u64::from(u16::from_le_bytes([start[8], start[9]]));
    io::copy(&mut entry.by_ref().take(length), &mut io::sink())?;
    io::copy(&mut entry, writer)?;
    Ok(())
}
