//! Folders that this process works on, and no other may.

use super::RunError;
use super::directory::create_folder;
use freeform_simulators::{Ownership, OwnershipError};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

/// What this process owns at this moment.
static OWNED: Mutex<BTreeMap<PathBuf, Weak<Place>>> = Mutex::new(BTreeMap::new());

/// A folder owned until this is dropped. A job within a job owns it together with that one.
#[derive(Clone, Debug)]
pub struct Owned(Arc<Place>);

#[derive(Debug)]
struct Place {
    /// Until the place is given up.
    ownership: Option<Ownership>,
    /// The folder, where it was not there before.
    made: Option<PathBuf>,
}

impl Owned {
    /// Whether it still is ours: a process that was stopped for over a minute may have lost it.
    ///
    /// # Errors
    /// [`RunError::Ownership`].
    pub fn check(&self) -> Result<(), RunError> {
        Ok(self.0.ownership.as_ref().map_or(Ok(()), Ownership::check)?)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.ownership = None;
        // A command that failed before it wrote anything leaves nothing. Others stay: only an empty
        // folder can be removed so.
        if let Some(made) = &self.made {
            let _ = std::fs::remove_dir(made);
        }
    }
}

/// Owns `folder`, which is made where it is missing, and removed again if it ends empty.
///
/// # Errors
/// [`RunError::Ownership`] where another process does, or where it cannot be written.
pub fn own(folder: &Path) -> Result<Owned, RunError> {
    let made = (!folder.exists()).then(|| folder.to_owned());
    create_folder(folder)?;
    let place = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let mut owned = OWNED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = owned.get(&place).and_then(Weak::upgrade) {
        return Ok(Owned(known));
    }
    let ownership = Some(Ownership::of_folder(folder)?);
    let fresh = Arc::new(Place { ownership, made });
    owned.retain(|_, ownership| ownership.strong_count() > 0);
    owned.insert(place, Arc::downgrade(&fresh));
    Ok(Owned(fresh))
}

/// As [`own`], for work of a moment: another process that does such is waited for, ten seconds at most.
///
/// # Errors
/// As [`own`].
pub fn own_soon(folder: &Path) -> Result<Owned, RunError> {
    let begun = Instant::now();
    loop {
        match own(folder) {
            Err(RunError::Ownership(OwnershipError::Taken { .. }))
                if begun.elapsed() < PATIENCE =>
            {
                std::thread::sleep(LOOK);
            }
            other => return other,
        }
    }
}

/// How long a moment's work of others is waited for, and between two looks.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(20);

#[cfg(test)]
mod tests {
    use super::own;

    #[test]
    fn jobs_within_jobs_share_a_folder_and_the_last_gives_it_up() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("a/b");
        let outer = own(&folder).unwrap();
        let inner = own(&folder.join("../b")).unwrap();
        drop(outer);
        inner.check().unwrap();
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
        std::fs::write(folder.join("result"), "").unwrap();
        drop(inner);
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
        own(&folder).unwrap();
        // What was made for nothing goes, what was there stays.
        let empty = scratch.path().join("empty");
        drop(own(&empty).unwrap());
        assert!(!empty.exists());
        std::fs::create_dir(&empty).unwrap();
        drop(own(&empty).unwrap());
        assert!(empty.exists());
    }
}
