//! What was learnt is judged.

use crate::support::{observed, small, unit};
use freeform_inference::FitError;
use freeform_simulators::{Marginal, Prior, Simulations};
use ndarray::Array2;

/// x = θ + ε, θ standard normal: log p(θ | x) − log p(θ) has mean ½ log 2 (the mutual information).
#[test]
fn the_gain_is_the_mutual_information() {
    let prior = Prior::identical(1, Marginal::Normal { mean: 0.0, std: 1.0 }).unwrap();
    let simulations = observed(&prior.sample_n(1, 10_000), 1.0, 2);
    let fit = small(&prior).set("posterior.correction=off").unwrap();
    let posterior = fit.set("training.validation_fraction=0.2").unwrap().run(simulations).unwrap();
    let summary = &posterior.model().training;
    let learnt = summary.learnt.unwrap();
    let expected = 0.5 * 2_f64.ln();
    assert!((learnt.gain - expected).abs() < 4.0 * learnt.error + 0.01, "{learnt:?}");
    // Entropy of the prior: ½ log 2πe.
    let entropy = 0.5 * (2.0 * std::f64::consts::PI * std::f64::consts::E).ln();
    assert!((learnt.prior + entropy).abs() < 0.06, "{learnt:?}");
    assert!(summary.remarks.is_empty(), "{:?}", summary.remarks);
}

#[test]
fn data_that_say_nothing_are_told_of() {
    let prior = unit();
    let theta = prior.sample_n(1, 1000);
    let noise = observed(&prior.sample_n(2, 1000), 0.1, 3).x;
    let posterior = small(&prior).run(Simulations::new(theta, noise).unwrap()).unwrap();
    let remarks = &posterior.model().training.remarks;
    assert!(remarks.iter().any(|r| r.starts_with("nothing was learnt")), "{remarks:?}");
}

#[test]
fn flows_that_are_led_astray_are_told_of() {
    let prior = unit();
    let simulations = observed(&prior.sample_n(1, 1000), 0.2, 3);
    let fit = small(&prior).set("optimizer.learning_rate=1e3").unwrap();
    match fit.set("posterior.correction=off").unwrap().run(simulations) {
        Ok(posterior) => {
            let summary = &posterior.model().training;
            assert!(summary.members.iter().all(|m| m.best_epoch == 0));
            let told = |r: &String| r.contains("2 of 2 flows") && r.contains("learning_rate");
            assert!(summary.remarks.iter().any(told), "{:?}", summary.remarks);
        }
        Err(error) => assert!(error.to_string().contains("learning_rate"), "{error}"),
    }
}

/// One x of 3.4·10³⁸ in row 18, one θ of 10²⁰ under a normal prior in row 5: z-scores keep nothing else.
/// Of 10⁴ and 10³ they do, with little left for the others.
#[test]
fn one_huge_value_is_named() {
    let prior = Prior::identical(1, Marginal::Normal { mean: 0.0, std: 1.0 }).unwrap();
    let told = |x: Option<f64>, theta: Option<f64>, data: &str| {
        let mut simulations = observed(&prior.sample_n(1, 1000), 0.2, 3);
        x.into_iter().for_each(|x| simulations.x[[17, 0]] = x);
        theta.into_iter().for_each(|theta| simulations.theta[[4, 0]] = theta);
        let fit = small(&prior).set("posterior.correction=off").unwrap();
        let fit = fit.set(&format!("transform.data={data}")).unwrap();
        match fit.run(simulations) {
            Ok(posterior) => posterior.model().training.remarks.join("\n"),
            Err(error @ (FitError::Ensemble(_) | FitError::Data(_))) => error.to_string(),
            Err(error) => panic!("{error}"),
        }
    };
    let text = told(Some(3.4e38), None, "standardize");
    assert!(text.contains("column 1 of x has the value 3.4e38 in row 18"), "{text}");
    let text = told(Some(1e4), None, "standardize");
    assert!(text.contains("column 1 of x is dominated") && text.contains("in row 18"), "{text}");
    let text = told(None, Some(1e20), "shape");
    assert!(text.contains("parameter `theta1` has the value 1e20 in row 5"), "{text}");
    let text = told(None, Some(1e3), "shape");
    assert!(text.contains("column 1 of theta") && text.contains("1000 in row 5"), "{text}");
}

/// 50 θ with 20 replicates each.
#[test]
fn replicates_are_told_of_and_do_not_flatter() {
    let prior = unit();
    let few = prior.sample_n(1, 50);
    let theta = Array2::from_shape_fn((1000, 1), |(i, _)| few[[i % 50, 0]]);
    let posterior = small(&prior).run(observed(&theta, 0.2, 3)).unwrap();
    let summary = &posterior.model().training;
    let told = |r: &String| r.contains("1000 simulations hold only 50 different rows");
    assert!(summary.remarks.iter().any(told), "{:?}", summary.remarks);
    // What x can say of θ at most: log 1 − E log p over [0, 1] of noise 0.2, 0.4 to 0.5 nats here.
    assert!(summary.learnt.unwrap().gain < 0.65, "{:?}", summary.learnt);
}

/// Only a box can be stated for ordered parameters.
#[test]
fn ordered_parameters_in_a_box_are_told_of() {
    let prior = Prior::identical(2, Marginal::Uniform { low: 0.0, high: 1.0 }).unwrap();
    let mut theta = prior.sample_n(1, 2000);
    for mut row in theta.rows_mut() {
        if row[0] > row[1] {
            row.swap(0, 1);
        }
    }
    let posterior = small(&prior).run(observed(&theta, 0.2, 3)).unwrap();
    let remarks = posterior.model().training.remarks.join("\n");
    for name in ["`theta1` has mean 0.33", "`theta2` has mean 0.6", "depend on each other"] {
        assert!(remarks.contains(name), "{remarks}");
    }
}
