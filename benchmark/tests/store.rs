//! Reference draws on disk: every damage is found, nothing imported is lost.

use freeform_benchmark::{ReferenceDraws, ReferenceError, ReferenceStore, reference_draws};
use freeform_simulators::{Task, write_table};
use ndarray::Array2;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

struct Cache {
    folder: tempfile::TempDir,
    task: Task,
}

impl Cache {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder, task: Task::by_name("two_moons").unwrap() }
    }

    fn draws(&self) -> ReferenceDraws {
        let store = ReferenceStore::at(self.folder.path());
        let x = self.task.observation(1).unwrap().x;
        store.native(&self.task, &x, 40, 1, &AtomicBool::new(false)).unwrap()
    }

    fn released(&self, n: usize) -> Result<ReferenceDraws, ReferenceError> {
        ReferenceStore::at(self.folder.path()).released(&self.task, 1, n)
    }

    fn file(&self, extension: &str) -> PathBuf {
        let files = std::fs::read_dir(self.folder.path().join("native")).unwrap();
        let mut paths = files.map(|f| f.unwrap().path());
        paths.find(|p| p.extension().is_some_and(|e| e == extension)).unwrap()
    }
}

fn flip(path: &Path, bit: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[bit / 8] ^= 1 << (bit % 8);
    std::fs::write(path, bytes).unwrap();
}

/// Every 13th bit of the table and every one of its notes.
#[test]
fn every_flipped_bit_is_found_said_and_mended() {
    let cache = Cache::new();
    let right = cache.draws();
    assert_eq!(right.remark, None);
    assert_eq!(cache.draws(), right);
    for (extension, step) in [("npy", 13), ("json", 1)] {
        let path = cache.file(extension);
        let bits = 8 * std::fs::metadata(&path).unwrap().len() as usize;
        for bit in (0..bits).step_by(step) {
            flip(&path, bit);
            let mended = cache.draws();
            let remark = mended.remark.unwrap_or_default();
            assert!(remark.contains("damaged"), "{extension} bit {bit}: {remark}");
            assert_eq!(mended.theta, right.theta, "{extension} bit {bit}");
            assert_eq!(cache.draws(), right, "{extension} bit {bit}: not mended");
        }
    }
}

#[test]
fn torn_foreign_and_old_entries_are_drawn_anew() {
    let cache = Cache::new();
    let right = cache.draws();
    let (table, notes) = (cache.file("npy"), cache.file("json"));
    let whole = std::fs::read(&table).unwrap();
    let mended = |why: &str| {
        let draws = cache.draws();
        let remark = draws.remark.unwrap_or_default();
        assert!(remark.contains(why), "{remark} does not say {why}");
        assert_eq!(draws.theta, right.theta);
        assert_eq!(cache.draws(), right);
    };
    std::fs::write(&table, &whole[..whole.len() / 2]).unwrap();
    mended("damaged");
    // Longer than 4 KiB, so not even read.
    std::fs::write(&table, [&whole[..], &vec![0; 10_000]].concat()).unwrap();
    mended("bytes");
    // As the first version kept them.
    std::fs::write(&notes, "null").unwrap();
    mended("without a checksum");
    std::fs::remove_file(&notes).unwrap();
    mended("without a checksum");
    std::fs::remove_file(&table).unwrap();
    assert_eq!(cache.draws(), right);
    // Another seed's entry under this one's name.
    let store = ReferenceStore::at(cache.folder.path());
    let x = cache.task.observation(1).unwrap().x;
    let before: Vec<PathBuf> = [table.clone(), notes.clone()].to_vec();
    store.native(&cache.task, &x, 40, 2, &AtomicBool::new(false)).unwrap();
    for entry in std::fs::read_dir(cache.folder.path().join("native")).unwrap() {
        let path = entry.unwrap().path();
        if !before.contains(&path) {
            std::fs::copy(&path, table.with_extension(path.extension().unwrap())).unwrap();
        }
    }
    mended("checksum");
}

#[test]
fn imported_draws_are_kept_checked_and_never_replaced() {
    let cache = Cache::new();
    let path = cache.folder.path().join("released/two_moons/observation_01.npy");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    assert!(matches!(cache.released(5), Err(ReferenceError::NotImported { .. })));
    let theta = Array2::from_shape_fn((6, 2), |(i, j)| 0.1 * (i + j) as f32);
    write_table(&path, "theta", theta.view()).unwrap();
    // An earlier version's import: used, and said.
    let old = cache.released(6).unwrap();
    assert_eq!(old.theta, theta);
    assert!(old.remark.unwrap().contains("without a checksum"));
    assert!(matches!(cache.released(7), Err(ReferenceError::NotImported { .. })));
    // Without a checksum, what can be seen is.
    for (value, why) in [(f32::NAN, "row 4"), (1.5, "row 4")] {
        let mut wrong = theta.clone();
        wrong[[3, 1]] = value;
        write_table(&path, "theta", wrong.view()).unwrap();
        let kept = std::fs::read(&path).unwrap();
        let error = cache.released(6).unwrap_err();
        assert!(matches!(error, ReferenceError::Damaged { .. }) && error.to_string().contains(why));
        assert_eq!(std::fs::read(&path).unwrap(), kept);
    }
    write_table(&path, "theta", Array2::<f32>::zeros((6, 3)).view()).unwrap();
    assert!(cache.released(6).unwrap_err().to_string().contains("shape"));
}

/// Chains that were stopped go on to the very draws of undisturbed ones, and what they kept is gone then.
#[test]
fn stopped_chains_go_on_to_the_same_draws() {
    let scratch = tempfile::tempdir().unwrap();
    let store = ReferenceStore::at(scratch.path());
    let task = Task::by_name("bernoulli_glm").unwrap();
    let x = task.observation(3).unwrap().x;
    let whole = reference_draws(&task, &x, 2000, 7, &AtomicBool::new(false)).unwrap();
    let pieces = || -> Vec<std::path::PathBuf> {
        let entries = std::fs::read_dir(scratch.path().join("native")).into_iter().flatten();
        let folders = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir());
        folders
            .flat_map(|folder| std::fs::read_dir(folder).unwrap())
            .flatten()
            .map(|e| e.path())
            .collect()
    };
    let stop = AtomicBool::new(false);
    let stopped = std::thread::scope(|scope| {
        let draws = scope.spawn(|| store.native(&task, &x, 2000, 7, &stop));
        while pieces().is_empty() && !draws.is_finished() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        draws.join().unwrap()
    });
    let kept = pieces().len();
    assert!(stopped.is_err() == (kept > 0), "{kept} pieces");
    let draws = store.native(&task, &x, 2000, 7, &AtomicBool::new(false)).unwrap();
    assert_eq!(draws, whole);
    assert!(pieces().is_empty());
}
