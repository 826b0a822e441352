//! numpy's archive of arrays, compressed or not.

use std::fs::File;
use std::io::{BufReader, Read, Seek, Write};
use std::path::{Path, PathBuf};

use ndarray::{ArrayView, Dimension};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use super::npy::{self, Number, Numbers};
use super::{ArrayError, TableOptions};

/// Deflate makes its input at most so many times smaller: who claims more lies.
const DEFLATE_LIMIT: u64 = 1032;
/// Arrays up to this size may be compressed as well as they can.
const SMALL: u64 = 64 << 20;
/// Larger ones only so many times: a few bytes must not fill the memory.
const LARGE_RATIO: u64 = 100;

/// An `.npz` file, opened.
pub(super) struct Archive {
    path: PathBuf,
    zip: ZipArchive<BufReader<File>>,
    length: u64,
    /// Names of the arrays, by their place in the archive.
    names: Vec<String>,
}

impl Archive {
    pub(super) fn open(path: &Path) -> Result<Self, ArrayError> {
        let (file, length) = npy::open(path)?;
        let malformed = |error| ArrayError::malformed(path, "npz", error);
        let zip = ZipArchive::new(BufReader::with_capacity(1 << 16, file)).map_err(malformed)?;
        // Depending on who wrote the archive, names carry the inner file's ending.
        let inner = |name: &str| name.strip_suffix(".npy").unwrap_or(name).to_owned();
        let names = zip.file_names().map(|name| Ok(inner(&name.map_err(malformed)?)));
        let names = names.collect::<Result<Vec<_>, ArrayError>>()?;
        Ok(Self { path: path.to_owned(), zip, length, names })
    }

    /// The array that is meant; or, for a table, the only one there is.
    pub(super) fn table(&mut self, options: &TableOptions) -> Result<Numbers, ArrayError> {
        match (options.array, self.names.as_slice()) {
            (Some(name), names) if names.iter().any(|n| n == name) => self.array(name, options),
            (_, [_]) => self.read(0, options),
            (Some(name), _) => Err(self.missing(name)),
            (None, []) => Err(ArrayError::malformed(&self.path, "npz", "it holds no array")),
            (None, _) => Err(ArrayError::SeveralArrays {
                path: self.path.clone(),
                found: super::error::shorten(&self.names.join(", "), 200),
            }),
        }
    }

    /// The array of this name.
    pub(super) fn array(
        &mut self,
        name: &'static str,
        options: &TableOptions,
    ) -> Result<Numbers, ArrayError> {
        let mut places = (0..self.names.len()).filter(|&place| self.names[place] == name);
        match (places.next(), places.next()) {
            (Some(place), None) => self.read(place, options),
            (None, _) => Err(self.missing(name)),
            _ => {
                Err(ArrayError::malformed(&self.path, "npz", format!("it holds two arrays {name}")))
            }
        }
    }

    fn missing(&self, name: &'static str) -> ArrayError {
        let found = match self.names.as_slice() {
            [] => "nothing".to_owned(),
            names => super::error::shorten(&names.join(", "), 200),
        };
        ArrayError::MissingArray { path: self.path.clone(), name, found }
    }

    fn read(&mut self, place: usize, options: &TableOptions) -> Result<Numbers, ArrayError> {
        // Messages name the array as a file within the archive.
        let name = super::error::shorten(&self.names[place], 60);
        let label = PathBuf::from(format!("{}/{name}", self.path.display()));
        let malformed = |reason: String| ArrayError::malformed(&label, "npz", reason);
        let mut entry = self.zip.by_index(place).map_err(|e| malformed(e.to_string()))?;
        let (packed, size) = (entry.compressed_size(), entry.size());
        if packed > self.length {
            return Err(malformed(format!(
                "it claims {packed} bytes of a file of {}",
                self.length
            )));
        }
        if size > packed.saturating_mul(DEFLATE_LIMIT).saturating_add(1 << 10) {
            return Err(malformed(format!(
                "{packed} bytes cannot unpack into {size}, as it claims"
            )));
        }
        if size > SMALL && size > packed.saturating_mul(LARGE_RATIO) {
            return Err(malformed(format!(
                "{packed} bytes would unpack into {size}; if that is right, save it with np.savez, \
                 which does not compress"
            )));
        }
        let table = npy::read_array(&mut entry, size, &label, options)?;
        // The end of the entry is where its checksum is looked at.
        let more = entry.read(&mut [0]).map_err(|e| ArrayError::reading(&label, "npz", e))?;
        if more > 0 {
            return Err(malformed(format!("it unpacks into more than the {size} bytes it claims")));
        }
        Ok(table)
    }
}

/// Writes arrays under their names, uncompressed. The same arrays give the same bytes.
pub(super) fn write<N: Number, D: Dimension>(
    writer: impl Write + Seek,
    arrays: &[(&str, ArrayView<'_, N, D>)],
) -> std::io::Result<()> {
    let mut archive = ZipWriter::new(writer);
    for (name, table) in arrays {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(DateTime::default())
            .large_file(8 * table.len() as u64 >= u64::from(u32::MAX) - (1 << 16));
        archive.start_file(format!("{name}.npy"), options)?;
        npy::write(&mut archive, table.shape(), table.iter().copied())?;
    }
    archive.finish()?;
    Ok(())
}
