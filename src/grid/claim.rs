//! Claims: who is at work on what, so that two runners do not do the same work.
//!
//! A claim is a small file that one process creates (and only one can) and touches every few
//! seconds. It is void once it was not touched for [`STALE`], or its process on this machine is
//! gone. A claim that is taken for void by mistake costs time, never a result.

use serde::{Deserialize, Serialize};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

/// Between two touches.
const TOUCH_EVERY: Duration = Duration::from_secs(5);
/// Age at which a claim is void.
pub const STALE: Duration = Duration::from_secs(60);

/// Who holds a claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Machine.
    pub host: String,
    /// Process.
    pub pid: u32,
    /// Tells claims of one process apart.
    nonce: u64,
}

impl Holder {
    fn this() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let nonce = NEXT.fetch_add(1, Ordering::Relaxed);
        Self { host: host(), pid: std::process::id(), nonce }
    }

    /// Whether it is known that the process is gone.
    fn is_gone(&self) -> bool {
        if !cfg!(target_os = "linux") || self.host != host() {
            return false;
        }
        match fs::read_to_string(format!("/proc/{}/stat", self.pid)) {
            // A zombie: killed, and not yet collected by its parent.
            Ok(stat) => {
                stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z'))
            }
            Err(_) => true,
        }
    }
}

/// This machine's name.
fn host() -> String {
    let from_system =
        || Some(fs::read_to_string("/proc/sys/kernel/hostname").ok()?.trim().to_owned());
    from_system().or_else(|| std::env::var("HOSTNAME").ok()).unwrap_or_else(|| "localhost".into())
}

/// A claim held; given up when dropped.
#[derive(Debug)]
pub struct Claim {
    path: PathBuf,
    holder: Holder,
    stop: Arc<(Mutex<bool>, Condvar)>,
    toucher: Option<JoinHandle<()>>,
}

impl Claim {
    /// Claims `name` in `folder`; none if somebody else is at it.
    ///
    /// # Errors
    /// Files that cannot be written.
    pub fn take(folder: &Path, name: &str) -> io::Result<Option<Self>> {
        fs::create_dir_all(folder)?;
        let path = folder.join(name);
        for _ in 0..3 {
            let holder = Holder::this();
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(mut file) => {
                    let text = serde_json::to_string(&holder).map_err(io::Error::other)?;
                    let written = file.write_all(text.as_bytes());
                    drop(file);
                    if let Err(error) = written {
                        let _ = fs::remove_file(&path);
                        return Err(io::Error::new(
                            error.kind(),
                            format!("{}: {error}", path.display()),
                        ));
                    }
                    return Ok(Some(Self::hold(path, holder)));
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    if holder_of(&path).is_some() {
                        return Ok(None);
                    }
                    // Of two that see a void claim, one moves it away.
                    let aside =
                        path.with_extension(format!("void-{}-{}", holder.pid, holder.nonce));
                    if fs::rename(&path, &aside).is_ok() {
                        let _ = fs::remove_file(&aside);
                    }
                }
                Err(error) => {
                    return Err(io::Error::new(
                        error.kind(),
                        format!("{}: {error}", path.display()),
                    ));
                }
            }
        }
        Ok(None)
    }

    fn hold(path: PathBuf, holder: Holder) -> Self {
        let stop = Arc::new((Mutex::new(false), Condvar::new()));
        let (signal, touched) = (Arc::clone(&stop), path.clone());
        let toucher = std::thread::spawn(move || {
            let (lock, condition) = &*signal;
            let mut done = lock.lock().unwrap_or_else(PoisonError::into_inner);
            while !*done {
                (done, _) = condition
                    .wait_timeout(done, TOUCH_EVERY)
                    .unwrap_or_else(PoisonError::into_inner);
                if let Ok(file) = OpenOptions::new().append(true).open(&touched) {
                    let _ = file.set_modified(SystemTime::now());
                }
            }
        });
        Self { path, holder, stop, toucher: Some(toucher) }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        *self.stop.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.stop.1.notify_all();
        if let Some(toucher) = self.toucher.take() {
            let _ = toucher.join();
        }
        // Somebody may have taken it over in the meantime.
        if read(&self.path).is_some_and(|found| found == self.holder) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Who holds the claim at `path`; none where it is void or not there.
#[must_use]
pub fn holder_of(path: &Path) -> Option<Holder> {
    let age = fs::metadata(path).ok()?.modified().ok()?.elapsed().unwrap_or_default();
    match read(path) {
        Some(holder) => (age < STALE && !holder.is_gone()).then_some(holder),
        // Being written at this moment, or left by a kill between creation and writing.
        None if age < Duration::from_secs(2) => {
            Some(Holder { host: String::new(), pid: 0, nonce: 0 })
        }
        None => None,
    }
}

fn read(path: &Path) -> Option<Holder> {
    serde_json::from_str(&fs::read_to_string(path).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_many_gets_a_claim() {
        let folder = tempfile::tempdir().unwrap();
        let taken: Vec<_> = std::thread::scope(|scope| {
            let take = || Claim::take(folder.path(), "run").unwrap();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(take)).collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        assert_eq!(taken.iter().flatten().count(), 1);
        drop(taken);
        assert!(Claim::take(folder.path(), "run").unwrap().is_some());
    }

    #[test]
    fn void_claims_are_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        // Process numbers end far below this one.
        let gone = Holder { host: host(), pid: u32::MAX - 1, nonce: 0 };
        fs::write(&path, serde_json::to_string(&gone).unwrap()).unwrap();
        assert_eq!(holder_of(&path).is_none(), cfg!(target_os = "linux"));
        let far = Holder { host: "elsewhere".to_owned(), pid: 1, nonce: 0 };
        fs::write(&path, serde_json::to_string(&far).unwrap()).unwrap();
        assert_eq!(holder_of(&path), Some(far));
        assert!(Claim::take(folder.path(), "run").unwrap().is_none());
        let file = OpenOptions::new().append(true).open(&path).unwrap();
        file.set_modified(SystemTime::now() - 2 * STALE).unwrap();
        let claim = Claim::take(folder.path(), "run").unwrap();
        assert_eq!(read(&path).unwrap(), claim.as_ref().unwrap().holder);
    }
}
