//! One observation of a file.

use freeform_simulators::{Table, TableOptions};
use ndarray::{Array2, array};

use crate::support::{refused, text};

fn table(values: Array2<f64>) -> Table {
    Table { path: "x.npy".into(), names: None, values }
}

#[test]
fn one_row_or_one_column_is_one_observation() {
    let row = table(array![[1.0, 2.0, 3.0]]);
    assert_eq!(row.observation(None, 3).unwrap(), [1.0, 2.0, 3.0]);
    assert_eq!(row.observation(Some(1), 3).unwrap(), [1.0, 2.0, 3.0]);
    let column = table(array![[1.0], [2.0], [3.0]]);
    assert_eq!(column.observation(None, 3).unwrap(), [1.0, 2.0, 3.0]);
    refused(column.observation(Some(2), 3), &["x.npy:2", "1 observations"]);
}

#[test]
fn many_observations_are_chosen_from() {
    let many = table(array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    assert_eq!(many.observation(Some(3), 2).unwrap(), [5.0, 6.0]);
    refused(many.observation(None, 2), &["3 observations", "x.npy:1"]);
    refused(many.observation(Some(0), 2), &["x.npy:0", "3 observations, counted from 1"]);
    refused(many.observation(Some(4), 2), &["x.npy:4"]);
    // Where an observation is one number, every number is one, however they lie.
    for single in [table(array![[7.0], [8.0]]), table(array![[7.0, 8.0]])] {
        assert_eq!(single.observation(Some(2), 1).unwrap(), [8.0]);
    }
    refused(table(array![[7.0], [8.0]]).observation(None, 1), &["2 observations"]);
}

#[test]
fn vectors_of_numpy_are_rows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v.npy");
    ndarray_npy::write_npy(&path, &array![1.0_f64, 2.0, 3.0]).unwrap();
    let read = |options| freeform_simulators::read_table(&path, &options).unwrap();
    assert_eq!(read(TableOptions::observations()).observation(None, 3).unwrap(), [1.0, 2.0, 3.0]);
    assert_eq!(read(TableOptions::parameters()).values.dim(), (3, 1));
    assert_eq!(text("1\n2\n5\n").unwrap().observation(None, 3).unwrap(), [1.0, 2.0, 5.0]);
}
