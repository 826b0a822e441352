//! One observation of a file.

use freeform_simulators::{DataLayout, Expected, Layout, Table, TableOptions};
use ndarray::{Array2, ShapeBuilder, array};

use crate::support::{refused, text};

fn table(values: Array2<f64>) -> Table {
    Table { path: "x.npy".into(), names: None, labels: None, values, lengths: None }
}

#[test]
fn one_row_or_one_column_is_one_observation() {
    let row = table(array![[1.0, 2.0, 3.0]]);
    assert_eq!(row.observation(None, Expected::numbers(3)).unwrap(), [1.0, 2.0, 3.0]);
    assert_eq!(row.observation(Some(1), Expected::numbers(3)).unwrap(), [1.0, 2.0, 3.0]);
    let column = table(array![[1.0], [2.0], [3.0]]);
    assert_eq!(column.observation(None, Expected::numbers(3)).unwrap(), [1.0, 2.0, 3.0]);
    refused(column.observation(Some(2), Expected::numbers(3)), &["x.npy:2", "1 observation,"]);
}

#[test]
fn many_observations_are_chosen_from() {
    let many = table(array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    assert_eq!(many.observation(Some(3), Expected::numbers(2)).unwrap(), [5.0, 6.0]);
    refused(many.observation(None, Expected::numbers(2)), &["3 observations", "x.npy:1"]);
    refused(
        many.observation(Some(0), Expected::numbers(2)),
        &["x.npy:0", "3 observations, counted from 1"],
    );
    refused(many.observation(Some(4), Expected::numbers(2)), &["x.npy:4"]);
    // Where an observation is one number, every number is one, however they lie.
    for single in [table(array![[7.0], [8.0]]), table(array![[7.0, 8.0]])] {
        assert_eq!(single.observation(Some(2), Expected::numbers(1)).unwrap(), [8.0]);
    }
    refused(
        table(array![[7.0], [8.0]]).observation(None, Expected::numbers(1)),
        &["2 observations"],
    );
}

#[test]
fn vectors_of_numpy_are_rows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v.npy");
    ndarray_npy::write_npy(&path, &array![1.0_f64, 2.0, 3.0]).unwrap();
    let read = |options| freeform_simulators::read_table(&path, &options).unwrap();
    assert_eq!(
        read(TableOptions::observations()).observation(None, Expected::numbers(3)).unwrap(),
        [1.0, 2.0, 3.0]
    );
    assert_eq!(read(TableOptions::parameters()).values.dim(), (3, 1));
    assert_eq!(
        text("1\n2\n5\n").unwrap().observation(None, Expected::numbers(3)).unwrap(),
        [1.0, 2.0, 5.0]
    );
}

/// Times beside the values, or decimals with a comma, are told as what they are.
#[test]
fn rows_that_are_no_observations_are_told() {
    let beside = table(Array2::from_shape_fn((12, 2), |(t, c)| (t + c) as f64));
    let found = beside.observation(None, Expected::numbers(12));
    refused(found, &["12 rows of 2 numbers", "an observation has 12", "without times"]);
    refused(text("1,8920;1,0393;0,5\n"), &["\"1,8920\" has a decimal comma", "with a point"]);
}

/// Where the model knows of points, one a row makes one observation; otherwise that is asked.
#[test]
fn points_in_rows_are_one_observation() {
    let points = table(array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    let series = |data_dim, channels| Expected {
        data_dim,
        layout: DataLayout::new(Layout::Series, channels),
        any_number: false,
    };
    let whole = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    assert_eq!(points.observation(None, series(6, 2)).unwrap(), whole);
    let found = points.observation(None, series(6, 1));
    refused(found, &["3 rows of 2 numbers", "--channels 2", "reshape(1, -1)"]);
    let across = points.observation(None, series(6, 3));
    refused(across, &["the other way round", "x.T"]);
    // Of two numbers each, they are three.
    refused(points.observation(None, series(2, 2)), &["3 observations"]);
    assert_eq!(points.observation(Some(2), series(2, 1)).unwrap(), [3.0, 4.0]);
}

/// Three dimensions are observations of points, in either order of memory; of parameters they are refused.
#[test]
fn arrays_of_three_dimensions_are_rows_of_points() {
    let folder = tempfile::tempdir().unwrap();
    let cube = ndarray::Array3::from_shape_fn((2, 3, 4), |(n, t, c)| (100 * n + 10 * t + c) as f64);
    let columns = ndarray::Array3::from_shape_fn((2, 3, 4).f(), |at| cube[at]);
    for (name, array) in [("c.npy", cube.clone()), ("f.npy", columns)] {
        let path = folder.path().join(name);
        ndarray_npy::write_npy(&path, &array).unwrap();
        let read = freeform_simulators::read_table(&path, &TableOptions::observations()).unwrap();
        assert_eq!(
            (read.values.dim(), read.lengths.as_deref()),
            ((2, 12), Some(&[3, 4][..])),
            "{name}"
        );
        let second = read.observation(Some(2), Expected::numbers(12)).unwrap();
        let expected =
            [100.0, 101.0, 102.0, 103.0, 110.0, 111.0, 112.0, 113.0, 120.0, 121.0, 122.0, 123.0];
        assert_eq!(second, expected, "{name}");
        let parameters = freeform_simulators::read_table(&path, &TableOptions::parameters());
        refused(parameters, &["[2, 3, 4]", "one or two dimensions"]);
    }
}
