//! Finished chunks of a run under way, in `OUT.parts/`.
//!
//! A chunk is its description's length (u64, little-endian), the description, the arrays as
//! little-endian f64 (f32 in a set of single precision), row-major, and the BLAKE3 of all that;
//! chunks of format 1 lack the last array and the checksum.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::buffer::Buffer;
use super::checksum::Hashing;
use super::description::{Description, Origin};
use super::{ARRAYS, SetError};
use crate::write_atomically;

const ENDING: &str = "chunk";
/// Longer descriptions are none.
const LONGEST: u64 = 1 << 24;

/// A chunk on disk, found whole.
pub(super) struct Chunk {
    pub(super) description: Description,
    path: PathBuf,
    /// Where the numbers begin.
    offset: u64,
    /// Of each array, as it was written or found.
    digests: [blake3::Hash; ARRAYS.len()],
}

/// What lies in a folder.
pub(super) struct Listing {
    /// By their first index.
    pub(super) chunks: Vec<Chunk>,
    /// Chunks that are not whole, and are of no use.
    pub(super) damaged: usize,
    /// Whether some are of the earlier version, without a checksum.
    pub(super) unchecked: usize,
}

impl Chunk {
    /// Writes a buffer into `folder`, whole or not at all.
    pub(super) fn write(folder: &Path, buffer: &Buffer, origin: &Origin) -> Result<Self, SetError> {
        fs::create_dir_all(folder).map_err(|e| SetError::io("create", folder, e))?;
        let description = buffer.description(origin);
        let text = description.text();
        // Chunks of different origins never take each other's names.
        let name = format!("{:012}-{:012}-{}.{ENDING}", buffer.start, buffer.end, origin.tag());
        let path = folder.join(name);
        let mut digests = [blake3::hash(&[]); ARRAYS.len()];
        write_atomically(&path, |file| -> Result<(), SetError> {
            let mut write = || {
                let mut whole = Hashing::new(file);
                whole.write_all(&(text.len() as u64).to_le_bytes())?;
                whole.write_all(text.as_bytes())?;
                for (which, digest) in digests.iter_mut().enumerate() {
                    let mut part = Hashing::new(&mut whole);
                    buffer.write(which, origin.precision, &mut part)?;
                    *digest = part.hasher.finalize();
                }
                let checksum = whole.hasher.finalize();
                file.write_all(checksum.as_bytes())
            };
            write().map_err(|e| SetError::io("write", &path, e))
        })?;
        let offset = 8 + text.len() as u64;
        Ok(Self { description, path, offset, digests })
    }

    /// All chunks in `folder`.
    pub(super) fn list(folder: &Path) -> Result<Listing, SetError> {
        let mut listing = Listing { chunks: Vec::new(), damaged: 0, unchecked: 0 };
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(listing),
            other => other.map_err(|e| SetError::io("list", folder, e))?,
        };
        for entry in entries {
            let path = entry.map_err(|e| SetError::io("list", folder, e))?.path();
            if path.extension().is_some_and(|ending| ending == ENDING) {
                match Self::read(&path).map_err(|e| SetError::io("read", &path, e))? {
                    Some(chunk) => {
                        listing.unchecked += usize::from(!chunk.description.has_checksum());
                        listing.chunks.push(chunk);
                    }
                    None => listing.damaged += 1,
                }
            }
        }
        listing.chunks.sort_by_key(|chunk| (chunk.description.start, chunk.description.end));
        Ok(listing)
    }

    /// The chunk in this file, unless it is damaged: then it is made again.
    fn read(path: &Path) -> io::Result<Option<Self>> {
        if !fs::metadata(path)?.is_file() {
            return Ok(None);
        }
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        let mut file = BufReader::with_capacity(1 << 16, file);
        let mut length = [0; 8];
        if size < 8 {
            return Ok(None);
        }
        file.read_exact(&mut length)?;
        let mut whole = blake3::Hasher::new();
        whole.update(&length);
        let length = u64::from_le_bytes(length);
        if length > LONGEST || length > size - 8 {
            return Ok(None);
        }
        let mut text = vec![0; length as usize];
        file.read_exact(&mut text)?;
        whole.update(&text);
        let parsed = String::from_utf8(text).ok().and_then(|text| Description::parse(&text));
        let Some(description) = parsed else { return Ok(None) };
        let (offset, sizes) = (8 + length, description.sizes());
        let checksum = if description.has_checksum() { blake3::OUT_LEN as u64 } else { 0 };
        let expected = sizes.iter().fold(offset + checksum, |sum, size| sum.saturating_add(*size));
        if expected != size {
            return Ok(None);
        }
        let mut digests = [blake3::hash(&[]); ARRAYS.len()];
        for (size, digest) in sizes.into_iter().zip(&mut digests) {
            let mut part = Hashing::new(&mut whole);
            if io::copy(&mut file.by_ref().take(size), &mut part)? != size {
                return Ok(None);
            }
            *digest = part.hasher.finalize();
        }
        let mut found = Vec::new();
        file.take(checksum).read_to_end(&mut found)?;
        if description.has_checksum() && found != whole.finalize().as_bytes() {
            return Ok(None);
        }
        Ok(Some(Self { description, path: path.to_owned(), offset, digests }))
    }

    /// Copies one of the arrays to `writer`.
    pub(super) fn copy(&self, which: usize, writer: &mut impl Write) -> io::Result<()> {
        let sizes = self.description.sizes();
        let (skip, size) = (sizes[..which].iter().sum::<u64>(), sizes[which]);
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.offset + skip))?;
        let mut writer = Hashing::new(writer);
        let copied = io::copy(&mut file.take(size), &mut writer)?;
        if copied == size && writer.hasher.finalize() == self.digests[which] {
            return Ok(());
        }
        Err(io::Error::other(format!(
            "{} was changed since it was checked; start the command again, which goes on",
            self.path.display()
        )))
    }

    /// Bytes of numbers.
    pub(super) fn bytes(&self) -> u64 {
        self.description.sizes().iter().sum()
    }
}

/// The first index of a chunk, as its name says.
fn start_of(path: &Path) -> Option<u64> {
    path.file_name()?.to_str()?.strip_suffix(".chunk")?.split('-').next()?.parse().ok()
}

/// Removes the chunks of simulations before `end`, damaged and half-written ones too, and their folder once
/// it is empty. What lies further on, of a larger set that was begun, is kept for it.
pub(super) fn clear(folder: &Path, end: u64) -> Result<(), SetError> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(SetError::io("remove", folder, error)),
    };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return failed(error),
    };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let ours = [ENDING, "tmp"].iter().any(|ours| path.extension().is_some_and(|e| e == *ours));
        let beyond = start_of(&path).is_some_and(|start| start >= end);
        if ours && !beyond {
            fs::remove_file(&path).or_else(failed)?;
        }
    }
    // Someone else's files in there are left alone, and so is the folder then.
    let _ = fs::remove_dir(folder);
    Ok(())
}
