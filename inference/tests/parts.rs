//! x of several parts, each with a layout of its own, against the posterior that all of them give together.

mod closed_form;

use freeform_inference::{Fit, Posterior};
use freeform_simulators::{DataLayout, DataPart, Marginal, Prior, Simulations};
use ndarray::Array2;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal, Uniform};

const SHORT: [&str; 4] =
    ["training.members=2", "training.max_epochs=60", "whitening.steps=6000", "whitening.width=32"];
const PARTS: &str = "transform.parts=[\"series:60\", \"set:40\", \"vector:2\"]";
/// Standard deviations of the two scalars.
const SCALARS: [f64; 2] = [0.1, 0.5];

/// θ = (a, m), a from U(−.9, .9) and m from N(0, 1): a series x_t = a·x_{t−1} + ε, 40 trials of N(m, 4), and
/// each parameter under noise.
fn simulate(rows: usize) -> (Prior, Simulations) {
    let laws = [
        ("a", Marginal::Uniform { low: -0.9, high: 0.9 }),
        ("m", Marginal::Normal { mean: 0.0, std: 1.0 }),
    ];
    let prior = Prior::independent(laws).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let uniform = Uniform::new(-0.9, 0.9).unwrap();
    let mut theta = Array2::zeros((rows, 2));
    let mut x = Array2::zeros((rows, 102));
    for row in 0..rows {
        let a: f64 = uniform.sample(&mut rng);
        let mut noise = || -> f64 { StandardNormal.sample(&mut rng) };
        let m = noise();
        (theta[[row, 0]], theta[[row, 1]]) = (a, m);
        let mut value = 0.0;
        for t in 0..60 {
            value = a * value + noise();
            x[[row, t]] = value;
        }
        (60..100).for_each(|at| x[[row, at]] = m + 2.0 * noise());
        x[[row, 100]] = a + SCALARS[0] * noise();
        x[[row, 101]] = m + SCALARS[1] * noise();
    }
    (prior, Simulations { theta, x })
}

/// Mean and standard deviation of a, on a grid, and of m, in closed form.
fn exact(x: &[f64]) -> [(f64, f64); 2] {
    let grid: Vec<f64> = (0..1801).map(|i| -0.9 + 0.001 * f64::from(i)).collect();
    let log = |a: &f64| {
        let series: f64 = x[..60].windows(2).map(|w| (w[1] - a * w[0]).powi(2)).sum();
        -0.5 * (series + ((x[100] - a) / SCALARS[0]).powi(2))
    };
    let precision = 1.0 + 40.0 / 4.0 + SCALARS[1].powi(-2);
    let sum = x[60..100].iter().sum::<f64>() / 4.0 + x[101] * SCALARS[1].powi(-2);
    [closed_form::on_grid(&grid, log), (sum / precision, precision.sqrt().recip())]
}

#[test]
fn all_parts_tell_of_the_posterior() {
    let (prior, simulations) = simulate(1500);
    let seen = simulations.x.clone();
    let posterior = closed_form::fit(&SHORT, &prior, simulations, &[PARTS]).unwrap();
    let remarks = &posterior.model().training.notes.join("\n");
    for part in ["series of 60 points (part 1)", "set of 40 trials (part 2)", "2 numbers (part 3)"]
    {
        assert!(remarks.contains(part), "{remarks}");
    }
    let (mut error, mut widths) = ([0.0; 2], [0.0; 2]);
    for row in 0..20 {
        let x = seen.row(row).to_vec();
        let draws = posterior.sample(&x, 4000, 1).unwrap().theta;
        for (column, (mean, width)) in exact(&x).into_iter().enumerate() {
            let (found, spread) = closed_form::moments(&draws, column);
            error[column] += ((found - mean) / width).powi(2) / 20.0;
            widths[column] += spread / width / 20.0;
        }
    }
    // Without the scalars, or without what they stand beside, means of `a` would be off by a width, those of m by 0.6
    // or 1.4, and widths would be 1.2 to 1.7 as large.
    assert!(error.iter().all(|e| e.sqrt() < 0.5), "{error:?}");
    assert!(widths.iter().all(|w| (0.9..1.15).contains(w)), "{widths:?}");

    // Another order of the trials is the same observation.
    let x = seen.row(0).to_vec();
    let mut other = x.clone();
    other[60..100].reverse();
    let draws = |posterior: &Posterior, x: &[f64]| posterior.sample(x, 200, 1).unwrap().theta;
    assert_eq!(draws(&posterior, &x), draws(&posterior, &other));
    // A saved model is the same model, and knows its parts.
    let folder = tempfile::tempdir().unwrap();
    posterior.save(folder.path()).unwrap();
    let loaded = Posterior::load(folder.path(), Default::default()).unwrap();
    assert_eq!(draws(&posterior, &x), draws(&loaded, &x));
    let layout = loaded.model().layout();
    assert_eq!(layout.column(101), "column 102 (part 3, number 2)");
    let text = std::fs::read_to_string(folder.path().join("model.toml")).unwrap();
    assert!(closed_form::is_of_version(&text, 11), "{text}");
}

#[test]
fn parts_that_x_does_not_have_are_refused() {
    let (prior, simulations) = simulate(100);
    let refused = |settings: &[&str], x: &Simulations| {
        let found = closed_form::fit(&SHORT, &prior, x.clone(), settings);
        found.err().expect("refused").to_string()
    };
    let parts = |parts: &str| format!("transform.parts={parts}");
    let few = refused(&[&parts("[\"series:60\", \"vector:2\"]")], &simulations);
    assert!(few.contains("62 numbers together") && few.contains("x has 102"), "{few}");
    let wrong = refused(&[&parts("[\"serie:60\", \"vector:42\"]")], &simulations);
    assert!(wrong.contains("transform.parts") && wrong.contains("series:40x2"), "{wrong}");
    for beside in ["transform.layout=set", "transform.channels=2", "transform.shape=[3, 34]"] {
        let message = refused(&[PARTS, beside], &simulations);
        let key = beside.split('=').next().unwrap();
        assert!(message.contains(key) && message.contains("left out"), "{message}");
    }
    let none = refused(&["transform.layout=parts"], &simulations);
    assert!(none.contains("transform.layout") && none.contains("transform.parts"), "{none}");
    let missing = |columns: std::ops::Range<usize>| {
        let mut simulations = simulations.clone();
        simulations.x.columns_mut().into_iter().enumerate().for_each(|(column, mut values)| {
            if columns.contains(&column) {
                values.fill(f64::NAN);
            }
        });
        refused(&[PARTS, "transform.missing=allowed"], &simulations)
    };
    for (columns, named) in
        [(0..60, "channel 1 of every point of part 1"), (101..102, "column 2 of part 3")]
    {
        let message = missing(columns);
        assert!(message.contains(named), "{message}");
    }
}

/// Any point of the series is missing by chance; there are 0 to 40 trials; each scalar is missing now and then.
fn with_gaps(mut simulations: Simulations) -> Simulations {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    for mut x in simulations.x.rows_mut() {
        let trials = [0, 4, 10, 20, 40][rng.random_range(0..5)];
        let hidden: Vec<usize> = (0..60).filter(|_| rng.random_bool(0.3)).collect();
        let scalars = (100..102).filter(|_| rng.random_bool(0.4)).collect::<Vec<_>>();
        hidden.into_iter().chain(60 + trials..100).chain(scalars).for_each(|at| x[at] = f64::NAN);
    }
    simulations
}

/// The same as [`exact`] by what was measured: between two points of a series k steps apart lies the law of k steps.
fn exact_of_gaps(x: &[f64]) -> [(f64, f64); 2] {
    let grid: Vec<f64> = (0..1801).map(|i| -0.9 + 0.001 * f64::from(i)).collect();
    let log = |a: &f64| {
        let (mut sum, mut before, mut factor, mut variance) = (0.0, 0.0, 1.0, 0.0);
        for value in &x[..60] {
            (factor, variance) = (factor * a, variance * a * a + 1.0);
            if !value.is_nan() {
                sum += (value - factor * before).powi(2) / variance + f64::ln(variance);
                (before, factor, variance) = (*value, 1.0, 0.0);
            }
        }
        let scalar = if x[100].is_nan() { 0.0 } else { ((x[100] - a) / SCALARS[0]).powi(2) };
        -0.5 * (sum + scalar)
    };
    let trials: Vec<f64> = x[60..100].iter().copied().filter(|v| !v.is_nan()).collect();
    let (mut precision, mut sum) =
        (1.0 + trials.len() as f64 / 4.0, trials.iter().sum::<f64>() / 4.0);
    if !x[101].is_nan() {
        precision += SCALARS[1].powi(-2);
        sum += x[101] * SCALARS[1].powi(-2);
    }
    [closed_form::on_grid(&grid, log), (sum / precision, precision.sqrt().recip())]
}

#[test]
fn parts_may_have_gaps() {
    let (prior, simulations) = simulate(6000);
    let simulations = with_gaps(simulations);
    let seen = simulations.x.clone();
    let settings = [PARTS, "transform.missing=allowed"];
    let posterior = closed_form::fit(&SHORT, &prior, simulations, &settings).unwrap();
    let (mut error, mut widths) = ([0.0; 2], [0.0; 2]);
    for row in 0..40 {
        let x = seen.row(row).to_vec();
        let draws = posterior.sample(&x, 2000, 1).unwrap().theta;
        for (column, (mean, width)) in exact_of_gaps(&x).into_iter().enumerate() {
            let (found, spread) = closed_form::moments(&draws, column);
            error[column] += ((found - mean) / width).powi(2) / 40.0;
            widths[column] += spread / width / 40.0;
        }
    }
    assert!(error.iter().all(|e| e.sqrt() < 0.6), "{error:?}");
    assert!(widths.iter().all(|w| (0.85..1.2).contains(w)), "{widths:?}");

    let standing = |x: &[f64]| posterior.standing(x).unwrap().and_then(|standing| standing.gaps);
    assert!(standing(&seen.row(0).to_vec()).is_none_or(|gaps| !gaps.is_unlike()));
    // Half a series, of which no simulation has so little.
    let mut x = seen.row(0).to_vec();
    x[..45].fill(f64::NAN);
    let said = standing(&x).expect("told").to_string();
    assert!(said.contains("part 1: it has"), "{said}");
    let folder = tempfile::tempdir().unwrap();
    posterior.save(folder.path()).unwrap();
    let loaded = Posterior::load(folder.path(), Default::default()).unwrap();
    let draws = |posterior: &Posterior, x: &[f64]| posterior.sample(x, 200, 1).unwrap().theta;
    let x = seen.row(1).to_vec();
    assert_eq!(draws(&posterior, &x), draws(&loaded, &x));
    let text = std::fs::read_to_string(folder.path().join("model.toml")).unwrap();
    assert!(closed_form::is_of_version(&text, 13), "{text}");
}

/// What is stated with the data gives way to settings.
#[test]
fn settings_have_the_last_word_on_parts() {
    let (prior, simulations) = simulate(200);
    let texts = ["series:60", "set:40", "vector:2"];
    let parts: Vec<DataPart> = texts.iter().map(|text| text.parse().unwrap()).collect();
    let layout = |settings: &str| {
        let settings = freeform_inference::Overrides::parse(settings).unwrap();
        let fit = Fit::new(&prior).layout(DataLayout::of_parts(parts.clone())).settings(settings);
        fit.run(simulations.clone()).unwrap().model().config.transform.clone()
    };
    let quick = "[training]\nmembers = 1\nmax_epochs = 1\n[whitening]\nsteps = 50\n[posterior]\n\
                 correction = \"off\"\n[transform]\n";
    let of = |transform: &str| layout(&format!("{quick}{transform}"));
    let kept = of("");
    assert_eq!((kept.layout.name(), &kept.parts), ("parts", &parts));
    let vector = of("layout = \"vector\"\n");
    assert_eq!((vector.layout.name(), vector.parts.len()), ("vector", 0));
    let other = of("parts = [\"vector:102\"]\n");
    assert_eq!((other.layout.name(), other.parts.len()), ("parts", 1));
}

/// x_t = e_t + a e_(t−1) e_(t−2), 60 points beside a number that says nothing: no statistic knows the sign of a, and what
/// networks learn of a part does.
#[test]
fn networks_learn_of_parts() {
    let (rows, fresh) = (800, 30);
    let mut rng = ChaCha8Rng::seed_from_u64(12);
    let (mut theta, mut x) = (Array2::zeros((rows + fresh, 1)), Array2::zeros((rows + fresh, 61)));
    for row in 0..rows + fresh {
        let a = rng.random_range(-0.9..0.9);
        let noise: Vec<f64> = (0..63).map(|_| StandardNormal.sample(&mut rng)).collect();
        theta[[row, 0]] = a;
        for t in 0..60 {
            x[[row, 1 + t]] = noise[t + 2] + a * noise[t + 1] * noise[t];
        }
        x[[row, 0]] = noise[62];
    }
    let prior = Prior::identical(1, Marginal::Uniform { low: -0.9, high: 0.9 }).unwrap();
    let known = Simulations {
        theta: theta.slice(ndarray::s![..rows, ..]).to_owned(),
        x: x.slice(ndarray::s![..rows, ..]).to_owned(),
    };
    let parts = "transform.parts=[\"vector:1\", \"series:60\"]";
    let posterior = closed_form::fit(&SHORT, &prior, known, &[parts]).unwrap();
    let notes = posterior.model().training.notes.join("\n");
    assert!(notes.contains("and 1 learnt number (part 2)"), "{notes}");
    let square = |row: usize| {
        let draws = posterior.sample(&x.row(row).to_vec(), 500, 1).unwrap().theta;
        (closed_form::moments(&draws, 0).0 - theta[[row, 0]]).powi(2) / fresh as f64
    };
    // 0.52 by the prior's mean.
    let error = (rows..rows + fresh).map(square).sum::<f64>().sqrt();
    assert!(error < 0.4, "{error}");
}
