//! Sets of any number of trials, series and vectors with gaps, against posteriors in closed form or on a
//! grid.

mod closed_form;

use closed_form::{compare, normal};
use freeform_inference::{Asking, FitError, Posterior, PosteriorError};
use freeform_simulators::{Marginal, Prior, Simulations};
use ndarray::Array2;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Short trainings, on data with gaps.
const SHORT: [&str; 5] = [
    "training.members=2",
    "training.max_epochs=8",
    "whitening.steps=4000",
    "whitening.width=32",
    "transform.missing=allowed",
];
const NAN: f64 = f64::NAN;

fn fit(prior: &Prior, simulations: Simulations, settings: &[&str]) -> Result<Posterior, FitError> {
    closed_form::fit(&SHORT, prior, simulations, settings)
}

/// Of the posterior's first parameter.
fn moments(posterior: &Posterior, x: &[f64]) -> (f64, f64) {
    closed_form::moments(&posterior.sample(x, 4000, 1).unwrap().theta, 0)
}

/// Trials of N(θ, 4), 5 to 40 of 40 places, θ from N(0, 1): the posterior of n of them is
/// N(Σx / (n + 4), 4 / (n + 4)).
#[test]
fn a_set_of_any_number_has_a_posterior_as_narrow_as_its_number_says() {
    let prior = Prior::identical(1, Marginal::Normal { mean: 0.0, std: 1.0 }).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let theta = Array2::from_shape_simple_fn((1500, 1), || normal(&mut rng));
    let mut x = Array2::from_elem((1500, 40), NAN);
    for row in 0..1500 {
        let n = rng.random_range(5..=40);
        // Padding may stand anywhere.
        let first = rng.random_range(0..=40 - n);
        (first..first + n).for_each(|at| x[[row, at]] = theta[[row, 0]] + 2.0 * normal(&mut rng));
    }
    let posterior = fit(&prior, Simulations { theta, x }, &["transform.layout=set"]).unwrap();
    for n in [5, 10, 20, 40] {
        let sd = (4.0 / (n as f64 + 4.0)).sqrt();
        let pairs: Vec<_> = (0..20)
            .map(|_| {
                let truth = normal(&mut rng);
                let x: Vec<f64> = (0..n).map(|_| truth + 2.0 * normal(&mut rng)).collect();
                [moments(&posterior, &x), (x.iter().sum::<f64>() / (n as f64 + 4.0), sd)]
            })
            .collect();
        let (error, width) = compare(&pairs);
        // Few simulations have so few.
        let most = if n == 5 { 0.45 } else { 0.35 };
        assert!(error < most && (0.9..1.15).contains(&width), "{n} trials: {error} {width}");
    }
    // Where trials stand, and what stands between them, is no matter.
    let x: Vec<f64> = (0..7).map(|i| 0.3 * f64::from(i)).collect();
    let padded = [&x[3..], &[NAN, NAN][..], &x[..3], &[NAN][..]].concat();
    let draws = |x: &[f64]| posterior.sample(x, 200, 1).unwrap();
    assert_eq!(draws(&x).theta, draws(&padded).theta);
    assert!(draws(&x).warnings().is_empty(), "{:?}", draws(&x).warnings());
    // A number that it was not trained on is said.
    let many: Vec<f64> = (0..90).map(|i| 2.0 * (f64::from(i) * 0.7).sin()).collect();
    let said = draws(&many).warnings().join("\n");
    assert!(said.contains("it has 90 trials, simulations 5 to 40"), "{said}");
    // A saved model is the same model.
    let folder = tempfile::tempdir().unwrap();
    posterior.save(folder.path()).unwrap();
    let loaded = Posterior::load(folder.path(), Default::default()).unwrap();
    assert_eq!(draws(&x).theta, loaded.sample(&x, 200, 1).unwrap().theta);
    let text = std::fs::read_to_string(folder.path().join("model.toml")).unwrap();
    assert!(closed_form::is_of_version(&text, 9), "{text}");
    // No trials, and what is no number of them.
    let refused = |x: &[f64]| posterior.sample(x, 10, 1).unwrap_err();
    assert!(matches!(refused(&[NAN, NAN]), PosteriorError::NothingMeasured));
    assert!(matches!(refused(&[]), PosteriorError::ObservationTrials { length: 0, numbers: 1 }));
    assert!(matches!(
        refused(&[1.0, f64::INFINITY]),
        PosteriorError::ObservationNotFinite { index: 1, .. }
    ));
}

/// The number of trials is all that tells: n − 5 is binomial of 35 with θ, uniform on [0, 1], so that the
/// posterior is Beta(n − 4, 41 − n), which a likelihood given n would not know.
#[test]
fn a_number_of_trials_that_depends_on_theta_is_data() {
    let prior = Prior::identical(1, Marginal::Uniform { low: 0.0, high: 1.0 }).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let theta = Array2::from_shape_simple_fn((1500, 1), || rng.random::<f64>());
    let mut set = |theta: f64| -> Vec<f64> {
        let n = 5 + (0..35).filter(|_| rng.random::<f64>() < theta).count();
        (0..40).map(|at| if at < n { normal(&mut rng) } else { NAN }).collect()
    };
    let x: Vec<f64> = theta.iter().flat_map(|theta| set(*theta)).collect();
    let x = Array2::from_shape_vec((1500, 40), x).unwrap();
    let posterior = fit(&prior, Simulations { theta, x }, &["transform.layout=set"]).unwrap();
    let pairs: Vec<_> = (1..12)
        .map(|i| {
            let x = set(f64::from(i) / 12.0);
            let n = x.iter().filter(|v| !v.is_nan()).count() as f64;
            let (a, b) = (n - 4.0, 41.0 - n);
            let sd = (a * b / (a + b).powi(2) / (a + b + 1.0)).sqrt();
            [moments(&posterior, &x), (a / (a + b), sd)]
        })
        .collect();
    let (error, width) = compare(&pairs);
    assert!(error < 0.35 && (0.85..1.2).contains(&width), "{error} {width}");
}

/// x_t = a·x_{t−1} + ε of which three in ten points are missing: between two points that are there, d apart,
/// x is N(aᵈ·x, (1 − a²ᵈ) / (1 − a²)); a on a grid.
#[test]
fn a_series_with_gaps_has_the_posterior_of_a_grid() {
    let prior = Prior::identical(1, Marginal::Uniform { low: -0.9, high: 0.9 }).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let (rows, points) = (1500, 80);
    let mut series = |a: f64| -> Vec<f64> {
        let mut value = 0.0;
        let mut next = || {
            value = a * value + normal(&mut rng);
            if rng.random::<f64>() < 0.3 { NAN } else { value }
        };
        (0..points).map(|_| next()).collect()
    };
    let mut of_theta = ChaCha8Rng::seed_from_u64(7);
    let theta = Array2::from_shape_simple_fn((rows, 1), || of_theta.random_range(-0.9..0.9));
    let x: Vec<f64> = theta.iter().flat_map(|a| series(*a)).collect();
    let x = Array2::from_shape_vec((rows, points), x).unwrap();
    let posterior = fit(&prior, Simulations { theta, x }, &["transform.layout=series"]).unwrap();
    let grid: Vec<f64> = (0..1801).map(|i| -0.9 + 0.001 * f64::from(i)).collect();
    let exact = |x: &[f64]| {
        let there: Vec<usize> = (0..points).filter(|t| !x[*t].is_nan()).collect();
        let log_density = |a: &f64| -> f64 {
            let step = |from: f64, to: f64, d: i32| {
                let variance = (1.0 - a.powi(2 * d)) / (1.0 - a * a);
                -0.5 * ((to - a.powi(d) * from).powi(2) / variance + variance.ln())
            };
            let first = step(0.0, x[there[0]], there[0] as i32 + 1);
            let steps = there.windows(2).map(|w| step(x[w[0]], x[w[1]], (w[1] - w[0]) as i32));
            first + steps.sum::<f64>()
        };
        closed_form::on_grid(&grid, log_density)
    };
    let pairs: Vec<_> = (0..20)
        .map(|i| {
            let x = series(-0.8 + 0.08 * f64::from(i));
            [moments(&posterior, &x), exact(&x)]
        })
        .collect();
    let (error, width) = compare(&pairs);
    assert!(error < 0.45 && (0.85..1.2).contains(&width), "{error} {width}");
    // No simulation has a hole of so many points.
    let mut hole: Vec<f64> = (0..points).map(|t| (t as f64).sin()).collect();
    hole[20..60].fill(NAN);
    let said = posterior.sample(&hole, 100, 1).unwrap().warnings().join("\n");
    assert!(said.contains("of part 2 of 4 it has 0% of the points"), "{said}");
}

/// Four measurements of θ with spreads 0.5, 1, 1, 2, of which the first and the last two are missing in three
/// of ten simulations each; θ from N(0, 1): precisions add up.
#[test]
fn a_vector_with_gaps_has_the_posterior_of_what_is_there() {
    const SPREADS: [f64; 4] = [0.5, 1.0, 1.0, 2.0];
    let prior = Prior::identical(1, Marginal::Normal { mean: 0.0, std: 1.0 }).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    let mut simulate = |theta: f64| -> Vec<f64> {
        let mut x: Vec<f64> = SPREADS.iter().map(|s| theta + s * normal(&mut rng)).collect();
        if rng.random_bool(0.3) {
            x[0] = NAN;
        }
        if rng.random_bool(0.3) {
            x[2..].fill(NAN);
        }
        x
    };
    let mut of_theta = ChaCha8Rng::seed_from_u64(10);
    let theta = Array2::from_shape_simple_fn((1500, 1), || normal(&mut of_theta));
    let x: Vec<f64> = theta.iter().flat_map(|theta| simulate(*theta)).collect();
    let x = Array2::from_shape_vec((1500, 4), x).unwrap();
    let posterior = fit(&prior, Simulations { theta, x }, &[]).unwrap();
    for masks in [[false, false], [true, false], [false, true], [true, true]] {
        let pairs: Vec<_> = (0..12)
            .map(|i| {
                let theta = -1.5 + 0.25 * f64::from(i);
                let hidden = |at: usize| masks[0] && at == 0 || masks[1] && at > 1;
                let x: Vec<f64> = (0..4)
                    .map(|at| theta + SPREADS[at] * normal(&mut of_theta))
                    .enumerate()
                    .map(|(at, v)| if hidden(at) { NAN } else { v })
                    .collect();
                let there = || (0..4).filter(|at| !x[*at].is_nan());
                let precision = 1.0 + there().map(|at| SPREADS[at].powi(-2)).sum::<f64>();
                let mean = there().map(|at| x[at] * SPREADS[at].powi(-2)).sum::<f64>() / precision;
                [moments(&posterior, &x), (mean, precision.sqrt().recip())]
            })
            .collect();
        let (error, width) = compare(&pairs);
        assert!(error < 0.35 && (0.85..1.2).contains(&width), "{masks:?}: {error} {width}");
    }
    let error = posterior.sample(&[1.0, NAN, 1.0, 1.0], 10, 1).unwrap_err();
    assert!(matches!(error, PosteriorError::GapNotTrained { index: 1 }), "{error}");
}

fn uniform(rows: usize, columns: usize) -> (Prior, Simulations) {
    let prior = Prior::identical(1, Marginal::Uniform { low: 0.0, high: 1.0 }).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let theta = Array2::from_shape_simple_fn((rows, 1), || rng.random::<f64>());
    let x =
        Array2::from_shape_fn((rows, columns), |(row, _)| theta[[row, 0]] + rng.random::<f64>());
    (prior, Simulations { theta, x })
}

#[test]
fn what_cannot_be_trained_on_is_named() {
    let (prior, whole) = uniform(200, 6);
    let refused = |x: &dyn Fn(&mut Array2<f64>), settings: &[&str]| {
        let mut simulations = whole.clone();
        x(&mut simulations.x);
        fit(&prior, simulations, settings).err().expect("refused").to_string()
    };
    let said = refused(&|x| x.row_mut(16).fill(NAN), &[]);
    assert!(said.contains("row 17 of x") && said.contains("theta_failed"), "{said}");
    let said = refused(&|x| x.column_mut(2).fill(NAN), &[]);
    assert!(said.contains("column 3 of x is NaN in every simulation"), "{said}");
    // Of a set any place may be empty, but not a channel.
    let pairs = ["transform.layout=set", "transform.channels=2"];
    let said = refused(&|x| (0..3).for_each(|at| x.column_mut(2 * at).fill(NAN)), &pairs);
    assert!(said.contains("channel 1 of every trial"), "{said}");
    let quick = ["transform.layout=set", "training.max_epochs=1", "posterior.correction=off"];
    let mut empty = whole.clone();
    empty.x.column_mut(5).fill(NAN);
    fit(&prior, empty.clone(), &quick).unwrap();
    // Nor need any simulation have every point of a series; an observation that has it is one unlike them.
    let series = ["transform.layout=series", "training.max_epochs=1", "posterior.correction=off"];
    let posterior = fit(&prior, empty, &series).unwrap();
    let anyway = Asking { anyway: true, ..Asking::default() };
    let x = [0.9, 1.2, 0.7, 1.1, 1.3, 0.8];
    let said = posterior.sample_as(&x, 100, 1, &anyway).unwrap().warnings().join("\n");
    assert!(said.contains("it has 6 points, simulations 5"), "{said}");
    // Nothing is missing in these, so that nothing is learnt of gaps: numbers of trials included.
    let posterior = fit(&prior, whole.clone(), &quick).unwrap();
    let error = |x: &[f64]| posterior.sample(x, 10, 1).unwrap_err().to_string();
    let said = error(&[1.0, 1.0, NAN, 1.0, 1.0, 1.0]);
    assert!(said.contains("number 3") && said.contains("--masks-from"), "{said}");
    assert!(error(&[1.0; 5]).contains("5 numbers"));
    // And where nobody allows it, a NaN is a failure, and the way out is named.
    let quick = ["transform.missing=failed", "training.max_epochs=1", "posterior.correction=off"];
    let posterior = fit(&prior, whole.clone(), &quick).unwrap();
    let said = posterior.sample(&[1.0, NAN, 1.0, 1.0, 1.0, 1.0], 10, 1).unwrap_err().to_string();
    assert!(said.contains("number 2") && said.contains("--missing allowed"), "{said}");
}
