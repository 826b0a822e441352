//! Counts, against a posterior in closed form.

mod closed_form;

use closed_form::{compare, fit, moments};
use freeform_simulators::{Marginal, Prior, Simulations};
use ndarray::Array2;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Poisson};

/// Expected counts, in units of the rate: of five numbers two are mostly 0.
const EXPOSURES: [f64; 5] = [0.002, 0.01, 0.1, 0.5, 1.0];

/// The rate is log-normal around 50, x Poisson counts at five exposures: mean and standard deviation of log rate
/// given x, on a grid.
fn exact(x: &[f64]) -> (f64, f64) {
    let log_density = |t: f64| {
        let log_prior = -0.5 * (t - LOCATION).powi(2);
        let counts = x.iter().zip(EXPOSURES).map(|(count, share)| count * t - share * t.exp());
        log_prior + counts.sum::<f64>()
    };
    let grid: Vec<f64> = (0..20_000).map(|i| f64::from(i) / 20_000.0 * 10.0).collect();
    let most = grid.iter().map(|t| log_density(*t)).fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = grid.iter().map(|t| (log_density(*t) - most).exp()).collect();
    let total: f64 = weights.iter().sum();
    let mean = grid.iter().zip(&weights).map(|(t, w)| t * w).sum::<f64>() / total;
    let square = grid.iter().zip(&weights).map(|(t, w)| (t - mean).powi(2) * w).sum::<f64>();
    (mean, (square / total).sqrt())
}

const LOCATION: f64 = 4.0;

#[test]
fn likelihoods_of_counts_see_roots_and_the_posterior_is_that_of_the_poisson_law() {
    let prior =
        Prior::identical(1, Marginal::LogNormal { location: LOCATION, scale: 1.0 }).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut counts =
        |rate: f64| EXPOSURES.map(|share| Poisson::new(share * rate).unwrap().sample(&mut rng));
    let theta = prior.sample_n(1, 1500);
    let mut x = Array2::zeros((1500, 5));
    for (rate, mut row) in theta.iter().zip(x.rows_mut()) {
        row.iter_mut().zip(counts(*rate)).for_each(|(x, count)| *x = count);
    }
    let settings = ["training.members=2", "training.max_epochs=20", "whitening.steps=1000"];
    let posterior = fit(&settings, &prior, Simulations { theta, x }, &[]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    posterior.model().save(folder.path()).unwrap();
    let text = std::fs::read_to_string(folder.path().join("model.toml")).unwrap();
    assert_eq!(text.matches("map = \"root\"").count(), EXPOSURES.len(), "{text}");
    assert!(closed_form::is_of_version(&text, 10), "{text}");
    let pairs: Vec<[(f64, f64); 2]> = (0..20)
        .map(|i| 10.0 * 1.2_f64.powi(i))
        .map(|rate| {
            let x = counts(rate);
            let draws = posterior.sample(&x, 4000, 1).unwrap().theta.mapv(f64::ln);
            [moments(&draws, 0), exact(&x)]
        })
        .collect();
    let (error, width) = compare(&pairs);
    assert!(error < 0.15 && (width - 1.0).abs() < 0.1, "{error} {width} {pairs:?}");
}
