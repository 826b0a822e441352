//! What draws are worth.

use crate::support::{likelihood, moments, observed, of_draws, small, unit};
use freeform_inference::{Asking, Posterior, PosteriorError};
use freeform_simulators::{Marginal, Prior, Simulations};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

fn trained(noise: f64, correction: &str) -> Posterior {
    let prior = unit();
    let simulations = observed(&prior.sample_n(1, 2000), noise, 2);
    let fit = small(&prior).set(&format!("posterior.correction={correction}")).unwrap();
    fit.run(simulations).unwrap()
}

#[test]
fn an_ordinary_question_is_answered_with_what_its_draws_are_worth() {
    let posterior = trained(0.2, "on");
    let draws = posterior.sample(&[0.5], 4000, 1).unwrap();
    assert!(draws.warnings().is_empty() && !draws.are_worthless(), "{:?}", draws.warnings());
    assert!((4000..16_000).contains(&draws.proposals), "{}", draws.proposals);
    assert!(draws.effective > 2000.0 && draws.effective <= 4000.0, "{}", draws.effective);
    let mut rows: Vec<u64> = draws.theta.iter().map(|t| t.to_bits()).collect();
    rows.sort_unstable();
    rows.dedup();
    assert_eq!(draws.distinct, rows.len());
    assert!(draws.pareto_k.is_some_and(f64::is_finite));
    let distance = draws.distance.unwrap();
    assert!(distance.farthest.is_none() && !distance.is_beyond());
    let (mean, std) = moments(0.0, 1.0, |t| likelihood(0.5, t, 0.2));
    let (found, spread) = of_draws(&draws.theta);
    assert!((found - mean).abs() < 0.02 && (spread - std).abs() < 0.02, "{found} {spread}");
    // Uncorrected draws are worth their number.
    let plain = trained(0.2, "off").sample(&[0.5], 1000, 1).unwrap();
    assert_eq!((plain.effective, plain.distinct, plain.proposals), (1000.0, 1000, 1000));
}

/// Observations far from all simulations: refused, or answered with a warning where asked to.
#[test]
fn absurd_observations_are_refused_at_once() {
    for correction in ["off", "on"] {
        let posterior = trained(0.2, correction);
        for x in [-999.0, 1e6, 1e9, 30.0] {
            let started = Instant::now();
            let error = posterior.sample(&[x], 5000, 1).unwrap_err();
            assert!(started.elapsed() < Duration::from_secs(2));
            assert!(matches!(error, PosteriorError::FarAway { .. }), "{x}: {error}");
            let text = error.to_string();
            assert!(text.contains("column 1") && text.contains("units"), "{text}");
            let theta = ndarray::arr2(&[[0.5_f64]]);
            let error = posterior.log_prob(&theta.view(), &[x], 1).unwrap_err();
            assert!(matches!(error, PosteriorError::FarAway { .. }), "{x}: {error}");
            let anyway = Asking { anyway: true, ..Asking::default() };
            match posterior.sample_as(&[x], 1000, 1, &anyway) {
                Ok(draws) => {
                    assert!(draws.are_worthless());
                    assert!(draws.warnings()[0].contains("beyond all simulations"));
                }
                Err(error) => assert!(matches!(error, PosteriorError::Leakage { .. }), "{error}"),
            }
        }
        // So far that networks have no number: no wish to have an answer helps.
        for asking in [Asking::default(), Asking { anyway: true, ..Asking::default() }] {
            let error = posterior.sample_as(&[1e30], 1000, 1, &asking).unwrap_err();
            assert!(matches!(error, PosteriorError::ObservationTooFar { .. }), "{error}");
        }
        // A little beyond: answered, with a warning.
        let distance = posterior.distance(&[2.2]).unwrap().unwrap();
        assert!(distance.is_beyond() && !distance.is_far(), "{distance}");
    }
}

/// A likelihood far sharper than the flow: noise 10⁻⁴, learnt by a flow that may hardly train.
#[test]
fn resampling_to_a_few_points_is_refused_and_rounds_help_where_they_can() {
    let prior = unit();
    let table = prior.sample_n(1, 2000);
    let blurred = observed(&table, 0.0, 2);
    // Two numbers of x that agree on the flow's side only roughly: θ and a copy with tiny noise.
    let fit = small(&prior).set("posterior.correction=on").unwrap();
    let fit = fit.set("whitening.steps=50").unwrap().set("training.max_epochs=1").unwrap();
    let posterior = fit.run(blurred).unwrap();
    for x in [0.11, 0.53, 0.87] {
        match posterior.sample(&[x], 2000, 1) {
            // Whatever is given out is worth something, or says that it is not.
            Ok(draws) => {
                assert!(draws.effective >= 10.0 && draws.distinct >= 10);
                let few = draws.effective < 200.0 || draws.pareto_k.is_some_and(|k| k > 0.7);
                assert_eq!(few, !draws.warnings().is_empty(), "{:?}", draws.warnings());
            }
            Err(PosteriorError::Collapsed { effective, proposals }) => {
                assert!(effective < 10.0 && proposals > 16_000);
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// Draws that lie inside the prior one time in thousands: given up on after the first chunks, and
/// interruptible.
#[test]
fn hopeless_draws_are_given_up_on_and_an_interrupt_is_heard() {
    // θ a standard normal for the flow, but the posterior of a far x lies outside [−4, 4].
    let prior = Prior::identical(1, Marginal::Uniform { low: -4.0, high: 4.0 }).unwrap();
    let law = Prior::identical(1, Marginal::Normal { mean: 0.0, std: 0.5 }).unwrap();
    let theta = law.sample_n(1, 1000);
    let simulations: Simulations = observed(&theta, 0.2, 2);
    let fit = small(&prior).set("posterior.correction=off").unwrap();
    let posterior = fit.set("transform.theta=standardize").unwrap().run(simulations).unwrap();
    let anyway = Asking { anyway: true, ..Asking::default() };
    for n in [100, 50_000] {
        let started = Instant::now();
        let error = posterior.sample_as(&[60.0], n, 1, &anyway).unwrap_err();
        let PosteriorError::Leakage { accepted, drawn, .. } = error else { panic!("{error}") };
        assert_eq!(accepted, 0);
        assert!(drawn <= 9 * 1024, "{drawn}");
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    }
    let flag = AtomicBool::new(false);
    let stop = |_| flag.store(true, Ordering::Relaxed);
    let asking = Asking { anyway: true, progress: Some(&stop), ..Asking::until(&flag) };
    let error = posterior.sample_as(&[0.0], 10_000_000, 1, &asking).unwrap_err();
    assert!(matches!(error, PosteriorError::Interrupted), "{error}");
}
