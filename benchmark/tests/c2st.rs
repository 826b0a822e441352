//! The classifier test against scikit-learn's figures, and its errors.

use freeform_benchmark::{C2stError, C2stScore, C2stSettings, Classifier};
use freeform_simulators::{TableOptions, read_table};
use ndarray::{Array2, ArrayView2, s};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

/// Nobody asks to stop.
fn c2st<T: Copy + Into<f64>>(
    x: ArrayView2<T>,
    y: ArrayView2<T>,
    settings: &C2stSettings,
) -> Result<C2stScore, C2stError> {
    freeform_benchmark::c2st(x, y, settings, &AtomicBool::new(false))
}

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

/// Accuracy is measured against ½ only between sets of one size: 2,000 against 200 rows of one law
/// give ½, not the larger set's share of .91.
#[test]
fn sets_of_unequal_size_are_compared_row_for_row() {
    let [x, _] = pair("gaussian-shifted");
    let few = x.slice(s![..200, ..]).to_owned();
    let many = x.slice(s![200.., ..]).to_owned();
    let scores = |a: &Array2<f32>, b: &Array2<f32>| -> f64 {
        let one = |seed| {
            let settings = C2stSettings { seed, ..C2stSettings::default() };
            let score = c2st(a.view(), b.view(), &settings).unwrap();
            assert_eq!(score.rows, 200);
            score.accuracy
        };
        (1..=5).map(one).sum::<f64>() / 5.0
    };
    // 400 votes have a standard error of .025; five seeds share the smaller set.
    for score in [scores(&many, &few), scores(&few, &many)] {
        assert!((score - 0.5).abs() < 0.06, "{score}");
    }
    // The test is that of the rows drawn: the same seed draws the same ones.
    let settings = C2stSettings::default();
    let again = || c2st(many.view(), few.view(), &settings).unwrap();
    assert_eq!(again(), again());
}

/// z-scores in double precision: a shift of one standard deviation at 1.4e9, as a GPS time has it.
#[test]
fn doubles_are_centred_before_they_are_narrowed() {
    let [x, _] = pair("gaussian-shifted");
    let settings = C2stSettings { classifier: Classifier::Logistic, ..C2stSettings::default() };
    let wide = |x: &Array2<f32>, by: f64| x.mapv(|v| 1.4e9 + 1e-3 * (f64::from(v) + by));
    let near = wide(&x, 0.0);
    let mut far = near.clone();
    far.column_mut(0).assign(&wide(&x, 1.0).column(0));
    let mut shifted = x.clone();
    shifted.column_mut(0).mapv_inplace(|v| v + 1.0);
    let found = c2st(near.view(), far.view(), &settings).unwrap().accuracy;
    let expected = c2st(x.view(), shifted.view(), &settings).unwrap().accuracy;
    assert!((found - expected).abs() < 0.01, "{found}, at the origin {expected}");
}

/// 2,000 rows, the second set two standard deviations off.
fn shifted() -> [Array2<f32>; 2] {
    let [x, _] = pair("gaussian-shifted");
    let mut y = x.slice(s![1000.., ..2]).to_owned();
    y.column_mut(0).mapv_inplace(|v| v + 2.0);
    [x.slice(s![..1000, ..2]).to_owned(), y]
}

#[test]
fn a_handful_of_rows_that_make_up_the_z_scores_is_said() {
    let settings = C2stSettings { classifier: Classifier::Logistic, ..C2stSettings::default() };
    let [mut x, y] = shifted();
    let remarks = c2st(x.view(), y.view(), &settings).unwrap().remarks;
    assert!(remarks.is_empty(), "{remarks:?}");
    x[[16, 0]] = 1e20;
    let remarks = c2st(x.view(), y.view(), &settings).unwrap().remarks;
    assert_eq!(remarks.len(), 1, "{remarks:?}");
    let said = ["column 1 of X", "1 of 1000 rows", "row 17", "1e20"];
    assert!(said.iter().all(|part| remarks[0].contains(part)), "{remarks:?}");
    // Three rows, each far less extreme, in the other column.
    let [mut x, y] = shifted();
    [3, 40, 900].iter().for_each(|&row| x[[row, 1]] = 60.0);
    let remarks = c2st(x.view(), y.view(), &settings).unwrap().remarks;
    assert!(remarks[0].contains("column 2 of X: ") && remarks[0].contains("of 1000 rows"));
    // In Y, where it moves no z-score.
    let [x, mut y] = shifted();
    y[[5, 1]] = 3e6;
    let remarks = c2st(x.view(), y.view(), &settings).unwrap().remarks;
    assert!(remarks[0].contains("row 6 of Y"), "{remarks:?}");
}

/// Such numbers overflow the classifier's state: it would freeze, and ½ would be no evidence.
#[test]
fn numbers_that_no_classifier_can_learn_from_are_errors() {
    for value in [1e25_f32, 3e38] {
        let [x, mut y] = shifted();
        y[[5, 1]] = value;
        let error = c2st(x.view(), y.view(), &C2stSettings::default()).unwrap_err();
        let at = matches!(error, C2stError::TooFar { set: "Y", row: 5, column: 1, .. });
        assert!(at, "{value}: {error}");
    }
    let [x, mut y] = shifted().map(|set| set.mapv(f64::from));
    y[[5, 1]] = 1e300;
    let message = c2st(x.view(), y.view(), &C2stSettings::default()).unwrap_err().to_string();
    assert!(message.contains("row 6, column 2 of Y lies"), "{message}");
}

#[test]
fn rows_in_both_sets_and_few_rows_are_said() {
    let settings = C2stSettings { classifier: Classifier::Logistic, ..C2stSettings::default() };
    let [x, _] = shifted();
    let twice = c2st(x.view(), x.view(), &settings).unwrap();
    assert!(twice.remarks[0].contains("1000 of 1000 rows of Y are rows of X"), "{twice:?}");
    // Beside one absurd row, the z-scores of all others are equal; the rows are not.
    let (mut far, mut other) = (x.mapv(f64::from), x.mapv(|v| f64::from(v) + 0.25));
    far.row_mut(0).fill(1e20);
    other.row_mut(7).assign(&far.row(8));
    let remarks = c2st(far.view(), other.view(), &settings).unwrap().remarks;
    let shared: Vec<_> = remarks.iter().filter(|r| r.contains("are rows of X")).collect();
    assert!(shared.len() == 1 && shared[0].starts_with("1 of 1000 rows of Y"), "{remarks:?}");
    let [a, b] = [x.slice(s![..20, ..]), x.slice(s![20..40, ..])];
    let few = c2st(a, b, &settings).unwrap();
    // ½ / √40.
    assert!(few.remarks[0].contains("only 20 rows") && few.remarks[0].contains("0.08 off"));
}

#[test]
fn a_test_that_is_told_to_stop_stops() {
    let [x, y] = pair("gaussian-shifted");
    let stop = AtomicBool::new(true);
    let result = freeform_benchmark::c2st(x.view(), y.view(), &C2stSettings::default(), &stop);
    assert!(matches!(result, Err(C2stError::Interrupted)));
}
