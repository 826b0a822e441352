//! Not one flipped bit goes unnoticed.

use crate::support::{Project, interrupt, make};
use freeform_simulators::{AnySimulator, SetError, SourceError, check_set, read_theta_failed};
use std::fs;
use std::path::PathBuf;

fn folder() -> Project {
    Project::new("data_dim = 2", "")
}

#[test]
fn a_damaged_table_is_neither_extended_nor_read() {
    let folder = folder();
    let task = AnySimulator::open("two_moons").unwrap();
    let path = folder.path("set.npz");
    make(task.source(), 40, &path).unwrap();
    assert!(check_set(&path).unwrap());
    let whole = fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        fs::write(&path, &bytes).unwrap();
        let mut found = vec![check_set(&path).map(|_| ()), read_theta_failed(&path).map(|_| ())];
        if at % 5 == 0 {
            found.push(make(task.source(), 40, &path).map(|_| ()).map_err(set_error));
            found.push(make(task.source(), 60, &path).map(|_| ()).map_err(set_error));
        }
        for (which, result) in found.into_iter().enumerate() {
            assert!(
                matches!(result, Err(SetError::Damaged { .. })),
                "byte {at}, {which}: {result:?}"
            );
        }
        assert!(fs::read(&path).unwrap() == bytes, "it was touched");
    }
    for length in (0..whole.len()).step_by(5) {
        fs::write(&path, &whole[..length]).unwrap();
        make(task.source(), 60, &path).unwrap_err();
    }
    fs::write(&path, &whole).unwrap();
    make(task.source(), 60, &path).unwrap();
}

fn set_error(error: SourceError) -> SetError {
    match error {
        SourceError::Set(error) => error,
        other => panic!("{other}"),
    }
}

#[test]
fn a_damaged_chunk_is_made_again() {
    let folder = folder();
    let task = AnySimulator::open("two_moons").unwrap();
    let (whole, path) = (folder.path("whole.npz"), folder.path("set.npz"));
    make(task.source(), 3000, &whole).unwrap();
    interrupt(task.source(), 3000, &path, 1024);
    let parts = folder.path("set.npz.parts");
    let chunks: Vec<PathBuf> =
        fs::read_dir(&parts).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [chunk] = chunks.as_slice() else { panic!("{chunks:?}") };
    let bytes = fs::read(chunk).unwrap();
    let whole = fs::read(&whole).unwrap();
    let head: Vec<usize> = (0..400).step_by(3).collect();
    let tail = (400..bytes.len()).step_by(401).chain(bytes.len() - 40..bytes.len());
    for at in head.into_iter().chain(tail) {
        fs::create_dir_all(&parts).unwrap();
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        fs::write(chunk, &damaged).unwrap();
        let report = make(task.source(), 3000, &path).unwrap();
        assert_eq!(report.reused, 0, "byte {at}");
        assert!(report.remarks[0].contains("1 of the chunks"), "{:?}", report.remarks);
        assert!(fs::read(&path).unwrap() == whole, "byte {at}");
        fs::remove_file(&path).unwrap();
    }
    fs::create_dir_all(&parts).unwrap();
    fs::write(chunk, &bytes).unwrap();
    let report = make(task.source(), 3000, &path).unwrap();
    assert_eq!((report.reused, report.remarks.len()), (1024, 0));
}

/// A whole chunk of another seed, under the name of one of ours.
#[test]
fn another_sets_chunk_is_not_joined() {
    let folder = folder();
    let task = AnySimulator::open("two_moons").unwrap();
    let slcp = AnySimulator::open("gaussian_linear").unwrap();
    let (ours, theirs) = (folder.path("ours.npz"), folder.path("theirs.npz"));
    interrupt(task.source(), 3000, &ours, 1024);
    interrupt(slcp.source(), 3000, &theirs, 1024);
    let chunk =
        |name: &str| fs::read_dir(folder.path(name)).unwrap().next().unwrap().unwrap().path();
    fs::copy(chunk("theirs.npz.parts"), chunk("ours.npz.parts")).unwrap();
    let error = make(task.source(), 3000, &ours).unwrap_err().to_string();
    assert!(error.contains("simulations of \"gaussian_linear\", not of \"two_moons\""), "{error}");
}
