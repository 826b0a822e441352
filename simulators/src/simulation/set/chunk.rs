//! Finished chunks of a run under way, in `OUT.parts/`.
//!
//! A chunk is its description's length (u64, little-endian), the description, θ and x as
//! little-endian f64 (f32 in a set of single precision), row-major.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::SetError;
use super::description::{Description, Origin};
use crate::simulation::{FailureReport, Precision, SimulatedBatch};
use crate::write_atomically;

const ENDING: &str = "chunk";
/// Longer descriptions are none.
const LONGEST: u64 = 1 << 24;

/// Rows in memory that will become a chunk, or the end of the table.
pub(super) struct Buffer {
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) theta: Vec<f64>,
    pub(super) x: Vec<f64>,
    pub(super) rows: u64,
    pub(super) failures: FailureReport,
}

impl Buffer {
    /// An empty buffer for simulations from `start` on.
    pub(super) fn new(start: u64) -> Self {
        let failures = FailureReport::default();
        Self { start, end: start, theta: Vec::new(), x: Vec::new(), rows: 0, failures }
    }

    /// Takes the next simulations.
    pub(super) fn push(&mut self, batch: SimulatedBatch) {
        self.end += batch.failures.requested as u64;
        self.rows += batch.simulations.len() as u64;
        self.theta.extend(batch.simulations.theta.iter());
        self.x.extend(batch.simulations.x.iter());
        self.failures.merge(batch.failures);
    }

    pub(super) fn numbers(&self) -> usize {
        self.theta.len() + self.x.len()
    }

    pub(super) fn description(&self, origin: &Origin) -> Description {
        Description::new(origin, (self.start, self.end), self.rows, &self.failures)
    }
}

/// A chunk on disk.
pub(super) struct Chunk {
    pub(super) description: Description,
    path: PathBuf,
    /// Where the numbers begin.
    offset: u64,
}

impl Chunk {
    /// Writes a buffer into `folder`, whole or not at all.
    pub(super) fn write(folder: &Path, buffer: &Buffer, origin: &Origin) -> Result<Self, SetError> {
        fs::create_dir_all(folder).map_err(|e| SetError::io("create", folder, e))?;
        let description = buffer.description(origin);
        let text = description.text();
        let path = folder.join(format!("{:012}-{:012}.{ENDING}", buffer.start, buffer.end));
        write_atomically(&path, |file| -> Result<(), SetError> {
            let mut write = || {
                file.write_all(&(text.len() as u64).to_le_bytes())?;
                file.write_all(text.as_bytes())?;
                write_numbers(file, origin.precision, &buffer.theta)?;
                write_numbers(file, origin.precision, &buffer.x)
            };
            write().map_err(|e| SetError::io("write", &path, e))
        })?;
        let offset = 8 + text.len() as u64;
        Ok(Self { description, path, offset })
    }

    /// All whole chunks in `folder`, by their first index.
    pub(super) fn list(folder: &Path) -> Result<Vec<Self>, SetError> {
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.map_err(|e| SetError::io("list", folder, e))?,
        };
        let mut chunks = Vec::new();
        for entry in entries {
            let path = entry.map_err(|e| SetError::io("list", folder, e))?.path();
            if path.extension().is_some_and(|ending| ending == ENDING) {
                chunks.extend(Self::read(&path).map_err(|e| SetError::io("read", &path, e))?);
            }
        }
        chunks.sort_by_key(|chunk| (chunk.description.start, chunk.description.end));
        Ok(chunks)
    }

    /// The chunk in this file, unless it is damaged: then it is made again.
    fn read(path: &Path) -> io::Result<Option<Self>> {
        let mut file = File::open(path)?;
        let size = file.metadata()?.len();
        let mut length = [0; 8];
        if size < 8 {
            return Ok(None);
        }
        file.read_exact(&mut length)?;
        let length = u64::from_le_bytes(length);
        if length > LONGEST || length > size - 8 {
            return Ok(None);
        }
        let mut text = vec![0; length as usize];
        file.read_exact(&mut text)?;
        let offset = 8 + length;
        let parsed = String::from_utf8(text).ok().and_then(|text| Description::parse(&text));
        Ok(parsed.map(|description| Self { description, path: path.to_owned(), offset }).filter(
            |chunk| {
                let (theta, x) = chunk.sizes();
                offset + theta + x == size
            },
        ))
    }

    /// Bytes of θ and of x.
    fn sizes(&self) -> (u64, u64) {
        let Description { rows, origin, .. } = &self.description;
        let row = |columns: usize| (origin.precision.size() * columns) as u64;
        (rows * row(origin.parameter_dim), rows * row(origin.data_dim))
    }

    /// Copies θ (`0`) or x (`1`) to `writer`.
    pub(super) fn copy(&self, which: usize, writer: &mut impl Write) -> io::Result<()> {
        let (theta, x) = self.sizes();
        let (skip, size) = if which == 0 { (0, theta) } else { (theta, x) };
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.offset + skip))?;
        match io::copy(&mut file.take(size), writer)? {
            copied if copied == size => Ok(()),
            _ => Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                format!("{} was changed while it was read", self.path.display()),
            )),
        }
    }
}

/// Writes numbers in little-endian order, a bounded piece at a time.
pub(super) fn write_numbers(
    writer: &mut impl Write,
    precision: Precision,
    numbers: &[f64],
) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(precision.size() * numbers.len().min(16_384));
    for piece in numbers.chunks(16_384) {
        bytes.clear();
        piece.iter().for_each(|number| precision.append(*number, &mut bytes));
        writer.write_all(&bytes)?;
    }
    Ok(())
}

/// Removes the chunks, half-written ones too, and their folder once it is empty.
pub(super) fn clear(folder: &Path) -> Result<(), SetError> {
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
        if ours {
            fs::remove_file(&path).or_else(failed)?;
        }
    }
    // Someone else's files in there are left alone, and so is the folder then.
    let _ = fs::remove_dir(folder);
    Ok(())
}

/// Removes what a killed process left of a half-written table at `path`: `.NAME.PID.COUNT.tmp`,
/// where no process has this id any more.
pub(super) fn clear_abandoned(path: &Path) {
    let Some(name) = path.file_name() else { return };
    let prefix = format!(".{}.", name.to_string_lossy());
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let Ok(entries) = fs::read_dir(folder.unwrap_or(Path::new("."))) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let middle = name.strip_prefix(&prefix).and_then(|rest| rest.strip_suffix(".tmp"));
        let id = middle.and_then(|middle| middle.split('.').next()?.parse().ok());
        if id.is_some_and(|id| !is_running(id)) {
            // It is only tidiness.
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(unix)]
fn is_running(id: i32) -> bool {
    use rustix::{io::Errno, process::Pid, process::test_kill_process};
    Pid::from_raw(id).is_none_or(|pid| test_kill_process(pid) != Err(Errno::SRCH))
}

#[cfg(not(unix))]
fn is_running(_: i32) -> bool {
    true
}
