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
    assert!(draws.distinct * 10 >= n * 9, "{} different", draws.distinct);
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
