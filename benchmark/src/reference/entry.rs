//! One table of draws in the store: `NAME.npy`, and `NAME.json` with how they came to be and the
//! checksum of it all.

use super::store::{create_parent, io};
use super::{Diagnostics, ReferenceDraws};
use crate::support::outside;
use freeform_simulators::{
    ArrayError, Prior, TableOptions, read_table, write_atomically, write_table,
};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Bytes of a table's header, at most.
const HEADER: u64 = 4096;

/// Where a table lies, and whose parameters it holds.
pub(super) struct Entry<'a> {
    path: PathBuf,
    prior: &'a Prior,
}

/// Why an entry is not what was written.
pub(super) enum Flaw {
    /// There is none.
    Missing,
    /// It is as it should be, as far as can be told without a checksum.
    NoChecksum(Box<ReferenceDraws>),
    /// It cannot be used.
    Damaged(String),
}

/// `NAME.json`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Notes {
    diagnostics: Option<Diagnostics>,
    /// BLAKE3 of the table's name, the diagnostics and the table's file.
    blake3: String,
}

impl<'a> Entry<'a> {
    pub(super) fn new(path: PathBuf, prior: &'a Prior) -> Self {
        Self { path, prior }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The draws, if they are whole: all `rows` of them where that is known.
    pub(super) fn read(&self, rows: Option<usize>) -> Result<ReferenceDraws, Flaw> {
        let damaged = |reason: &dyn std::fmt::Display| Flaw::Damaged(reason.to_string());
        let size = match std::fs::metadata(&self.path) {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(Flaw::Missing);
            }
            Err(error) => return Err(damaged(&error)),
        };
        // Nothing of an absurd size is read.
        let expected = rows.map(|rows| 4 * (rows * self.prior.dim()) as u64);
        if expected.is_some_and(|bytes| size < bytes || size > bytes + HEADER) {
            return Err(damaged(&format!("it has {size} bytes")));
        }
        let noted = self.notes()?;
        if let Some(notes) = &noted {
            let table = std::fs::read(&self.path).map_err(|e| damaged(&e))?;
            if self.checksum(&notes.diagnostics, &table) != notes.blake3 {
                return Err(damaged(&"its checksum is another"));
            }
        }
        let table = read_table(&self.path, &TableOptions::parameters()).map_err(|e| damaged(&e))?;
        let theta = table.to_f32().map_err(|e| damaged(&e))?;
        let (found, columns) = theta.dim();
        if columns != self.prior.dim() || rows.is_some_and(|rows| rows != found) {
            return Err(damaged(&format!("its shape is {found} × {columns}")));
        }
        if let Some(outside) = outside(self.prior, theta.view()) {
            let (row, name, value) = (outside.first + 1, outside.name, outside.value);
            return Err(damaged(&format!("row {row} lies outside the prior: {name} = {value}")));
        }
        let diagnostics = noted.as_ref().and_then(|notes| notes.diagnostics);
        let draws = ReferenceDraws { theta, diagnostics, remark: None };
        match noted {
            Some(_) => Ok(draws),
            None => Err(Flaw::NoChecksum(Box::new(draws))),
        }
    }

    /// Keeps draws.
    pub(super) fn write(&self, draws: &ReferenceDraws) -> Result<(), ArrayError> {
        let path = &self.path;
        create_parent(path)?;
        write_table(path, "theta", draws.theta.view())?;
        let table = std::fs::read(path).map_err(|e| io("read", path, e))?;
        let blake3 = self.checksum(&draws.diagnostics, &table);
        let notes = Notes { diagnostics: draws.diagnostics, blake3 };
        let text = serde_json::to_string(&notes).unwrap_or_default();
        // The notes last: a table without its own is none.
        let notes = path.with_extension("json");
        write_atomically(&notes, |file| {
            file.write_all(text.as_bytes()).map_err(|e| io("write", &notes, e))
        })
    }

    /// `None` for an entry of an earlier version, which had no checksum.
    fn notes(&self) -> Result<Option<Notes>, Flaw> {
        let path = self.path.with_extension("json");
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Flaw::Damaged(format!("{}: {error}", path.display()))),
        };
        if let Ok(notes) = serde_json::from_str(&text) {
            return Ok(Some(notes));
        }
        match serde_json::from_str::<Option<Diagnostics>>(&text) {
            Ok(_) => Ok(None),
            Err(error) => Err(Flaw::Damaged(format!("{}: {error}", path.display()))),
        }
    }

    fn checksum(&self, diagnostics: &Option<Diagnostics>, table: &[u8]) -> String {
        let mut hasher = blake3::Hasher::new();
        let name = self.path.file_name().unwrap_or_default();
        hasher.update(name.as_encoded_bytes());
        hasher.update(serde_json::to_string(diagnostics).unwrap_or_default().as_bytes());
        hasher.update(table);
        hasher.finalize().to_hex().to_string()
    }
}
