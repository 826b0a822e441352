//! Claims: who is at work on what, so that two runners do not do the same work.
//!
//! A claim is an [`Ownership`] of a name in the sweep's folder, by a lock file of that name. One that
//! is taken for void by mistake costs time, never a result.

use freeform_simulators::{Ownership, OwnershipError};
use std::io;
use std::path::Path;

pub use freeform_simulators::{Holder, STALE, holder_of};

/// A claim held; given up when dropped.
#[derive(Debug)]
pub struct Claim {
    _own: Ownership,
}

impl Claim {
    /// Claims `name` in `folder`; none if somebody else is at it.
    ///
    /// # Errors
    /// Files that cannot be written.
    pub fn take(folder: &Path, name: &str) -> io::Result<Option<Self>> {
        let path = folder.join(name);
        match Ownership::take(&path, &path) {
            Ok(own) => Ok(Some(Self { _own: own })),
            Err(OwnershipError::Taken { .. }) => Ok(None),
            Err(error) => Err(io::Error::other(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, OpenOptions};
    use std::time::SystemTime;

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

    /// Garbage, and a time in the future, hold nobody up.
    #[test]
    fn void_claims_are_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        for text in ["", "garbage", r#"{"host":"elsewhere","pid":1,"nonce":0}"#] {
            fs::write(&path, text).unwrap();
            assert!(Claim::take(folder.path(), "run").unwrap().is_none(), "`{text}` is fresh");
            for touched in [SystemTime::now() - 2 * STALE, SystemTime::now() + 1000 * STALE] {
                fs::write(&path, text).unwrap();
                OpenOptions::new().append(true).open(&path).unwrap().set_modified(touched).unwrap();
                assert!(holder_of(&path).is_none());
                assert!(Claim::take(folder.path(), "run").unwrap().is_some(), "`{text}`");
            }
        }
    }
}
