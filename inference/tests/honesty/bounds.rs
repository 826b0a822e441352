//! θ exactly on a bound.

use crate::support::{likelihood, moments, observed, of_draws, small, unit};
use freeform_simulators::{Marginal, Prior};
use ndarray::Array2;

/// One row of a thousand, rounded values, a grid with its ends: all train, and log p at the ends of
/// the prior is a number or −∞.
#[test]
fn rows_on_a_bound_train_and_densities_have_their_limit() {
    let (prior, sigma, x) = (unit(), 0.3, 0.4);
    let mut one = prior.sample_n(1, 1000);
    one[[17, 0]] = 0.0;
    let rounded = prior.sample_n(1, 1000).mapv(|t| (t * 20.0).round() / 20.0);
    let grid = Array2::from_shape_fn((1000, 1), |(i, _)| i as f64 / 999.0);
    let (mean, std) = moments(0.0, 1.0, |t| likelihood(x, t, sigma));
    for (what, theta) in [("one", one), ("rounded", rounded), ("grid", grid)] {
        for correction in ["off", "on"] {
            let fit = small(&prior).set(&format!("posterior.correction={correction}")).unwrap();
            let posterior = fit.run(observed(&theta, sigma, 2)).unwrap();
            let (found, spread) = of_draws(&posterior.sample(&[x], 10_000, 1).unwrap().theta);
            assert!((found - mean).abs() < 0.05, "{what} {correction}: {found} against {mean}");
            assert!((spread - std).abs() < 0.04, "{what} {correction}: {spread} against {std}");
            let ends = ndarray::arr2(&[[0.0_f64], [1.0], [0.5], [-0.1]]);
            let log_prob = posterior.log_prob(&ends.view(), &[x], 1).unwrap();
            assert!(log_prob.iter().all(|l| !l.is_nan() && *l < 5.0), "{what}: {log_prob:?}");
            assert!(log_prob[2].is_finite());
            assert_eq!(log_prob[3], f64::NEG_INFINITY);
            // The flow lives where an interval has no ends: its density goes to 0 there. A learnt
            // likelihood knows the ends: p(x | 0) against p(x | ½).
            if correction == "off" {
                assert_eq!(log_prob[..2], [f64::NEG_INFINITY; 2]);
            } else if what != "rounded" {
                let expected = (likelihood(x, 0.0, sigma) / likelihood(x, 0.5, sigma)).ln();
                assert!((log_prob[0] - log_prob[2] - expected).abs() < 0.3, "{what} {log_prob:?}");
            }
        }
    }
}

/// A rate rounded to 0, which its support does not reach.
#[test]
fn a_rate_rounded_to_zero_trains() {
    let prior = Prior::identical(1, Marginal::Exponential { rate: 1.0 }).unwrap();
    let mut theta = prior.sample_n(1, 1000);
    theta.mapv_inplace(|t| (t * 10.0).round() / 10.0);
    assert!(theta.iter().filter(|t| **t == 0.0).count() > 20);
    let posterior = small(&prior).run(observed(&theta, 0.5, 2)).unwrap();
    let (mean, _) = moments(0.0, 12.0, |t| (-t).exp() * likelihood(1.0, t, 0.5));
    let (found, _) = of_draws(&posterior.sample(&[1.0], 10_000, 1).unwrap().theta);
    assert!((found - mean).abs() < 0.06, "{found} against {mean}");
}
