//! Tables on disk: round trips, numpy's own files, and every way in which a file can be wrong.

use std::fs;
use std::path::{Path, PathBuf};

use freeform_simulators::{
    ArrayError, Orientation, Simulations, read_table, read_table_oriented, read_vector, write_csv,
    write_table,
};
use ndarray::{Array2, array};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn awkward() -> Array2<f32> {
    array![[0.1, -1.0e-30, 3.402_823_5e38], [f32::NAN, f32::NEG_INFINITY, 16_777_217.0]]
}

fn bits(table: &Array2<f32>) -> Vec<u32> {
    table.iter().map(|v| v.to_bits()).collect()
}

#[test]
fn both_formats_round_trip_bit_for_bit() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a.npy", "a.csv"] {
        let path = dir.path().join(name);
        write_table(&path, awkward().view()).unwrap();
        let back = read_table(&path).unwrap();
        assert_eq!((back.dim(), bits(&back)), ((2, 3), bits(&awkward())), "{name}");
        // A transposed view is written in its own order, not in memory order.
        write_table(&path, awkward().t()).unwrap();
        assert_eq!(bits(&read_table(&path).unwrap().t().to_owned()), bits(&awkward()), "{name}");
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "no temporary files stay");
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
fn one_dimensional_arrays_follow_the_caller() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("v.npy");
    ndarray_npy::write_npy(&path, &array![1.0_f64, 2.0, 3.0]).unwrap();
    assert_eq!(read_table(&path).unwrap().dim(), (3, 1));
    assert_eq!(read_table_oriented(&path, Orientation::Row).unwrap().dim(), (1, 3));
    assert_eq!(read_vector(&path).unwrap(), [1.0, 2.0, 3.0]);
    let error = read_vector(fixture("fortran_f64.npy")).unwrap_err().to_string();
    assert!(error.contains("[2, 3]") && error.contains("one row"), "{error}");
}

#[test]
fn csv_headers_are_optional_and_written_on_request() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("h.csv");
    write_csv(&path, &["a".into(), "b".into()], array![[1.0, 2.5]].view()).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "a,b\n1,2.5\n");
    assert_eq!(read_table(&path).unwrap(), array![[1.0, 2.5]]);
    fs::write(&path, "# note\n 1 , 2\n3,4e1\n").unwrap();
    assert_eq!(read_table(&path).unwrap(), array![[1.0, 2.0], [3.0, 40.0]]);
}

#[test]
fn simulations_round_trip_and_drop_non_finite_rows() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s.npz");
    let theta = array![[1.0], [2.0], [f32::NAN], [4.0]];
    let x = array![[1.0, 1.5], [f32::INFINITY, 2.0], [3.0, 3.0], [4.0, 4.5]];
    let simulations = Simulations::new(theta, x).unwrap();
    simulations.write(&path).unwrap();
    let back = Simulations::read(&path).unwrap();
    assert_eq!(bits(&back.theta), bits(&simulations.theta));
    assert_eq!(bits(&back.x), bits(&simulations.x));
    assert_eq!(back.non_finite_rows(), 2);
    let clean = back.without_non_finite();
    assert_eq!((clean.theta, clean.x), (array![[1.0], [4.0]], array![[1.0, 1.5], [4.0, 4.5]]));
}

#[test]
fn faulty_csv_names_the_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bad.csv");
    fs::write(&path, "a,b\n1,2\n3\n").unwrap();
    let error = read_table(&path).unwrap_err();
    assert!(matches!(error, ArrayError::RaggedCsv { line: 3, found: 1, expected: 2, .. }));
    fs::write(&path, "1,2\n3,four\n").unwrap();
    let error = read_table(&path).unwrap_err();
    assert!(matches!(error, ArrayError::NotANumber { line: 2, field: 2, .. }), "{error}");
    assert!(error.to_string().contains("\"four\""));
    // A first line that is partly numbers is a fault, not a header.
    fs::write(&path, "1,x\n3,4\n").unwrap();
    assert!(matches!(read_table(&path), Err(ArrayError::NotANumber { line: 1, .. })));
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
    let error = read_table(fixture("int64.npy")).unwrap_err();
    assert!(matches!(error, ArrayError::WrongType { .. }), "{error}");
    assert!(error.to_string().contains("astype(np.float32)"));
    let error = read_table(dir.path().join("x.txt")).unwrap_err();
    assert!(error.to_string().contains(".npy or .csv"), "{error}");
}

#[test]
fn faulty_archives_are_explained() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s.npz");
    fs::write(&path, "no archive").unwrap();
    assert!(matches!(Simulations::read(&path), Err(ArrayError::Malformed { format: "npz", .. })));
    let file = fs::File::create(&path).unwrap();
    let mut archive = ndarray_npy::NpzWriter::new(file);
    archive.add_array("theta", &array![[1.0_f32]]).unwrap();
    archive.add_array("data", &array![[1.0_f32]]).unwrap();
    archive.finish().unwrap();
    let error = Simulations::read(&path).unwrap_err().to_string();
    assert!(error.contains("no array \"x\"") && error.contains("data"), "{error}");
    let error = Simulations::new(Array2::zeros((3, 1)), Array2::zeros((2, 1))).unwrap_err();
    assert!(matches!(error, ArrayError::RowCounts { theta: 3, x: 2 }));
    let error = Simulations::new(Array2::zeros((0, 1)), Array2::zeros((0, 1))).unwrap_err();
    assert!(matches!(error, ArrayError::Empty { .. }));
}

#[test]
fn failed_writes_leave_the_old_file_alone() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("no/such/folder/a.npy");
    let error = write_table(&missing, awkward().view()).unwrap_err();
    assert!(matches!(error, ArrayError::Io { action: "write", .. }), "{error}");
    let path = dir.path().join("a.csv");
    fs::write(&path, "1\n").unwrap();
    // Two names for three columns fail half-way through the temporary file.
    assert!(write_csv(&path, &["a".into(), "b".into()], awkward().view()).is_err());
    assert_eq!(fs::read_to_string(&path).unwrap(), "1\n");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}
