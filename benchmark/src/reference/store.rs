//! Reference draws on disk: our own, by content, and the benchmark's released ones.

use super::entry::{Entry, Flaw};
use super::growing::Growing;
use super::{ReferenceDraws, ReferenceError, draws_in_pieces, reference_draws};
use freeform_simulators::{ArrayError, Task};
use ndarray::s;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

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

    /// Where imported draws lie, if they are kept anywhere.
    #[must_use]
    pub fn released_folder(&self) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.join("released"))
    }

    /// What [`reference_draws`] gives, from disk where it was asked for before. An entry that is
    /// damaged, or that an earlier version kept without a checksum, is drawn again, and the remark
    /// says so; a folder that cannot be written is passed over.
    ///
    /// # Errors
    /// Those of [`reference_draws`].
    pub fn native(
        &self,
        task: &Task,
        x: &[f64],
        n: usize,
        seed: u64,
        stop: &AtomicBool,
    ) -> Result<ReferenceDraws, ReferenceError> {
        let Some(folder) = &self.folder else { return reference_draws(task, x, n, seed, stop) };
        let name = format!("{}-{}.npy", task.name(), key(task, x, n, seed));
        let entry = Entry::new(folder.join("native").join(name), task.prior());
        let found = entry.read(Some(n));
        let flaw = match found {
            Ok(known) => return Ok(known),
            Err(flaw) => flaw,
        };
        let growing = Growing::of(entry.path());
        let mut draws = draws_in_pieces(task, x, n, seed, (stop, &growing))?;
        growing.clear();
        // The draws are right whether or not they can be kept.
        let _ = entry.write(&draws);
        let place = entry.path().display();
        draws.remark = match flaw {
            Flaw::Missing => None,
            Flaw::NoChecksum(_) => Some(format!("{place}: kept without a checksum; drawn anew")),
            Flaw::Damaged(reason) => Some(format!("{place}: damaged ({reason}); drawn anew")),
        };
        Ok(draws)
    }

    /// The first `n` draws released for an official observation. Draws that an earlier version
    /// imported, without a checksum, are judged by shape, finiteness and the prior's support alone,
    /// and the remark says so.
    ///
    /// # Errors
    /// [`ReferenceError::NotImported`] where they were not imported, or are fewer than `n`;
    /// [`ReferenceError::Damaged`] where they are not what was imported.
    pub fn released(
        &self,
        task: &Task,
        num_observation: usize,
        n: usize,
    ) -> Result<ReferenceDraws, ReferenceError> {
        let missing = || ReferenceError::NotImported { task: task.name(), num_observation, n };
        let entry = self.released_entry(task, num_observation).ok_or_else(missing)?;
        let place = entry.path().display().to_string();
        let mut draws = match entry.read(None) {
            Ok(draws) => draws,
            Err(Flaw::Missing) => return Err(missing()),
            Err(Flaw::NoChecksum(draws)) => {
                let remark = format!(
                    "{place}: imported without a checksum, so only shape, finiteness and support \
                     were checked; import the package again to have all of it checked"
                );
                ReferenceDraws { remark: Some(remark), ..*draws }
            }
            Err(Flaw::Damaged(reason)) => {
                return Err(ReferenceError::Damaged { path: place, reason });
            }
        };
        if draws.theta.nrows() < n {
            return Err(missing());
        }
        draws.theta = draws.theta.slice(s![..n, ..]).to_owned();
        Ok(draws)
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
        stop: &AtomicBool,
    ) -> Result<ReferenceDraws, ReferenceError> {
        match source {
            ReferenceSource::Released => self.released(task, num_observation, n),
            ReferenceSource::Native => {
                let x = task.observation(num_observation)?.x;
                self.native(task, &x, n, num_observation as u64, stop)
            }
        }
    }

    /// Where imported draws lie, if there is a folder.
    pub(super) fn released_entry<'a>(
        &self,
        task: &'a Task,
        num_observation: usize,
    ) -> Option<Entry<'a>> {
        let name = format!("released/{}/observation_{num_observation:02}.npy", task.name());
        self.folder.as_ref().map(|folder| Entry::new(folder.join(name), task.prior()))
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

pub(super) fn create_parent(path: &Path) -> Result<(), ArrayError> {
    let parent = path.parent().unwrap_or(path);
    std::fs::create_dir_all(parent).map_err(|e| io("create", parent, e))
}

pub(super) fn io(action: &'static str, path: &Path, source: std::io::Error) -> ArrayError {
    ArrayError::Io { action, path: path.to_owned(), source }
}
