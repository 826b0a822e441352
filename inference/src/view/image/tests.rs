use super::*;
use std::f64::consts::TAU;

const SHAPE: [usize; 2] = [24, 32];

fn pixels(of: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    let rows = 0..SHAPE[0];
    rows.flat_map(|y| (0..SHAPE[1]).map(move |x| (y as f64, x as f64)))
        .map(|(y, x)| of(y, x))
        .collect()
}

fn statistics(image: &Image, x: &[f64]) -> Vec<f64> {
    let mut out = Vec::new();
    image.apply(x, &mut out);
    assert_eq!((out.len(), out.len()), (image.outputs(), image.names().len()));
    assert!(out.iter().all(|v| v.is_finite()), "{out:?}");
    out
}

fn called(image: &Image, x: &[f64], name: &str) -> f64 {
    let names = image.names();
    let places: Vec<usize> = (0..names.len()).filter(|at| names[*at] == name).collect();
    assert_eq!(places.len(), 1, "{name} among {names:?}");
    statistics(image, x)[places[0]]
}

fn near(found: f64, expected: f64, within: f64) {
    assert!((found - expected).abs() < within, "{found}, not {expected}");
}

/// A wave with 4 crests along columns and 3 along rows: the mean product of two places is half the cosine
/// of the angle between them, and differences have mean square 1 − cos. Its power is all in one ring.
#[test]
fn a_plane_wave_is_seen_as_what_it_is() {
    let [high, wide] = SHAPE.map(|side| side as f64);
    let x = pixels(|y, x| 7.0 + (TAU * (3.0 * y / high + 4.0 * x / wide)).cos());
    let image = Image::fit(&x, SHAPE, 1, Detail::Many, false);
    let at = |name: &str| called(&image, &x, name);
    near(at("mean"), 0.0, 1e-9);
    near(at("log variance"), 0.0, 1e-9);
    // Over whole periods along one side, up to the pixels that have no partner.
    let (down, right) = (TAU * 3.0 / high, TAU * 4.0 / wide);
    near(at("autocorrelation 4 pixels to the right"), -1.0, 1e-9);
    near(at("autocorrelation 4 pixels below"), -1.0, 1e-9);
    near(at("autocorrelation 1 pixel below"), down.cos(), 0.02);
    near(at("autocorrelation 2 pixels below and to the right"), (2.0 * (down + right)).cos(), 0.02);
    near(at("autocorrelation 2 pixels below and to the left"), (2.0 * (down - right)).cos(), 0.02);
    // Scores have variance 1: mean square differences are 2 − 2 cos.
    let step = (2.0 - 2.0 * right.cos()).ln();
    near(at("log mean square of differences 1 pixel to the right"), step, 0.05);
    // A wave's step along one side is the wave again, 2 sin(half the angle) as high.
    let both = (4.0 * (0.5 * down).sin() * (0.5 * right).sin()).powi(2).ln();
    near(at("log mean square of differences over 1 pixel along both sides"), both, 0.05);
    near(at("log kurtosis"), 1.5_f64.ln(), 1e-9);
    // 3 of 24 rows are 4 of 32: √(4² + 4²) waves across the longer side.
    let own = 32_f64.sqrt();
    let inside = rings(SHAPE).into_iter().find(|[from, to]| (*from..*to).contains(&own)).unwrap();
    for [from, to] in rings(SHAPE) {
        let power = at(&format!("log power of {from:.1} to {to:.1} waves across"));
        assert_eq!(power > -10.0, [from, to] == inside, "{power} from {from} to {to}");
    }
    let spectrum = rings(SHAPE);
    assert!(spectrum.windows(2).all(|pair| pair[0][1] == pair[1][0]) && spectrum[0][0] == 0.5);
}

/// All waves together have the variance of the pixels, whatever these are (Parseval); white noise has the
/// same power at every length of wave.
#[test]
fn powers_are_those_of_the_pixels() {
    let noise = |y: f64, x: f64| (12.9898 * y + 78.233 * x + 0.37 * y * x).sin() * 43_758.545_3;
    let x = pixels(|y, x| noise(y, x).rem_euclid(1.0) - 0.5);
    let image = Image::fit(&x, SHAPE, 1, Detail::Few, false);
    let powers: Vec<f64> = image
        .names()
        .iter()
        .zip(statistics(&image, &x))
        .filter(|(name, _)| name.starts_with("log power"))
        .map(|(_, power)| power)
        .collect();
    assert_eq!(powers.len(), rings(SHAPE).len());
    // How many of the waves are in each ring, counted from the whole plane.
    let counts: Vec<f64> = rings(SHAPE)
        .iter()
        .map(|[from, to]| {
            let signed = |k: usize, n: usize| k.min(n - k) as f64 / n as f64;
            let all = pixels(|y, x| {
                let share = signed(y as usize, SHAPE[0]).hypot(signed(x as usize, SHAPE[1]));
                f64::from(u8::from((*from..*to).contains(&(32.0 * share))))
            });
            all.iter().sum()
        })
        .collect();
    assert_eq!(counts.iter().sum::<f64>(), (24 * 32 - 1) as f64);
    let all: f64 = powers.iter().zip(&counts).map(|(p, n)| p.exp() * n).sum();
    near(all / (24.0 * 32.0), 1.0, 1e-6);
    for (power, count) in powers.iter().zip(&counts) {
        // Each wave has two numbers, and comes twice.
        near(*power, 0.0, 4.5 * (2.0 / count).sqrt());
    }
}

/// Shifted around its edges an image has the same spectrum and values; turned over its diagonal, columns
/// are rows.
#[test]
fn what_does_not_depend_on_the_place_does_not() {
    let bumps = |y: f64, x: f64| (0.7 * y).sin() * (0.3 * x).cos() + 0.02 * (y * x).sin() + 0.1 * x;
    let x = pixels(bumps);
    let shifted = pixels(|y, x| bumps((y + 5.0) % 24.0, (x + 11.0) % 32.0));
    let image = Image::fit(&x, SHAPE, 1, Detail::Many, false);
    for (name, (a, b)) in image
        .names()
        .iter()
        .zip(statistics(&image, &x).into_iter().zip(statistics(&image, &shifted)))
    {
        let same = !["below", "right", "edges", "both"].iter().any(|word| name.contains(word));
        assert!(!same || (a - b).abs() < 1e-9, "{name}: {a} {b}");
    }
    let turned: Vec<f64> =
        (0..32).flat_map(|y| (0..24).map(move |x| bumps(f64::from(x), f64::from(y)))).collect();
    let other = Image::fit(&turned, [32, 24], 1, Detail::Many, false);
    for lag in [1, 2, 4] {
        let pixels = freeform_simulators::counted(lag, "pixel");
        let a = called(&image, &x, &format!("autocorrelation {pixels} below"));
        let b = called(&other, &turned, &format!("autocorrelation {pixels} to the right"));
        near(a, b, 1e-12);
    }
}

/// The second channel is the first one pixel to the right; blocks have their own means.
#[test]
fn channels_and_blocks_are_told_apart() {
    let wave = |y: f64, x: f64| (0.9 * x).sin() + (0.4 * y + 0.2 * x).cos();
    let (first, second) = (pixels(wave), pixels(|y, x| 3.0 + 2.0 * wave(y, x - 1.0)));
    let x: Vec<f64> = first.iter().zip(&second).flat_map(|(a, b)| [*a, *b]).collect();
    let image = Image::fit(&x, SHAPE, 2, Detail::Few, false);
    let name = "correlation of channel 1 with channel 2 1 pixel to the right";
    near(called(&image, &x, name), 1.0, 0.05);
    assert!(image.is_whole(2 * 24 * 32) && !image.is_whole(24 * 32));
    // 1 in the block of the second row and third column, 0 elsewhere.
    let inside = |at: f64, side: f64, part: f64| (at * 4.0 / side).floor() == part;
    let block = pixels(|y, x| f64::from(u8::from(inside(y, 24.0, 1.0) && inside(x, 32.0, 2.0))));
    let image = Image::fit(&block, SHAPE, 1, Detail::Brief, true);
    // The share 1/16 has the scores −1/√15 and √15.
    for (row, column) in (1..=4).flat_map(|row| (1..=4).map(move |column| (row, column))) {
        let mean = called(&image, &block, &format!("mean of block {row}, {column} of 4 × 4"));
        let expected = if (row, column) == (2, 3) { 15_f64.sqrt() } else { -1.0 / 15_f64.sqrt() };
        near(mean, expected, 1e-9);
    }
}

#[test]
fn flat_small_and_large_images_have_finite_statistics() {
    for shape in [[3, 3], [3, 50], [40, 3], [600, 5]] {
        let numbers = shape[0] * shape[1];
        let spread = (0..numbers).map(|k| if k % 7 == 0 { 1e300 } else { -1.0 }).collect();
        for x in [vec![2.5; numbers], spread] {
            for detail in [Detail::Brief, Detail::Few, Detail::Many] {
                statistics(&Image::fit(&x, shape, 1, detail, true), &x);
            }
        }
    }
}
