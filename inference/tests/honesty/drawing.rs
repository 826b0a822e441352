//! Corrected draws where the flows' own are poor.

use crate::support::small;
use freeform_simulators::{Marginal, Prior, Simulations};
use ndarray::Array1;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::{Distribution, StandardNormal};

const NOISE: f64 = 0.05;

/// θ uniform on [−2, 2]², x = θ₂ − θ₁² + noise: the posterior of 0 is a thin parabola.
fn parabola() -> (Prior, Simulations) {
    let prior = Prior::identical(2, Marginal::Uniform { low: -2.0, high: 2.0 }).unwrap();
    let theta = prior.sample_n(1, 4000);
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let x: Array1<f64> = theta
        .rows()
        .into_iter()
        .map(|row| {
            let e: f64 = StandardNormal.sample(&mut rng);
            row[1] - row[0] * row[0] + NOISE * e
        })
        .collect();
    (prior, Simulations::new(theta, x.insert_axis(ndarray::Axis(1))).unwrap())
}

/// Flows that hardly trained cover the parabola as a blot: most of their draws have no weight. Those
/// that come out are different points on it, and lie along it as they should: θ₁ is uniform on
/// [−√2, √2], its square 2/3 on average.
#[test]
fn draws_follow_a_thin_curve_and_hardly_repeat() {
    let (prior, simulations) = parabola();
    let fit = small(&prior).set("posterior.correction=on").unwrap();
    let posterior = fit.set("training.max_epochs=12").unwrap().run(simulations).unwrap();
    let n = 4000;
    let draws = posterior.sample(&[0.0], n, 1).unwrap();
    assert!(draws.distinct * 100 >= n * 95, "{} different", draws.distinct);
    assert!(draws.effective >= 0.5 * n as f64, "worth {}", draws.effective);
    let (first, second) = (draws.theta.column(0), draws.theta.column(1));
    let rest: Array1<f64> = &second - &(&first * &first);
    assert!(rest.mean().unwrap().abs() < 0.03, "{}", rest.mean().unwrap());
    assert!(rest.std(0.0) < 3.0 * NOISE, "{}", rest.std(0.0));
    let square = (&first * &first).mean().unwrap();
    assert!((square - 2.0 / 3.0).abs() < 0.1, "{square}");
    // Any run of the draws is as good as any other.
    let half = draws.theta.slice(ndarray::s![..n / 2, 0]);
    let square = half.mapv(|t| t * t).mean().unwrap();
    assert!((square - 2.0 / 3.0).abs() < 0.1, "{square}");
}

/// θ uniform on [−2, 2], x = θ² + noise: the posterior of 1 has a mode at −1 and one at 1, and next to
/// nothing between them.
#[test]
fn draws_leave_out_what_lies_between_two_modes() {
    let noise = 0.2;
    let prior = Prior::identical(1, Marginal::Uniform { low: -2.0, high: 2.0 }).unwrap();
    let theta = prior.sample_n(1, 4000);
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let x = theta.mapv(|t| {
        let e: f64 = StandardNormal.sample(&mut rng);
        t * t + noise * e
    });
    let simulations = Simulations::new(theta, x).unwrap();
    let posterior = small(&prior).run(simulations).unwrap();
    let n = 4000;
    let draws = posterior.sample(&[1.0], n, 1).unwrap();
    // The exact posterior of |θ| by a sum.
    let grid: Vec<f64> = (0..2000).map(|i| 0.001 * (f64::from(i) + 0.5)).collect();
    let density = |t: f64| (-0.5 * ((1.0 - t * t) / noise).powi(2)).exp();
    let total: f64 = grid.iter().map(|t| density(*t)).sum();
    let mean = grid.iter().map(|t| t * density(*t)).sum::<f64>() / total;
    let square = grid.iter().map(|t| t * t * density(*t)).sum::<f64>() / total;
    let std = (square - mean * mean).sqrt();
    let sizes = draws.theta.mapv(f64::abs);
    let found = (sizes.mean().unwrap(), sizes.std(0.0));
    assert!(
        (found.0 - mean).abs() < 0.02 && (found.1 - std).abs() < 0.02,
        "{found:?} {mean} {std}"
    );
    let between = sizes.iter().filter(|t| **t < 0.5).count();
    assert!(between * 100 < n, "{between}");
    let right = draws.theta.iter().filter(|t| **t > 0.0).count();
    assert!((right as f64 / n as f64 - 0.5).abs() < 0.1, "{right}");
}
