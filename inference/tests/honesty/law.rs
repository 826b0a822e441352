//! The law of θ behind the simulations.

use crate::support::{likelihood, moments, observed, of_draws, small, unit};
use freeform_inference::Model;
use freeform_simulators::{Marginal, Prior, Simulations, Task, simulate};
use ndarray::{Array2, Axis};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Simulations kept with a probability that depends on θ; the others' x is NaN.
fn thinned(from: Simulations, keep: impl Fn(&[f64]) -> f64) -> Simulations {
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let Simulations { theta, mut x } = from;
    for (theta, mut x) in theta.rows().into_iter().zip(x.rows_mut()) {
        if rng.random_range(0.0..1.0) >= keep(&theta.to_vec()) {
            x.fill(f64::NAN);
        }
    }
    Simulations { theta, x }
}

/// θ uniform, x = θ + ½ ε, failing with probability 1 − σ(8θ − 4): the posterior given success has
/// that factor, and its mean at x = ½ is not ½.
#[test]
fn failures_that_depend_on_theta_are_part_of_the_prior() {
    let (prior, sigma, x) = (unit(), 0.5, 0.5);
    let valid = |t: f64| sigmoid(8.0 * t - 4.0);
    let all = observed(&prior.sample_n(1, 6000), sigma, 2);
    let simulations = thinned(all, |t| valid(t[0]));
    let fit = small(&prior).set("posterior.correction=on").unwrap();
    let posterior = fit.run(simulations.clone()).unwrap();
    let (mean, std) = moments(0.0, 1.0, |t| likelihood(x, t, sigma) * valid(t));
    let draws = posterior.sample(&[x], 20_000, 1).unwrap();
    let (found, spread) = of_draws(&draws.theta);
    assert!((found - mean).abs() < 0.02, "mean {found} against {mean}");
    assert!((spread - std).abs() < 0.02, "sd {spread} against {std}");
    // Densities agree with draws, at three places, by their ratio to the middle one.
    let places = ndarray::arr2(&[[0.2_f64], [0.5], [0.8]]);
    let log_prob = posterior.log_prob(&places.view(), &[x], 1).unwrap();
    let exact = |t: f64| (likelihood(x, t, sigma) * valid(t)).ln();
    for (place, t) in [(0, 0.2), (2, 0.8)] {
        let found = log_prob[place] - log_prob[1];
        let expected = exact(t) - exact(0.5);
        assert!((found - expected).abs() < 0.25, "at {t}: {found} against {expected}");
    }
    // Known failures are no deviation from the prior.
    assert!(posterior.model().training.remarks.is_empty(), "{:?}", posterior.model().training);

    // Unknown, they cannot be learnt, and the table no longer looks like the prior.
    let survivors = simulations.without_non_finite();
    let blind = fit.run(survivors).unwrap();
    let remarks = blind.model().training.remarks.join(" ");
    assert!(remarks.contains("`theta1` has mean") && remarks.contains("NaN"), "{remarks}");
    let (blind, _) = of_draws(&blind.sample(&[x], 20_000, 1).unwrap().theta);
    let (without, _) = moments(0.0, 1.0, |t| likelihood(x, t, sigma));
    assert!((blind - without).abs() < 0.05, "{blind} against {without}");

    // The model on disk knows as much.
    let folder = tempfile::tempdir().unwrap();
    posterior.save(folder.path()).unwrap();
    let again = freeform_inference::Posterior::new(
        Model::load(folder.path()).unwrap(),
        freeform_inference::EngineKind::default(),
    );
    assert_eq!(again.sample(&[x], 20_000, 1).unwrap(), draws);
}

/// Two crescents, (|θ₁ + θ₂|, θ₂ − θ₁)/√2 seen with noise: the upper one's share at x = 0, where both
/// are equal under the prior, is ∫σ(4s) over both by quadrature over the task's own law.
#[test]
fn two_moons_kept_by_their_sum_favour_the_upper_crescent() {
    let task = Task::by_name("two_moons").unwrap();
    let all = simulate(task.simulator(), 10_000, 1).unwrap().simulations;
    let keep = |t: &[f64]| sigmoid(4.0 * (t[0] + t[1]));
    let fit = small(task.prior()).set("posterior.correction=on").unwrap();
    let posterior = fit.run(thinned(all, keep)).unwrap();
    // p = x − (−|θ₁ + θ₂|, θ₂ − θ₁)/√2 is r·(cos a, sin a) + (¼, 0), a uniform on ±π/2, r ~ N(.1, .01²):
    // on a grid of the two, both signs of the sum.
    let (mut upper, mut lower) = (0.0, 0.0);
    let mut angle = -0.5 * std::f64::consts::PI + 5e-4;
    while angle < 0.5 * std::f64::consts::PI {
        // |θ₁ + θ₂|/√2 = p₁, where x = 0.
        let sum = std::f64::consts::SQRT_2 * (0.1 * angle.cos() + 0.25);
        upper += sigmoid(4.0 * sum);
        lower += sigmoid(-4.0 * sum);
        angle += 1e-3;
    }
    let exact = upper / (upper + lower);
    let draws = posterior.sample(&[0.0, 0.0], 10_000, 1).unwrap().theta;
    let above = draws.rows().into_iter().filter(|t| t[0] + t[1] > 0.0).count();
    let share = above as f64 / draws.nrows() as f64;
    assert!((share - exact).abs() < 0.03, "{share} against {exact}");
}

/// θ from Beta(4, 1), uniform stated: 5θ⁴ is what was simulated, 1 is what is asked.
#[test]
fn theta_of_another_law_is_told_and_corrected() {
    let (prior, sigma, x) = (unit(), 0.5, 0.3);
    let law = Prior::identical(1, Marginal::Beta { alpha: 4.0, beta: 1.0 }).unwrap();
    let simulations = observed(&law.sample_n(1, 6000), sigma, 2);
    let (stated, _) = moments(0.0, 1.0, |t| likelihood(x, t, sigma));
    let (simulated, _) = moments(0.0, 1.0, |t| t.powi(3) * likelihood(x, t, sigma));
    assert!(simulated - stated > 0.25);
    // The flow alone has to make up for the 1% of simulations below 0.3; the likelihood need not.
    for (correction, tolerance) in [("off", 0.1), ("on", 0.04), ("auto", 0.06)] {
        let fit = small(&prior).set(&format!("posterior.correction={correction}")).unwrap();
        let posterior = fit.theta_from(&law).run(simulations.clone()).unwrap();
        assert!(posterior.model().training.remarks.is_empty());
        let (mean, _) = of_draws(&posterior.sample(&[x], 20_000, 1).unwrap().theta);
        assert!((mean - stated).abs() < tolerance, "{correction}: {mean} against {stated}");
    }
    let silent = small(&prior).set("posterior.correction=off").unwrap().run(simulations).unwrap();
    let remarks = &silent.model().training.remarks;
    assert!(remarks[0].contains("--theta-from") && remarks[0].contains("0.4"), "{remarks:?}");
    let (mean, _) = of_draws(&silent.sample(&[x], 20_000, 1).unwrap().theta);
    assert!((mean - simulated).abs() < 0.03, "{mean} against {simulated}");
}

/// A law that reaches beyond the prior: what lies outside is left out, and counted.
#[test]
fn simulations_outside_the_prior_are_left_out_where_a_law_is_named() {
    let (prior, sigma, x) = (unit(), 0.3, 0.9);
    let law = Prior::identical(1, Marginal::Normal { mean: 0.5, std: 0.5 }).unwrap();
    let simulations = observed(&law.sample_n(1, 6000), sigma, 2);
    assert!(small(&prior).run(simulations.clone()).is_err());
    let posterior = small(&prior).theta_from(&law).run(simulations).unwrap();
    let remarks = &posterior.model().training.remarks;
    // Φ(1) − Φ(−1) = .6827 lie inside.
    assert!(remarks.iter().any(|r| r.contains("of 6000 simulations lie outside")), "{remarks:?}");
    assert!((posterior.model().training.simulations as f64 / 6000.0 - 0.6827).abs() < 0.02);
    let (expected, _) = moments(0.0, 1.0, |t| likelihood(x, t, sigma));
    let (mean, _) = of_draws(&posterior.sample(&[x], 20_000, 1).unwrap().theta);
    assert!((mean - expected).abs() < 0.04, "{mean} against {expected}");
}

/// Failed θ may be given apart from the table.
#[test]
fn failed_theta_given_apart_counts_as_rows_without_data() {
    let prior = unit();
    let all = observed(&prior.sample_n(1, 1500), 0.5, 2);
    let simulations = thinned(all, |t| sigmoid(8.0 * t[0] - 4.0));
    let rows: Vec<usize> = (0..1500).filter(|r| !simulations.x[[*r, 0]].is_finite()).collect();
    let failed: Array2<f64> = simulations.theta.select(Axis(0), &rows);
    let together = small(&prior).run(simulations.clone()).unwrap();
    let survivors = simulations.without_non_finite();
    let apart = small(&prior).failed_theta(failed).run(survivors).unwrap();
    let ask = |p: &freeform_inference::Posterior| p.sample(&[0.5], 500, 1).unwrap();
    assert_eq!(ask(&together), ask(&apart));
}
