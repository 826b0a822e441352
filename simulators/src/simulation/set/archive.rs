//! The finished table: an `.npz` written and read as a stream, whatever its size.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use super::SetError;
use super::chunk::{Buffer, Chunk, write_numbers};
use super::description::Description;
use crate::arrays::npy::header_bytes;
use crate::write_atomically;

const ENTRIES: [&str; 2] = ["theta.npy", "x.npy"];

/// What a table consists of, in order.
pub(super) struct Parts<'a> {
    /// The finished table that is extended.
    pub(super) base: Option<&'a Path>,
    pub(super) chunks: &'a [Chunk],
    pub(super) tail: &'a Buffer,
}

/// The description of the table at `path`: `None` if there is no file.
pub(super) fn describe(path: &Path) -> Result<Option<Description>, SetError> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(|e| SetError::io("read", path, e))?,
    };
    let archive = ZipArchive::new(BufReader::new(file)).ok();
    let found = archive
        .and_then(|archive| Description::parse(std::str::from_utf8(archive.comment()).ok()?));
    found
        .map(Some)
        .ok_or_else(|| SetError::foreign(path, "exists, but was not made by `freeform simulate`"))
}

/// Writes the table that `description` describes, whole or not at all.
pub(super) fn write(path: &Path, parts: &Parts, description: Description) -> Result<(), SetError> {
    write_atomically(path, |file| {
        let precision = description.origin.precision;
        let columns = [description.origin.parameter_dim, description.origin.data_dim];
        let rows = description.rows;
        let fill = || -> io::Result<()> {
            let mut archive = ZipWriter::new(file);
            for (which, (name, columns)) in ENTRIES.into_iter().zip(columns).enumerate() {
                let header = header_bytes(precision.descriptor(), &[rows, columns as u64]);
                let size = header.len() as u64 + rows * (precision.size() * columns) as u64;
                let options = SimpleFileOptions::default()
                    .compression_method(CompressionMethod::Stored)
                    .last_modified_time(DateTime::default())
                    .large_file(size >= u64::from(u32::MAX));
                archive.start_file(name, options)?;
                archive.write_all(&header)?;
                if let Some(base) = parts.base {
                    copy_entry(base, name, &mut archive)?;
                }
                for chunk in parts.chunks {
                    chunk.copy(which, &mut archive)?;
                }
                let tail = if which == 0 { &parts.tail.theta } else { &parts.tail.x };
                write_numbers(&mut archive, precision, tail)?;
            }
            archive.set_comment(description.final_text())?;
            archive.finish()?;
            Ok(())
        };
        fill().map_err(|e| SetError::io("write", path, e))
    })
}

/// Copies the numbers of an entry that [`write`] made.
fn copy_entry(path: &Path, name: &str, writer: &mut impl Write) -> io::Result<()> {
    let mut archive = ZipArchive::new(BufReader::new(File::open(path)?))?;
    let mut entry = archive.by_name(name)?;
    let mut start = [0; 10];
    entry.read_exact(&mut start)?;
    let length = u64::from(u16::from_le_bytes([start[8], start[9]]));
    io::copy(&mut entry.by_ref().take(length), &mut io::sink())?;
    io::copy(&mut entry, writer)?;
    Ok(())
}
