use super::*;

/// Of x_t = (−1)^t around 5, in scores ±1: no trend, correlation −1 at odd and 1 at even lags,
/// increments of 2 and 0.
#[test]
fn statistics_of_an_alternating_series() {
    let x: Vec<f64> = (0..40).map(|t| if t % 2 == 0 { 6.0 } else { 4.0 }).collect();
    let series = Series::fit(&x, 40, 1, Detail::Few);
    let mut out = Vec::new();
    series.apply(&x, &mut out);
    assert_eq!(out.len(), series.outputs());
    assert!(series.is_whole(40) && !series.is_whole(41));
    // Level, spread, ends; then lags 1, 2, 4, 8.
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} {b}");
    [0.0, 0.0, 1.0, -1.0].into_iter().zip(&out).for_each(|(a, b)| near(a, *b));
    near(out[4], -1.0);
    near(out[5], 4_f64.ln());
    near(out[6], 1.0);
    near(out[7], 1.0);
    near(out[8], 1.0);
    assert_eq!(out.len(), 9);
}

/// The second channel is the first one a point later.
#[test]
fn channels_are_compared_at_lags() {
    let wave = |t: i32| (1.3 * f64::from(t)).sin();
    let x: Vec<f64> = (0..200).flat_map(|t| [wave(t), 10.0 + wave(t - 1)]).collect();
    let series = Series::fit(&x, 400, 2, Detail::Many);
    let mut out = Vec::new();
    series.apply(&x, &mut out);
    assert_eq!(out.len(), series.outputs());
    // Lag 0, lag 1 (first leads, second leads), lag 4 both ways.
    let cross = &out[out.len() - 5..];
    assert!((cross[0] - 1.3_f64.cos()).abs() < 0.02, "{cross:?}");
    assert!((cross[1] - 1.0).abs() < 0.02, "{cross:?}");
    assert!((cross[2] - 2.6_f64.cos()).abs() < 0.02, "{cross:?}");
}

/// Of scores 0, 1, none, 3 less their mean: steps of 1 and, two points on, of 2.
#[test]
fn steps_over_gaps_are_those_of_a_point() {
    let x = [-1.0, 0.0, f64::NAN, 2.0];
    let series = Series::fit(&x, 4, 1, Detail::Brief);
    let scores = x.map(|v| series.channels[0].apply(v));
    let centred = Centred::of(scores.to_vec());
    let [a, b, _, d] = [0, 1, 2, 3].map(|t| centred.values[t]);
    let square = 0.5 * ((b - a).powi(2) + 0.5 * (d - b).powi(2));
    let pull = (a * (b - a) + b * (d - b)) / (a * a + 2.0 * b * b);
    let mut out = Vec::new();
    series.apply(&x, &mut out);
    assert_eq!(out.len(), series.outputs());
    assert_eq!(out.len(), series.names().len());
    let [found, level] = [out[out.len() - 2], out[out.len() - 1]];
    assert!((found - square.ln()).abs() < 1e-9, "{found} {}", square.ln());
    assert!((level - pull).abs() < 1e-9, "{level} {pull}");
    // A single point, and none at all.
    for x in [[1.0, f64::NAN, f64::NAN, f64::NAN], [f64::NAN; 4]] {
        for detail in [Detail::Brief, Detail::Few, Detail::Many] {
            let series = Series { detail, ..series.clone() };
            let mut out = Vec::new();
            series.apply(&x, &mut out);
            assert!(out.len() == series.outputs() && out.iter().all(|v| v.is_finite()));
        }
    }
}

#[test]
fn constant_and_short_series_have_finite_statistics() {
    for x in [vec![3.0; 12], vec![1.0], vec![1.0, 2.0], vec![1e300, -1e300, 0.0]] {
        for detail in [Detail::Brief, Detail::Few, Detail::Many] {
            let series = Series::fit(&x, x.len(), 1, detail);
            let mut out = Vec::new();
            series.apply(&x, &mut out);
            assert_eq!(out.len(), series.outputs());
            assert!(out.iter().all(|v| v.is_finite()), "{x:?}: {out:?}");
        }
    }
}

/// Two channels that follow exactly from the point before, x_t = ½ x_{t−1} − ¼ y_{t−1} and y_t = 2 x_t + ⅛ y_{t−2}: scores
/// have other units, in which coefficients are those times the scales.
#[test]
fn regressions_find_how_points_follow() {
    let mut x = vec![3.0, 1.0, 1.0, -2.0];
    for t in 2..30 {
        let at = |t: usize, channel: usize| x[2 * t + channel];
        // Kept going by a push that both see.
        let first = 0.5 * at(t - 1, 0) - 0.25 * at(t - 1, 1);
        let second = 2.0 * first + 0.125 * at(t - 2, 1);
        x.extend([first, second]);
    }
    let regression = Regression::candidates(30, 2).last().unwrap();
    let series = Series::regressed(&x, 60, 2, regression);
    assert!(series.is_whole(60));
    let scores = |channel: usize| -> Vec<f64> {
        x.iter().skip(channel).step_by(2).map(|v| series.channels[channel].apply(*v)).collect()
    };
    let scale = |channel: usize| {
        let values: Vec<f64> = x.iter().skip(channel).step_by(2).copied().collect();
        (values[1] - values[0]) / (scores(channel)[1] - scores(channel)[0])
    };
    // About zero, which is neither's level: the channels' centres would need a constant.
    let channels: Vec<Vec<f64>> = (0..2)
        .map(|channel| x.iter().skip(channel).step_by(2).map(|v| v / scale(channel)).collect())
        .collect();
    let mut out = Vec::new();
    regression.apply(&channels, &mut out);
    assert_eq!(out.len(), regression.outputs(2));
    let names = regression.names(2);
    assert_eq!(names.len(), out.len());
    let ratio = scale(1) / scale(0);
    for (name, expected) in [
        ("dependence of channel 1 on the value of channel 1 1 point before", 0.5),
        ("dependence of channel 1 on the value of channel 2 1 point before", -0.25 * ratio),
        ("dependence of channel 2 on the value of channel 1 there", 2.0 / ratio),
        ("dependence of channel 2 on the value of channel 2 2 points before", 0.125),
    ] {
        let at = names.iter().position(|other| other == name).expect(name);
        assert!((out[at] - expected).abs() < 1e-2, "{name}: {}, not {expected}", out[at]);
    }
    let mut all = Vec::new();
    series.apply(&x, &mut all);
    assert_eq!((all.len(), all.len()), (series.outputs(), series.names().len()));
    // Nothing is lost where points are missing, but the pairs that they stand in.
    let mut gaps = channels.clone();
    gaps[0][9] = f64::NAN;
    let mut found = Vec::new();
    regression.apply(&gaps, &mut found);
    assert!(found.iter().all(|v| v.is_finite()));
    let at = names.iter().position(|name| name.ends_with("channel 1 there")).unwrap();
    assert!((found[at] - 2.0 / ratio).abs() < 1e-2, "{}", found[at]);
}

#[test]
fn regressions_of_constant_and_short_series_are_finite() {
    for x in [vec![3.0; 24], vec![f64::NAN; 24], vec![1e300; 24], (0..24).map(f64::from).collect()]
    {
        let known: Vec<f64> = (0..24).map(|t| f64::from(t % 5)).collect();
        for regression in Regression::candidates(24, 1) {
            let series = Series::regressed(&known, 24, 1, regression);
            let mut out = Vec::new();
            series.apply(&x, &mut out);
            assert_eq!(out.len(), series.outputs());
            assert!(out.iter().all(|v| v.is_finite()), "{x:?}: {out:?}");
        }
    }
    assert_eq!(Regression::candidates(3, 1).count(), 0);
}
