//! What version 0.1.0 made before tables and chunks had checksums is used as it is.

use crate::support::{failing_project, interrupt, make};
use freeform_simulators::{check_set, read_theta_failed};
use std::fs;
use std::path::{Path, PathBuf};

/// Made by that version from the simulator of [`failing_project`], with seed 5.
fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// A set goes on in the precision that it was begun in; one that is made whole today is in double
/// precision, of which the other is the rounding.
fn assert_rounded(path: &Path, whole: &Path) {
    let [set, whole] = [path, whole].map(|p| freeform_simulators::Simulations::read(p).unwrap());
    for (single, double) in [(&set.theta, &whole.theta), (&set.x, &whole.x)] {
        assert_eq!(single.dim(), double.dim());
        for (single, double) in single.iter().zip(double) {
            assert_eq!(f64::from(*single as f32), *single);
            assert!((single - double).abs() <= 1e-5 * (1.0 + double.abs()), "{single} {double}");
        }
    }
}

#[test]
fn a_table_is_read_and_extended() {
    let project = failing_project();
    let (path, whole) = (project.path("set.npz"), project.path("whole.npz"));
    fs::copy(data("set_of_format_1.npz"), &path).unwrap();
    assert!(!check_set(&path).unwrap());
    assert_eq!(read_theta_failed(&path).unwrap(), None);
    let simulator = project.open();
    let same = make(&simulator, 60, &path).unwrap();
    assert_eq!((same.rows, same.reused, same.failures.non_finite), (58, 60, 2));
    assert!(same.remarks[0].contains("has no checksum"), "{:?}", same.remarks);
    let report = make(&simulator, 150, &path).unwrap();
    assert_eq!((report.rows, report.reused, report.failures.non_finite), (147, 60, 3));
    assert!(report.remarks[1].contains("parameters of failed simulations"), "{:?}", report.remarks);
    make(&simulator, 150, &whole).unwrap();
    assert_rounded(&path, &whole);
    // The parameters of some failures are not known, and some are worse than none.
    assert!(check_set(&path).unwrap());
    assert_eq!(read_theta_failed(&path).unwrap(), None);
    assert!(read_theta_failed(&whole).unwrap().is_some());
}

#[test]
fn a_chunk_is_gone_on_with() {
    let project = failing_project();
    let (path, whole) = (project.path("set.npz"), project.path("whole.npz"));
    let simulator = project.open();
    interrupt(&simulator, 1500, &path, 1);
    let parts = project.path("set.npz.parts");
    fs::remove_dir_all(&parts).unwrap();
    fs::create_dir_all(&parts).unwrap();
    fs::copy(data("chunk_of_format_1.chunk"), parts.join("000000000000-000000001023.chunk"))
        .unwrap();
    let report = make(&simulator, 1500, &path).unwrap();
    assert_eq!(report.reused, 1023);
    make(&simulator, 1500, &whole).unwrap();
    assert_rounded(&path, &whole);
}
