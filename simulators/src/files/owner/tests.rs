//! Tests of its parent.

use super::super::holder::{STALE, holder_of};
use super::*;
use std::time::SystemTime;

fn lock_file(folder: &Path, text: &str, touched: SystemTime) -> PathBuf {
    let path = folder.join(".owner");
    fs::write(&path, text).unwrap();
    let file = OpenOptions::new().append(true).open(&path).unwrap();
    file.set_modified(touched).unwrap();
    path
}

fn text(host: &str, pid: u32) -> String {
    format!("host = \"{host}\"\npid = {pid}\n")
}

#[test]
fn one_of_many_owns() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..50 {
        let taken: Vec<_> = std::thread::scope(|scope| {
            let take = || Ownership::of_folder(folder.path());
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(take)).collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        let own = taken.iter().filter(|t| t.is_ok()).count();
        assert_eq!(own, 1);
        let refused = taken.iter().filter_map(|t| t.as_ref().err()).next().unwrap();
        assert!(matches!(refused, OwnershipError::Taken { .. }), "{refused}");
        drop(taken);
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "lock files are left behind");
}

/// Many take over one void lock, again and again: never do two own at a time.
#[test]
fn one_of_many_takes_over() {
    let folder = tempfile::tempdir().unwrap();
    let gone = text("elsewhere", 1);
    for _ in 0..50 {
        lock_file(folder.path(), &gone, SystemTime::now() - 2 * STALE);
        let taken: Vec<_> = std::thread::scope(|scope| {
            let take = || Ownership::of_folder(folder.path());
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(take)).collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        let own: Vec<_> = taken.iter().filter_map(|t| t.as_ref().ok()).collect();
        assert_eq!(own.len(), 1);
        own[0].check().unwrap();
    }
}

#[test]
fn the_owner_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let _own = Ownership::of_folder(folder.path()).unwrap();
    let error = Ownership::of_folder(folder.path()).unwrap_err().to_string();
    let pid = format!("process {} on ", std::process::id());
    for part in [&pid, "has been at work on it for 0 s", ".owner", "choose another name"] {
        assert!(error.contains(part), "`{part}` is missing in: {error}");
    }
}

#[test]
fn what_is_void_is_taken_over_and_what_lives_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let now = SystemTime::now();
    let here = Holder::this();
    let fresh = |text: &str, touched| holder_of(&lock_file(folder.path(), text, touched)).is_some();
    // Process numbers end far below this one.
    let gone = here.text().replace(&format!("pid = {}", here.pid), "pid = 4294967294");
    assert_eq!(fresh(&gone, now), !cfg!(target_os = "linux"));
    // A later process of the same number.
    let began = here.text().replace("began = ", "began = 1");
    assert_eq!(fresh(&began, now), !cfg!(target_os = "linux"));
    assert!(fresh(&here.text(), now - 2 * STALE) == cfg!(target_os = "linux"));
    // Elsewhere only the touches tell, and no time in the future counts as one.
    let far = text("elsewhere", 1);
    assert!(fresh(&far, now));
    for touched in [now - 2 * STALE, now + 2 * STALE, now + 10_000 * STALE] {
        assert!(!fresh(&far, touched));
        assert!(!fresh("garbage", touched));
        assert!(!fresh("", touched));
        Ownership::of_folder(folder.path()).unwrap();
    }
    // Another version's text is respected while it is touched; a claim's, for one.
    assert!(fresh("{\"host\":\"elsewhere\",\"pid\":1,\"nonce\":0}", now));
    assert!(fresh("", now) && !fresh("", now - Duration::from_secs(5)));
}

#[test]
fn an_owner_notices_that_it_was_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let own = Ownership::of_folder(folder.path()).unwrap();
    own.check().unwrap();
    let path = lock_file(folder.path(), &text("elsewhere", 1), SystemTime::now());
    assert!(matches!(own.check(), Err(OwnershipError::Lost { .. })));
    drop(own);
    assert!(path.exists(), "the other's lock file was removed");
}
