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

/// A channel that was measured nowhere: in rounds for an observation that lacks it, it is hidden everywhere.
#[test]
fn a_channel_may_be_missing_throughout() {
    let x: Vec<f64> =
        (0..60).map(|at| if at % 2 == 0 { (at as f64).sin() } else { f64::NAN }).collect();
    let mut all: Vec<Series> = [Detail::Brief, Detail::Few, Detail::Many]
        .map(|detail| Series::fit(&x, 20, 2, detail))
        .into();
    all.extend(Regression::candidates(10, 2).map(|kind| Series::regressed(&x, 20, 2, kind)));
    all.push(Series::fit(&[f64::NAN; 60], 20, 2, Detail::Many));
    for series in all {
        let mut out = Vec::new();
        series.apply(&x[..20], &mut out);
        assert!(series.is_whole(20) && out.len() == series.outputs());
        assert!(out.iter().all(|v| v.is_finite()), "{out:?}");
    }
}

/// A first channel that is pushed at random, and a second that follows exactly: y_t = 2 x_t + ⅛ y_{t−2}.
#[test]
fn regressions_find_how_points_follow() {
    let points = 40;
    let push = |t: usize| (12.9 * t as f64).sin() * (7.3 * (t * t) as f64).cos();
    let mut channels = vec![vec![1.0, -0.5], vec![0.3, -0.8]];
    for t in 2..points {
        let pushed = 0.5 * channels[0][t - 1] + push(t);
        channels[0].push(pushed);
        let follows = 2.0 * channels[0][t] + 0.125 * channels[1][t - 2];
        channels[1].push(follows);
    }
    // Of the second order; about the common level.
    let regression = Regression::candidates(points, 2).last().unwrap();
    let found = |channels: &[Vec<f64>]| {
        let mut out = Vec::new();
        regression.apply(channels, &mut out);
        out
    };
    let (out, names) = (found(&channels), regression.names(2));
    assert_eq!((out.len(), names.len()), (regression.outputs(2), regression.outputs(2)));
    let at = |name: &str| names.iter().position(|other| other == name).expect(name);
    let there = at("dependence of channel 2 on the value of channel 1 there");
    let before = at("dependence of channel 2 on the value of channel 2 2 points before");
    assert!((out[there] - 2.0).abs() < 1e-3, "{}", out[there]);
    assert!((out[before] - 0.125).abs() < 1e-3, "{}", out[before]);
    assert!(out[at("log mean square of what is left of channel 2")] < -10.0);
    // What least squares leave of the first goes with nothing that explained it.
    let explained = |t: usize, lag: usize, from: usize| {
        let points = counted(lag, "point");
        let name =
            format!("dependence of channel 1 on the value of channel {} {points} before", from + 1);
        (out[at(&name)], channels[from][t - lag])
    };
    let pairs = [(1, 0), (1, 1), (2, 0), (2, 1)];
    let rest = |t: usize| {
        let known = pairs.iter().map(|(lag, from)| explained(t, *lag, *from));
        channels[0][t] - known.map(|(a, b)| a * b).sum::<f64>()
    };
    let square: f64 = (2..points).map(|t| rest(t).powi(2)).sum();
    for (lag, from) in pairs {
        let product: f64 = (2..points).map(|t| rest(t) * channels[from][t - lag]).sum();
        assert!(product.abs() < 1e-3 * square, "{lag} {from}: {product}");
    }
    let left = out[at("log mean square of what is left of channel 1")];
    assert!((left - (square / (points - 2) as f64).ln()).abs() < 1e-6, "{left}");
    // Where a point is missing, the others tell the same.
    let mut gaps = channels.clone();
    gaps[0][9] = f64::NAN;
    let out = found(&gaps);
    assert!(out.iter().all(|v| v.is_finite()) && (out[there] - 2.0).abs() < 1e-3, "{out:?}");
    let x: Vec<f64> = (0..points).flat_map(|t| [channels[0][t], channels[1][t]]).collect();
    let series = Series::regressed(&x, 2 * points, 2, regression);
    let mut all = Vec::new();
    series.apply(&x, &mut all);
    assert!(series.is_whole(2 * points));
    assert_eq!((all.len(), all.len()), (series.outputs(), series.names().len()));
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
