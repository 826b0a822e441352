//! MMD and median distance against numpy, on rows of the classifier test's battery.

use freeform_benchmark::{DistanceError, median_distance};
use freeform_simulators::{TableOptions, read_table};
use ndarray::{Array2, ArrayView2, array, s};
use std::sync::atomic::AtomicBool;

/// Case, unbiased MMD² of x[..400] and y[..500] with the lower median of the distances in x as
/// bandwidth, and median distance of y[..500] from x[0], in double precision.
const NUMPY: [(&str, f64, f64); 6] = [
    ("two-moons-same", -0.000499236106, 1.03086552),
    ("two-moons-blurred", -0.000493411617, 1.03207668),
    ("slcp-half-the-modes", 0.0905974877, 5.83467245),
    ("gaussian-shifted", 0.0181391231, 0.860903992),
    ("gaussian-wider", 0.00814694684, 1.12634417),
    ("lotka-volterra-decorrelated", 0.0185570511, 0.029489723),
];

/// Nobody asks to stop.
fn mmd<T: Copy + Into<f64>>(x: ArrayView2<T>, y: ArrayView2<T>) -> Result<f64, DistanceError> {
    freeform_benchmark::mmd(x, y, &AtomicBool::new(false))
}

fn rows(case: &str, side: &str, n: usize) -> Array2<f32> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/c2st-battery");
    let table = read_table(format!("{folder}/{case}-{side}.npy"), &TableOptions::default())
        .unwrap()
        .to_f32()
        .unwrap();
    table.slice(s![..n, ..]).to_owned()
}

#[test]
fn distances_are_numpys() {
    for (case, expected_mmd, expected_distance) in NUMPY {
        let (x, y) = (rows(case, "x", 400), rows(case, "y", 500));
        let found = mmd(x.view(), y.view()).unwrap();
        assert!((found - expected_mmd).abs() < 1e-7, "{case}: MMD² {found}, not {expected_mmd}");
        let observation = x.row(0).mapv(f64::from).to_vec();
        let found = median_distance(y.mapv(f64::from).view(), &observation).unwrap();
        let error = (found / expected_distance - 1.0).abs();
        assert!(error < 1e-6, "{case}: distance {found}, not {expected_distance}");
    }
}

#[test]
fn unusable_sets_are_refused() {
    let (two, three) = (array![[0.0_f32, 1.0], [1.0, 0.0]], array![[0.0_f32, 1.0, 2.0]]);
    let columns = Err(DistanceError::Columns { first: 2, second: 3 });
    assert_eq!(mmd(two.view(), three.view()), columns);
    let rows = Err(DistanceError::Rows { rows: 1, least: 2 });
    assert_eq!(mmd(two.view(), two.slice(s![..1, ..])), rows);
    let same = array![[1.0_f32], [1.0], [1.0]];
    assert_eq!(mmd(same.view(), same.view()), Err(DistanceError::NoBandwidth));
    let hole = array![[f64::NAN, 1.0]];
    let message = median_distance(hole.view(), &[0.0, 0.0]).unwrap_err().to_string();
    assert!(message.contains("row 1, column 1 of the predictive simulations"), "{message}");
    let message = median_distance(two.view(), &[0.0, f32::INFINITY]).unwrap_err().to_string();
    assert!(message.contains("column 2 of the observation"), "{message}");
    let stop = AtomicBool::new(true);
    let stopped = freeform_benchmark::mmd(two.view(), two.view(), &stop);
    assert_eq!(stopped, Err(DistanceError::Interrupted));
}

/// Squares of such numbers do not fit into single precision, but their kernel does.
#[test]
fn mmd_does_not_depend_on_the_unit() {
    let (x, y) = (rows("gaussian-shifted", "x", 400), rows("gaussian-shifted", "y", 500));
    let expected = mmd(x.view(), y.view()).unwrap();
    for factor in [1e-30, 1e30] {
        let [x, y] = [&x, &y].map(|set| set.mapv(|v| f64::from(v) * factor));
        let found = mmd(x.view(), y.view()).unwrap();
        assert!((found - expected).abs() < 1e-12, "{factor}: {found}, not {expected}");
    }
}
