//! The classifier test against scikit-learn's figures, and its errors.

use freeform_benchmark::{C2stError, C2stSettings, Classifier, c2st};
use freeform_simulators::{TableOptions, read_table};
use ndarray::{Array2, s};
use std::path::PathBuf;

fn battery(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests/data/c2st-battery", name].iter().collect()
}

fn pair(case: &str) -> [Array2<f32>; 2] {
    ["x", "y"].map(|side| {
        read_table(battery(&format!("{case}-{side}.npy")), &TableOptions::default())
            .unwrap()
            .to_f32()
            .unwrap()
    })
}

/// In each row of the battery, our mean over seeds 1–5 lies within three standard deviations of
/// scikit-learn's.
#[test]
fn the_perceptron_agrees_with_scikit_learn() {
    let mut rows = csv::Reader::from_path(battery("expected.csv")).unwrap();
    let mut cases = 0;
    for row in rows.deserialize() {
        let (case, _, expected, sd): (String, usize, f64, f64) = row.unwrap();
        let [x, y] = pair(&case);
        let scores = (1..=5).map(|seed| {
            let settings = C2stSettings { seed, ..C2stSettings::default() };
            c2st(x.view(), y.view(), &settings).unwrap().accuracy
        });
        let mean = scores.sum::<f64>() / 5.0;
        println!("{case}: {mean:.4}, expected {expected} ± {sd}");
        assert!((mean - expected).abs() <= 3.0 * sd, "{case}: {mean}, expected {expected} ± {sd}");
        cases += 1;
    }
    assert_eq!(cases, 6);
}

/// Two unit normals whose means lie δ apart: the best linear classifier is right with Φ(δ/2).
#[test]
fn logistic_regression_reaches_the_best_linear_accuracy() {
    let [x, _] = pair("gaussian-shifted");
    let (mean, sd) = (x.mean_axis(ndarray::Axis(0)).unwrap(), x.std_axis(ndarray::Axis(0), 1.0));
    let x = (&x - &mean) / &sd;
    let mut y = x.clone();
    y.slice_mut(s![.., 0]).mapv_inplace(|v| v + 1.0);
    let settings = C2stSettings { classifier: Classifier::Logistic, ..C2stSettings::default() };
    let found = c2st(x.view(), y.view(), &settings).unwrap().accuracy;
    // Φ(½) = 0.6915; 4,000 held-out votes have a standard error of 0.0073.
    assert!((found - 0.6915).abs() < 0.03, "{found}");
}

#[test]
fn the_score_does_not_depend_on_the_thread_count() {
    let [x, y] = pair("slcp-half-the-modes");
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| c2st(x.view(), y.view(), &C2stSettings::default()).unwrap())
    };
    assert_eq!(with(1), with(3));
}

#[test]
fn sets_that_cannot_be_compared_are_errors() {
    let settings = C2stSettings::default();
    let x = Array2::from_shape_fn((20, 2), |(i, j)| (i * (j + 1)) as f32);
    let error = |a: &Array2<f32>, b: &Array2<f32>| c2st(a.view(), b.view(), &settings).unwrap_err();
    let narrow = x.slice(s![.., ..1]).to_owned();
    assert!(matches!(error(&x, &narrow), C2stError::Columns { x: 2, y: 1 }));
    let few = x.slice(s![..3, ..]).to_owned();
    assert!(matches!(error(&x, &few), C2stError::TooFewRows { set: "Y", rows: 3, least: 5 }));
    let mut hole = x.clone();
    hole[[7, 1]] = f32::INFINITY;
    assert!(matches!(error(&hole, &x), C2stError::NotFinite { set: "X", row: 7, .. }));
    let mut flat = x.clone();
    flat.column_mut(1).fill(4.0);
    let message = error(&flat, &x).to_string();
    assert!(message.contains("column 2 of X is constant (4)"), "{message}");
}
