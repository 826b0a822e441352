//! The density of a posterior with two modes, which no map takes to a normal law without folds.

use freeform_inference::{Fit, Posterior};
use freeform_simulators::{Marginal, Prior, Simulations};
use ndarray::{Array2, Axis};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

const NOISE: f64 = 0.2;
/// Cells of a side of the grid.
const CELLS: usize = 160;

/// θ uniform on [−2, 2]², x = |θ₁| + 0.2 ε.
fn trained(settings: &[&str]) -> Posterior {
    let prior = Prior::identical(2, Marginal::Uniform { low: -2.0, high: 2.0 }).unwrap();
    let theta = prior.sample_n(1, 4000);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let x = theta.map_axis(Axis(1), |row| {
        let e: f64 = StandardNormal.sample(&mut rng);
        row[0].abs() + NOISE * e
    });
    let short = ["training.members=2", "training.max_epochs=40", "network.blocks=2"];
    let settings = short.iter().chain(settings);
    let fit = settings.fold(Fit::new(&prior).seed(1), |fit, setting| fit.set(setting).unwrap());
    fit.run(Simulations::new(theta, x.insert_axis(Axis(1))).unwrap()).unwrap()
}

/// The integral of exp(log_prob) at x = 1, and half the integral of its distance from the exact density,
/// which is that of N(±1, 0.2²), half each, in θ₁ and uniform in θ₂ (the ends are five widths away).
fn integral_and_distance(posterior: &Posterior) -> (f64, f64) {
    let at = |i: usize| -2.0 + 4.0 * (i as f64 + 0.5) / CELLS as f64;
    let grid = Array2::from_shape_fn((CELLS * CELLS, 2), |(row, column)| {
        at(if column == 0 { row / CELLS } else { row % CELLS })
    });
    let learnt = posterior.log_prob(&grid.view(), &[1.0], 1).unwrap();
    let width = NOISE * (2.0 * std::f64::consts::PI).sqrt();
    let exact = grid.rows().into_iter().map(|row| {
        let square = ((row[0].abs() - 1.0) / NOISE).powi(2);
        0.5 * (-0.5 * square).exp() / width / 4.0
    });
    let cell = (4.0 / CELLS as f64).powi(2);
    let density = |log: &f64| log.exp();
    let apart: f64 = learnt.iter().map(density).zip(exact).map(|(l, e)| (l - e).abs()).sum();
    (cell * learnt.iter().map(density).sum::<f64>(), 0.5 * cell * apart)
}

#[test]
fn densities_of_two_modes_integrate_to_one() {
    let (integral, distance) = integral_and_distance(&trained(&["posterior.correction=off"]));
    // The encoder's own integrates to twice as much.
    assert!((integral - 1.0).abs() < 0.08 && distance < 0.25, "{integral} {distance}");
    let corrected = trained(&[]);
    assert!(corrected.model().training.correction.is_some());
    let (integral, distance) = integral_and_distance(&corrected);
    assert!((integral - 1.0).abs() < 0.06 && distance < 0.15, "{integral} {distance}");
}
