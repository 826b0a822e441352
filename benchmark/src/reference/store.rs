//! Reference draws on disk: our own, by content, and the benchmark's released ones.

use super::{Diagnostics, ReferenceDraws, ReferenceError, reference_draws};
use freeform_simulators::{
    ArrayError, TableOptions, Task, read_table, write_atomically, write_table,
};
use ndarray::{Array2, s};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Changes whenever a sampler does: entries of other formats are not found.
const FORMAT: &str = "freeform reference 1";
/// Moves the store elsewhere.
const VARIABLE: &str = "FREEFORM_CACHE";

/// Whose draws count as the truth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReferenceSource {
    /// Drawn here, from the exact posterior.
    #[default]
    Native,
    /// The benchmark's own files, imported before.
    Released,
}

impl ReferenceSource {
    /// The name users give it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Released => "released",
        }
    }
}

/// A folder of reference draws; or none, and every use draws anew.
#[derive(Clone, Debug)]
pub struct ReferenceStore {
    folder: Option<PathBuf>,
}

impl ReferenceStore {
    /// The user's store: `$FREEFORM_CACHE`, or `freeform` in the user's cache folder; none where
    /// the system names no such folder.
    #[must_use]
    pub fn of_user() -> Self {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let folder = set(VARIABLE).map(PathBuf::from).or_else(|| {
            let cache = set("XDG_CACHE_HOME").or_else(|| set("LOCALAPPDATA")).map(PathBuf::from);
            let cache =
                cache.or_else(|| set("HOME").map(|home| PathBuf::from(home).join(".cache")));
            cache.map(|cache| cache.join("freeform"))
        });
        Self { folder }
    }

    /// A store in `folder`.
    #[must_use]
    pub fn at(folder: &Path) -> Self {
        Self { folder: Some(folder.to_owned()) }
    }

    /// No store.
    #[must_use]
    pub fn none() -> Self {
        Self { folder: None }
    }

    /// What [`reference_draws`] gives, from disk where it was asked for before. A damaged entry
    /// is drawn again; a folder that cannot be written is passed over.
    ///
    /// # Errors
    /// Those of [`reference_draws`].
    pub fn native(
        &self,
        task: &Task,
        x: &[f64],
        n: usize,
        seed: u64,
    ) -> Result<ReferenceDraws, ReferenceError> {
        let Some(folder) = &self.folder else { return reference_draws(task, x, n, seed) };
        let name = format!("{}-{}.npy", task.name(), key(task, x, n, seed));
        let path = folder.join("native").join(name);
        if let Some(known) = read_entry(&path, n, task.prior().dim()) {
            return Ok(known);
        }
        let draws = reference_draws(task, x, n, seed)?;
        // The draws are right whether or not they can be kept.
        let _ = write_entry(&path, &draws);
        Ok(draws)
    }

    /// The first `n` draws released for an official observation.
    ///
    /// # Errors
    /// [`ReferenceError::NotImported`] where they were not imported, or are fewer than `n`.
    pub fn released(
        &self,
        task: &Task,
        num_observation: usize,
        n: usize,
    ) -> Result<ReferenceDraws, ReferenceError> {
        let missing = || ReferenceError::NotImported { task: task.name(), num_observation, n };
        let path = self.released_path(task.name(), num_observation).ok_or_else(missing)?;
        let table = read_draws(&path).map_err(|_| missing())?;
        if table.nrows() < n || table.ncols() != task.prior().dim() {
            return Err(missing());
        }
        let theta = table.slice(s![..n, ..]).to_owned();
        Ok(ReferenceDraws { theta, diagnostics: None })
    }

    /// `n` draws for an official observation, from either source. Native ones have the
    /// observation's number as their seed: every run is judged by the same draws.
    ///
    /// # Errors
    /// Those of [`Self::native`] and [`Self::released`], or an unknown observation.
    pub fn official(
        &self,
        task: &Task,
        num_observation: usize,
        n: usize,
        source: ReferenceSource,
    ) -> Result<ReferenceDraws, ReferenceError> {
        match source {
            ReferenceSource::Released => self.released(task, num_observation, n),
            ReferenceSource::Native => {
                let x = task.observation(num_observation)?.x;
                self.native(task, &x, n, num_observation as u64)
            }
        }
    }

    /// Where imported draws lie, if there is a folder.
    pub(super) fn released_path(&self, task: &str, num_observation: usize) -> Option<PathBuf> {
        let name = format!("released/{task}/observation_{num_observation:02}.npy");
        self.folder.as_ref().map(|folder| folder.join(name))
    }
}

/// Names a set of draws by everything that determines it.
fn key(task: &Task, x: &[f64], n: usize, seed: u64) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(format!("{FORMAT}\n{}\n{n}\n{seed}\n", task.name()).as_bytes());
    // In single precision, as observations were when the first entries were made: those stay.
    x.iter().for_each(|value| {
        hasher.update(&(*value as f32).to_le_bytes());
    });
    hasher.finalize().to_hex()[..16].to_owned()
}

/// An entry, if it is whole.
fn read_entry(path: &Path, n: usize, dim: usize) -> Option<ReferenceDraws> {
    let theta = read_draws(path).ok()?;
    let notes = std::fs::read_to_string(path.with_extension("json")).ok()?;
    let diagnostics: Option<Diagnostics> = serde_json::from_str(&notes).ok()?;
    let whole = theta.dim() == (n, dim) && theta.iter().all(|v| v.is_finite());
    whole.then_some(ReferenceDraws { theta, diagnostics })
}

fn read_draws(path: &Path) -> Result<Array2<f32>, ArrayError> {
    read_table(path, &TableOptions::parameters())?.to_f32()
}

fn write_entry(path: &Path, draws: &ReferenceDraws) -> Result<(), ArrayError> {
    create_parent(path)?;
    let notes = serde_json::to_string(&draws.diagnostics).unwrap_or_default();
    // The draws last: an entry without them is none.
    write_atomically(&path.with_extension("json"), |file| {
        file.write_all(notes.as_bytes()).map_err(|e| io("write", path, e))
    })?;
    write_table(path, "theta", draws.theta.view())
}

pub(super) fn create_parent(path: &Path) -> Result<(), ArrayError> {
    let parent = path.parent().unwrap_or(path);
    std::fs::create_dir_all(parent).map_err(|e| io("create", parent, e))
}

pub(super) fn io(action: &'static str, path: &Path, source: std::io::Error) -> ArrayError {
    ArrayError::Io { action, path: path.to_owned(), source }
}
