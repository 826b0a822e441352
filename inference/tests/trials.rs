//! The likelihood of one trial, multiplied: numbers of trials far from those of the simulations, and trials of
//! a choice and a time, against posteriors in closed form and on a grid.

mod closed_form;

use closed_form::{compare, moments, normal};
use freeform_inference::Posterior;
use freeform_simulators::{Marginal, Prior, Simulations};
use ndarray::Array2;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Short trainings.
const SHORT: [&str; 6] = [
    "training.members=2",
    "training.max_epochs=40",
    "whitening.steps=6000",
    "whitening.width=32",
    "transform.missing=allowed",
    "transform.layout=set",
];
const NAN: f64 = f64::NAN;

fn fit(prior: &Prior, simulations: Simulations, settings: &[&str]) -> Posterior {
    closed_form::fit(&SHORT, prior, simulations, settings).unwrap()
}

/// Trials of N(θ, 4), 5 to 40 of 40 places, θ from N(0, 1): the posterior of n of them, 2 to 400, is
/// N(Σx / (n + 4), 4 / (n + 4)).
#[test]
fn numbers_of_trials_that_were_never_simulated_are_answered() {
    let prior = Prior::identical(1, Marginal::Normal { mean: 0.0, std: 1.0 }).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let theta = Array2::from_shape_simple_fn((1500, 1), || normal(&mut rng));
    let mut x = Array2::from_elem((1500, 40), NAN);
    for row in 0..1500 {
        let n = rng.random_range(5..=40);
        (0..n).for_each(|at| x[[row, at]] = theta[[row, 0]] + 2.0 * normal(&mut rng));
    }
    let posterior = fit(&prior, Simulations { theta, x }, &[]);
    let said = posterior.model().training.notes.join("\n");
    assert!(said.contains("the likelihood of each trial"), "{said}");
    for n in [2, 5, 40, 100, 400] {
        let sd = (4.0 / (f64::from(n) + 4.0)).sqrt();
        let pairs: Vec<_> = (0..20)
            .map(|_| {
                let truth = normal(&mut rng);
                let x: Vec<f64> = (0..n).map(|_| truth + 2.0 * normal(&mut rng)).collect();
                let draws = posterior.sample(&x, 2000, 1).unwrap().theta;
                [moments(&draws, 0), (x.iter().sum::<f64>() / (f64::from(n) + 4.0), sd)]
            })
            .collect();
        let (error, width) = compare(&pairs);
        assert!(error < 0.35 && (0.9..1.1).contains(&width), "{n} trials: {error} {width}");
    }
    // A saved model is the same model.
    let folder = tempfile::tempdir().unwrap();
    posterior.save(folder.path()).unwrap();
    let loaded = Posterior::load(folder.path(), Default::default()).unwrap();
    let x: Vec<f64> = (0..90).map(|i| 2.0 * (f64::from(i) * 0.7).sin()).collect();
    let draws = |posterior: &Posterior| posterior.sample(&x, 200, 1).unwrap();
    assert_eq!(draws(&posterior).theta, draws(&loaded).theta);
    // In any order.
    let other: Vec<f64> = (0..90).map(|i| x[i * 7 % 90]).collect();
    assert_eq!(draws(&posterior).theta, posterior.sample(&other, 200, 1).unwrap().theta);
    let text = std::fs::read_to_string(folder.path().join("model.toml")).unwrap();
    assert!(closed_form::is_of_version(&text, 9), "{text}");
    let said = draws(&posterior).warnings().join("\n");
    assert!(said.contains("it has 90 trials, simulations 5 to 40"), "{said}");
}

/// A choice, 1 with probability σ(a), and a time, exponential of rate eᵇ, twice that where the choice is 1; a and
/// b from N(0, 1), 5 to 40 trials: the posterior, a product, on a grid.
#[test]
fn choices_and_times_have_the_posterior_of_a_grid() {
    let prior = Prior::identical(2, Marginal::Normal { mean: 0.0, std: 1.0 }).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut trials = |a: f64, b: f64, n: usize| -> Vec<f64> {
        let trial = |rng: &mut ChaCha8Rng| {
            let one = rng.random::<f64>() < 1.0 / (1.0 + (-a).exp());
            let rate = b.exp() * if one { 2.0 } else { 1.0 };
            [-(1.0 - rng.random::<f64>()).ln() / rate, f64::from(u8::from(one))]
        };
        (0..n).flat_map(|_| trial(&mut rng)).collect()
    };
    let mut thetas = ChaCha8Rng::seed_from_u64(8);
    let theta = Array2::from_shape_simple_fn((1500, 2), || normal(&mut thetas));
    let mut x = Array2::from_elem((1500, 80), NAN);
    for (row, theta) in theta.rows().into_iter().enumerate() {
        let own = trials(theta[0], theta[1], thetas.random_range(5..=40));
        own.into_iter().enumerate().for_each(|(at, v)| x[[row, at]] = v);
    }
    let posterior = fit(&prior, Simulations { theta, x }, &["transform.channels=2"]);
    for n in [5, 30, 200] {
        let mut pairs = [Vec::new(), Vec::new()];
        for _ in 0..15 {
            let [a, b] = [normal(&mut thetas), normal(&mut thetas)];
            let x = trials(a, b, n);
            let draws = posterior.sample(&x, 2000, 1).unwrap().theta;
            let ones = x.chunks_exact(2).filter(|t| t[1] == 1.0).count() as f64;
            let weighted: f64 = x.chunks_exact(2).map(|t| t[0] * (1.0 + t[1])).sum();
            let n = n as f64;
            let of_a = |a: f64| ones * a - n * (1.0 + a.exp()).ln();
            let of_b = |b: f64| n * b - weighted * b.exp();
            pairs[0].push([moments(&draws, 0), on_grid(of_a)]);
            pairs[1].push([moments(&draws, 1), on_grid(of_b)]);
        }
        for (name, pairs) in ["a", "b"].iter().zip(&pairs) {
            let (error, width) = compare(pairs);
            // What a short training gets wrong of one trial it gets wrong of all.
            let most = if n > 40 { 0.6 } else { 0.3 };
            assert!(error < most && (0.9..1.15).contains(&width), "{name}, {n}: {error} {width}");
        }
    }
}

/// Mean and deviation of a number with this log-likelihood under N(0, 1).
fn on_grid(log_likelihood: impl Fn(f64) -> f64) -> (f64, f64) {
    let grid: Vec<f64> = (0..4001).map(|i| -5.0 + 0.0025 * f64::from(i)).collect();
    let logs: Vec<f64> = grid.iter().map(|v| log_likelihood(*v) - 0.5 * v * v).collect();
    let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = logs.iter().map(|l| (l - most).exp()).collect();
    let total: f64 = weights.iter().sum();
    let mean = |of: &dyn Fn(f64) -> f64| {
        grid.iter().zip(&weights).map(|(v, w)| of(*v) * w).sum::<f64>() / total
    };
    let level = mean(&|v| v);
    (level, mean(&|v| (v - level).powi(2)).sqrt())
}
