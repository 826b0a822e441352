//! A file that one process at a time makes, whatever the command.

use super::{Ownership, OwnershipError};
use std::fs;
use std::path::{Path, PathBuf};

/// An output owned; given up when dropped. `NAME` is owned in the folder `NAME.parts`, which is there
/// meanwhile, and where a set of simulations has its pieces.
#[derive(Debug)]
pub struct FileOwnership {
    /// Until the place is given up.
    own: Option<Ownership>,
    folder: PathBuf,
}

impl FileOwnership {
    /// Owns the file at `path`, which need not be there.
    ///
    /// # Errors
    /// As [`Ownership::take`].
    pub fn of(path: &Path) -> Result<Self, OwnershipError> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".parts");
        let folder = path.with_file_name(name);
        let own = Some(Ownership::take(&folder.join("owner"), path)?);
        Ok(Self { own, folder })
    }

    /// The folder for what belongs to the file.
    #[must_use]
    pub fn parts(&self) -> &Path {
        &self.folder
    }

    /// Whether it is still ours: a process that was stopped for over a minute may have lost it.
    ///
    /// # Errors
    /// [`OwnershipError::Lost`].
    pub fn check(&self) -> Result<(), OwnershipError> {
        self.own.as_ref().map_or(Ok(()), Ownership::check)
    }
}

impl Drop for FileOwnership {
    fn drop(&mut self) {
        self.own = None;
        // It stays where something else is in it.
        let _ = fs::remove_dir(&self.folder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_one_maker_at_a_time_and_nothing_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("draws.npy");
        let own = FileOwnership::of(&path).unwrap();
        own.check().unwrap();
        let refused = FileOwnership::of(&path).unwrap_err();
        assert!(refused.to_string().contains("draws.npy is in use: process "), "{refused}");
        let other = FileOwnership::of(&folder.path().join("other.npy")).unwrap();
        drop((own, other));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        FileOwnership::of(&path).unwrap();
    }
}
