//! Files: round trips, and names and places that are wrong.

use std::fs;
use std::path::Path;

use freeform_simulators::{
    ArrayError, FirstLine, Simulations, TableOptions, prepare_output, prepare_simulations_output,
    write_csv, write_table,
};
use ndarray::{Array2, array};

use crate::support::fixture;

fn read_table(path: impl AsRef<Path>) -> Result<Array2<f32>, ArrayError> {
    freeform_simulators::read_table(path, &TableOptions::default())?.to_f32()
}

fn awkward() -> Array2<f32> {
    array![[0.1, -1.0e-30, 3.402_823_5e38], [f32::NAN, f32::NEG_INFINITY, 16_777_217.0]]
}

fn bits(table: &Array2<f32>) -> Vec<u32> {
    table.iter().map(|v| v.to_bits()).collect()
}

fn bits64(table: &Array2<f64>) -> Vec<u64> {
    table.iter().map(|v| v.to_bits()).collect()
}

#[test]
fn all_formats_round_trip_bit_for_bit() {
    let dir = tempfile::tempdir().unwrap();
    let names = ["a.npy", "a.npz", "a.csv", "a.tsv", "a.txt", "a.dat", "A.NPY", "A.CSV"];
    for name in names {
        let path = dir.path().join(name);
        write_table(&path, "theta", awkward().view()).unwrap();
        let back = read_table(&path).unwrap();
        assert_eq!((back.dim(), bits(&back)), ((2, 3), bits(&awkward())), "{name}");
        // A transposed view is written in its own order, not in memory order.
        write_table(&path, "theta", awkward().t()).unwrap();
        assert_eq!(bits(&read_table(&path).unwrap().t().to_owned()), bits(&awkward()), "{name}");
        // So does double precision.
        let double = array![[0.1, 1e300], [-0.0, 1.0 / 3.0]];
        write_table(&path, "theta", double.view()).unwrap();
        let back = freeform_simulators::read_table(&path, &TableOptions::default()).unwrap();
        assert_eq!(back.values, double, "{name}");
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), names.len(), "no temporary files stay");
}

/// What this program writes, it never takes for a header.
#[test]
fn written_rows_are_never_ambiguous() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("counts.csv");
    write_table(&path, "x", array![[0.0_f32, 1.0], [0.5, 7.0]].view()).unwrap();
    assert_eq!(read_table(&path).unwrap().nrows(), 2);
    assert_eq!(fs::read_to_string(&path).unwrap(), "0.0,1.0\n0.5,7.0\n");
}

#[test]
fn outputs_are_checked_before_anything_is_computed() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    for name in ["a.npy", "a.npz", "a.csv", "a.tsv", "a.txt", "a.dat", "new/folder/a.npy"] {
        prepare_output(at(name)).unwrap();
        assert!(!at(name).exists(), "nothing is written yet");
    }
    for name in ["a", "a.xlsx", "a.npy.gz", ".npy"] {
        let error = prepare_output(at(name)).unwrap_err();
        assert!(matches!(error, ArrayError::UnknownExtension { .. }), "{name}: {error}");
    }
    fs::write(at("file"), "").unwrap();
    fs::create_dir(at("folder.npy")).unwrap();
    for name in ["file/a.npy", "folder.npy"] {
        let error = prepare_output(at(name)).unwrap_err();
        assert!(matches!(error, ArrayError::Io { .. }), "{name}: {error}");
    }
    prepare_simulations_output(at("s.npz")).unwrap();
    assert!(prepare_simulations_output(at("s.csv")).is_err());
}

#[test]
fn numpy_files_are_read() {
    let expected = array![[1.5, -2.25, 3.0], [4.0, 0.005, 6.0]];
    assert_eq!(read_table(fixture("fortran_f64.npy")).unwrap(), expected);
    let simulations = Simulations::read(fixture("numpy_compressed.npz")).unwrap();
    assert_eq!(simulations.theta, array![[0.5], [-1.5], [2.5]]);
    assert_eq!(simulations.x, array![[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]);
}

#[test]
fn csv_headers_are_optional_and_written_on_request() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("h.csv");
    write_csv(&path, &["a".into(), "b".into()], array![[1.0_f32, 2.5]].view()).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "a,b\n1.0,2.5\n");
    assert_eq!(read_table(&path).unwrap(), array![[1.0, 2.5]]);
    fs::write(&path, "# note\n 1.5 , 2\n3,4e1\n").unwrap();
    assert_eq!(read_table(&path).unwrap(), array![[1.5, 2.0], [3.0, 40.0]]);
    let numbers = TableOptions::default().with_first_line(FirstLine::Numbers);
    fs::write(&path, "1,2\n3,4e1\n").unwrap();
    assert_eq!(freeform_simulators::read_table(&path, &numbers).unwrap().values.nrows(), 2);
}

#[test]
fn simulations_round_trip_and_drop_non_finite_rows() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s.npz");
    let theta = array![[1.0], [2.0], [f64::NAN], [4.0]];
    let x = array![[1.0, 1.5], [f64::INFINITY, 2.0], [3.0, 3.0], [4.0, 4.5]];
    let simulations = Simulations::new(theta, x).unwrap();
    simulations.write(&path).unwrap();
    let back = Simulations::read(&path).unwrap();
    assert_eq!(bits64(&back.theta), bits64(&simulations.theta));
    assert_eq!(bits64(&back.x), bits64(&simulations.x));
    assert_eq!(back.non_finite_rows(), 2);
    let clean = back.without_non_finite();
    assert_eq!((clean.theta, clean.x), (array![[1.0], [4.0]], array![[1.0, 1.5], [4.0, 4.5]]));
}

#[test]
fn faulty_binary_files_are_explained() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npy");
    assert!(matches!(read_table(&path), Err(ArrayError::Io { action: "read", .. })));
    fs::write(&path, "hello, this is not a numpy file at all").unwrap();
    assert!(matches!(read_table(&path), Err(ArrayError::Malformed { format: "npy", .. })));
    let whole = fs::read(fixture("fortran_f64.npy")).unwrap();
    for cut in [0, 5, 60, whole.len() - 1] {
        fs::write(&path, &whole[..cut]).unwrap();
        let result = read_table(&path);
        assert!(matches!(result, Err(ArrayError::Malformed { .. })), "cut at {cut}: {result:?}");
    }
    let error = read_table(dir.path().join("x.xlsx")).unwrap_err();
    assert!(error.to_string().contains(".npy, .npz, .csv"), "{error}");
}

#[test]
fn faulty_archives_are_explained() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s.npz");
    fs::write(&path, "no archive").unwrap();
    assert!(matches!(Simulations::read(&path), Err(ArrayError::Malformed { format: "npz", .. })));
    write_table(&path, "theta", array![[1.0_f32]].view()).unwrap();
    let error = Simulations::read(&path).unwrap_err().to_string();
    assert!(error.contains("no array \"x\"") && error.contains("holds theta"), "{error}");
    let error = Simulations::new(Array2::zeros((3, 1)), Array2::zeros((2, 1))).unwrap_err();
    assert!(matches!(error, ArrayError::RowCounts { theta: 3, x: 2 }));
    let error = Simulations::new(Array2::zeros((0, 1)), Array2::zeros((0, 1))).unwrap_err();
    assert!(matches!(error, ArrayError::Empty { .. }));
}

#[test]
fn failed_writes_leave_the_old_file_alone() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("no/such/folder/a.npy");
    let error = write_table(&missing, "x", awkward().view()).unwrap_err();
    assert!(matches!(error, ArrayError::Io { action: "write", .. }), "{error}");
    let path = dir.path().join("a.csv");
    fs::write(&path, "1\n").unwrap();
    // Two names for three columns fail half-way through the temporary file.
    assert!(write_csv(&path, &["a".into(), "b".into()], awkward().view()).is_err());
    assert_eq!(fs::read_to_string(&path).unwrap(), "1\n");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}
