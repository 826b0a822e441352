//! What killed processes left behind: half-written files and temporary folders.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::holder::{is_running, place};

/// Beginning of the names of temporary folders, before place, process and a random end.
const PREFIX: &str = "freeform-";

/// `.NAME.PLACE.PID.COUNT.tmp`: the name of a file on its way to NAME.
pub(super) fn temporary_name(name: &str, count: u64) -> String {
    format!(".{name}.{}.{}.{count}.tmp", place(), std::process::id())
}

/// Beginning of the names of this process's temporary folders.
pub(crate) fn folder_prefix() -> String {
    format!("{PREFIX}{}-{}-", place(), std::process::id())
}

/// Removes the half-written files in `folder` whose process on this machine is gone; once in the
/// life of this process for each folder. It is only tidiness, so errors are passed over.
pub(super) fn clear_temporary_files(folder: &Path) {
    static SEEN: OnceLock<Mutex<HashSet<PathBuf>>> = OnceLock::new();
    let seen = SEEN.get_or_init(Mutex::default);
    let Ok(folder) = folder.canonicalize() else { return };
    if !seen.lock().unwrap_or_else(PoisonError::into_inner).insert(folder.clone()) {
        return;
    }
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if owner_of_file(&entry.file_name().to_string_lossy()).is_some_and(|pid| !is_running(pid)) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The process of this machine that writes a file of this name.
fn owner_of_file(name: &str) -> Option<u32> {
    let mut parts = name.strip_prefix('.')?.strip_suffix(".tmp")?.rsplit('.');
    parts.next()?.parse::<u64>().ok()?;
    let pid = parts.next()?.parse().ok()?;
    (parts.next()? == place()).then_some(pid)
}

/// Removes the temporary folders in `parent` whose process on this machine is gone.
pub(crate) fn clear_temporary_folders(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let owner = || {
            let (found, rest) = name.strip_prefix(PREFIX)?.split_once('-')?;
            let pid = rest.split_once('-')?.0.parse().ok()?;
            (found == place()).then_some(pid)
        };
        if owner().is_some_and(|pid| !is_running(pid)) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_writes_any_more_is_cleared() {
        let folder = tempfile::tempdir().unwrap();
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let gone = child.id();
        child.wait().unwrap();
        let here = place();
        let names = [
            format!(".set.npz.{here}.{gone}.0.tmp"),
            format!(".a.b.c.{here}.{gone}.12.tmp"),
            format!(".set.npz.{here}.{}.7.tmp", std::process::id()),
            // Of another machine on the same file system.
            format!(".set.npz.01234567.{gone}.0.tmp"),
            format!(".notes.{gone}.0.tmp"),
            "notes.tmp".to_owned(),
        ];
        for name in &names {
            fs::write(folder.path().join(name), "half").unwrap();
        }
        clear_temporary_files(folder.path());
        let left: Vec<bool> = names.iter().map(|name| folder.path().join(name).exists()).collect();
        let linux = cfg!(target_os = "linux");
        assert_eq!(left, [!linux, !linux, true, true, true, true]);

        let folders = [format!("freeform-{here}-{gone}-x1"), folder_prefix() + "x2"];
        for name in &folders {
            fs::create_dir_all(folder.path().join(name).join("deeper")).unwrap();
        }
        clear_temporary_folders(folder.path());
        let left = folders.map(|name| folder.path().join(name).exists());
        assert_eq!(left, [!linux, true]);
    }
}
