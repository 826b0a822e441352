//! Ownership: one process at a time works on a folder, or on a file and what belongs to it.
//!
//! A lock file, which only one process can create, names its owner; the owner touches it every few
//! seconds, and holds the system's lock on it where the file system has such locks. It is void once
//! its process is known to be gone (at once on the same machine, even after SIGKILL), or once
//! it was not touched for [`STALE`](super::STALE) and nobody holds the system's lock on it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use thiserror::Error;

use super::holder::{Holder, State, state_of};

/// Between two touches.
const TOUCH_EVERY: Duration = Duration::from_secs(5);
/// Rounds against others who take and give up at the same moment.
const ROUNDS: usize = 100;
/// Rounds that wait for the name of an owner who has just come.
const NAMELESS: usize = 20;
const MOMENT: Duration = Duration::from_millis(10);

/// A place owned; given up when dropped, or when the process ends in whatever way.
#[derive(Debug)]
pub struct Ownership {
    what: PathBuf,
    path: PathBuf,
    holder: Holder,
    lost: Arc<AtomicBool>,
    stop: Arc<(Mutex<bool>, Condvar)>,
    toucher: Option<JoinHandle<()>>,
}

/// A place that cannot be owned.
#[derive(Debug, Error)]
pub enum OwnershipError {
    /// Another process is at work.
    #[error(
        "{what} is in use: {who}; wait until it has ended, end it, or choose another name ({lock} \
         says so)"
    )]
    Taken {
        /// What is owned.
        what: PathBuf,
        /// Its owner, in words.
        who: String,
        /// The lock file.
        lock: PathBuf,
    },
    /// Another process took it for abandoned and took over.
    #[error(
        "{what} was taken over by another process while this one did not run for over a minute; \
         start the command again once that process has ended"
    )]
    Lost {
        /// What was owned.
        what: PathBuf,
    },
    /// The lock file cannot be written.
    #[error("cannot write {path}: {source}")]
    Io {
        /// The lock file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Ownership {
    /// Owns `folder`, by a file `.owner` in it; the folder is created if it is not there.
    ///
    /// # Errors
    /// As [`Ownership::take`].
    pub fn of_folder(folder: &Path) -> Result<Self, OwnershipError> {
        Self::take(&folder.join(".owner"), folder)
    }

    /// Owns `what` by the lock file at `lock`, whose folder is created if it is not there.
    ///
    /// # Errors
    /// [`OwnershipError::Taken`] with host, process and duration if another process owns it, or
    /// [`OwnershipError::Io`].
    pub fn take(lock: &Path, what: &Path) -> Result<Self, OwnershipError> {
        let failed = |source| OwnershipError::Io { path: lock.to_owned(), source };
        for round in 0..ROUNDS {
            if let Some(folder) = lock.parent() {
                fs::create_dir_all(folder).map_err(failed)?;
            }
            match OpenOptions::new().write(true).create_new(true).open(lock) {
                Ok(file) => {
                    if let Some(own) = Self::write(file, lock, what).map_err(failed)? {
                        return Ok(own);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    match void_or_holder(lock) {
                        // Its name will be in it in a moment.
                        Some(None) if round < NAMELESS => std::thread::sleep(MOMENT),
                        Some(holder) => return Err(taken(lock, what, holder.as_ref())),
                        None => {}
                    }
                }
                // Its last owner removed the folder in between.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(failed(error)),
            }
        }
        Err(taken(lock, what, None))
    }

    /// Whether it is still ours: a process that was stopped for over a minute may have lost it.
    ///
    /// # Errors
    /// [`OwnershipError::Lost`].
    pub fn check(&self) -> Result<(), OwnershipError> {
        if self.lost.load(Ordering::Relaxed)
            || Holder::read(&self.path).is_some_and(|found| found != self.holder)
        {
            return Err(OwnershipError::Lost { what: self.what.clone() });
        }
        Ok(())
    }

    /// Enters our name into a lock file that we created, and keeps it alive; none if the file was
    /// taken for abandoned before it had its text.
    fn write(mut file: File, path: &Path, what: &Path) -> io::Result<Option<Self>> {
        let holder = Holder::this();
        let text = holder.text();
        // Not every file system has locks; the touches do for those.
        let _ = file.try_lock();
        if let Err(error) = file.write_all(text.as_bytes()).and_then(|()| file.flush()) {
            let _ = fs::remove_file(path);
            return Err(error);
        }
        if Holder::read(path).as_ref() != Some(&holder) {
            return Ok(None);
        }
        let (stop, lost) = (Arc::new((Mutex::new(false), Condvar::new())), Arc::default());
        let toucher = Toucher {
            file,
            text,
            path: path.to_owned(),
            holder: holder.clone(),
            lost: Arc::clone(&lost),
        };
        let signal = Arc::clone(&stop);
        let toucher = std::thread::Builder::new().spawn(move || toucher.run(&signal))?;
        let (what, path) = (what.to_owned(), path.to_owned());
        Ok(Some(Self { what, path, holder, lost, stop, toucher: Some(toucher) }))
    }
}

impl Drop for Ownership {
    fn drop(&mut self) {
        // Removed before the system's lock goes, and only if nobody has taken over.
        if Holder::read(&self.path).is_some_and(|found| found == self.holder) {
            let _ = fs::remove_file(&self.path);
        }
        *self.stop.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.stop.1.notify_all();
        if let Some(toucher) = self.toucher.take() {
            let _ = toucher.join();
        }
    }
}

/// Keeps a lock file fresh.
struct Toucher {
    /// Holds the system's lock.
    file: File,
    text: String,
    path: PathBuf,
    holder: Holder,
    lost: Arc<AtomicBool>,
}

impl Toucher {
    fn run(mut self, (stopped, condition): &(Mutex<bool>, Condvar)) {
        let mut done = stopped.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let wait = condition.wait_timeout_while(done, TOUCH_EVERY, |done| !*done);
            done = wait.unwrap_or_else(PoisonError::into_inner).0;
            if *done {
                return;
            }
            if Holder::read(&self.path).is_some_and(|found| found != self.holder) {
                self.lost.store(true, Ordering::Relaxed);
                return;
            }
            // The same bytes: never torn for a reader, and dated by the file system's own clock.
            let start = self.file.seek(SeekFrom::Start(0));
            let _ = start.and_then(|_| self.file.write_all(self.text.as_bytes()));
        }
    }
}

fn taken(lock: &Path, what: &Path, holder: Option<&Holder>) -> OwnershipError {
    let who = match holder {
        Some(holder) => format!(
            "process {} on {} has been at work on it for {}",
            holder.pid,
            holder.host,
            duration(holder.age())
        ),
        None => "another process has just begun to work on it".to_owned(),
    };
    OwnershipError::Taken { what: what.to_owned(), who, lock: lock.to_owned() }
}

fn duration(age: Duration) -> String {
    match age.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}

/// The holder of a lock file that is there; `None` once it is not, because it was void and this
/// process, or another one, has removed it.
fn void_or_holder(path: &Path) -> Option<Option<Holder>> {
    match state_of(path) {
        State::Held(holder) => Some(holder),
        State::Absent => None,
        State::Void => remove_void(path),
    }
}

/// Removes a void lock file. Of several that want to, the system's lock chooses one; where there is
/// none, a file that was not the void one after all is put back.
fn remove_void(path: &Path) -> Option<Option<Holder>> {
    let file = OpenOptions::new().read(true).write(true).open(path).ok()?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => return Some(Holder::read(path)),
        Ok(()) | Err(TryLockError::Error(_)) => {}
    }
    // It may have been replaced between the look and the lock.
    let void = match state_of(path) {
        State::Void => Holder::read(path),
        State::Held(holder) => return Some(holder),
        State::Absent => return None,
    };
    let aside = path.with_extension(format!("void-{}", Holder::this().tag()));
    if fs::rename(path, &aside).is_ok() {
        if Holder::read(&aside) != void {
            let _ = fs::hard_link(&aside, path);
        }
        let _ = fs::remove_file(&aside);
    }
    None
}

#[cfg(test)]
mod tests;
