//! Rounds for one observation, against posteriors in closed form.

use freeform_inference::{Asking, Fit, Outlook, Posterior, Region, Rounds, RoundsError};
use freeform_simulators::{
    DataLayout, InProcess, Layout, Marginal, Missing, MultivariateNormal, Prior, SimulationError,
    SimulationRng, Simulations, Simulator, SimulatorFn,
};
use ndarray::{Array2, Axis};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use std::f64::consts::PI;
use std::sync::atomic::{AtomicBool, Ordering};

/// Short trainings: the whitening does most of the work here.
const SHORT: [&str; 4] =
    ["training.members=2", "training.max_epochs=8", "whitening.steps=1000", "whitening.width=32"];
const NOISE: f64 = 0.05;
/// A seed whose flow folds where the posterior lies.
const FOLDED: u64 = 7;

/// x = (θ₁ + θ₂, θ₁ − θ₂, θ₁) + 0.05 ε, θ from N(0, I): a posterior that is a fifth of a hundredth of the
/// prior.
fn simulator() -> impl Simulator {
    let prior = Prior::identical(2, Marginal::Normal { mean: 0.0, std: 1.0 }).unwrap();
    SimulatorFn::new(prior, 3, |theta: &[f64], rng: &mut SimulationRng, x: &mut [f64]| {
        let rows = [theta[0] + theta[1], theta[0] - theta[1], theta[0]];
        for (x, row) in x.iter_mut().zip(rows) {
            let noise: f64 = StandardNormal.sample(rng);
            *x = row + NOISE * noise;
        }
        Ok::<(), SimulationError>(())
    })
}

/// Mean and standard deviation of each parameter given x: AᵀA = diag(3, 2) makes them independent.
fn exact(x: &[f64]) -> [(f64, f64); 2] {
    let precision = |n: f64| n / NOISE.powi(2) + 1.0;
    let of = |n: f64, sum: f64| (sum / NOISE.powi(2) / precision(n), precision(n).powf(-0.5));
    [of(3.0, x[0] + x[1] + x[2]), of(2.0, x[0] - x[1])]
}

fn infer(
    x: &[f64],
    simulations: usize,
    rounds: usize,
    seed: u64,
) -> Result<Posterior, RoundsError> {
    let simulator = simulator();
    let source = InProcess::new("linear", &simulator);
    let rounds = Rounds::new(&source, x).simulations(simulations).rounds(rounds).seed(seed);
    let rounds = SHORT.iter().fold(rounds, |rounds, setting| rounds.set(setting).unwrap());
    let (posterior, reports) = rounds.run()?;
    // The last rounds lie in a small part of the prior.
    assert!(reports.last().unwrap().prior_share < 0.1, "{reports:#?}");
    drop(rounds);
    Ok(std::sync::Arc::into_inner(posterior).expect("nobody else holds the last posterior"))
}

fn moments(posterior: &Posterior, x: &[f64], column: usize) -> (f64, f64) {
    let draws = posterior.sample(x, 4000, 1).unwrap().theta;
    let mean = draws.column(column).mean().unwrap();
    (mean, draws.column(column).std(0.0))
}

#[test]
fn three_rounds_find_the_closed_form_posterior() {
    let x = [0.9, 0.3, 0.62];
    let posterior = infer(&x, 450, 3, 1).unwrap();
    for (column, (mean, sd)) in exact(&x).into_iter().enumerate() {
        let (found, width) = moments(&posterior, &x, column);
        assert!((found - mean).abs() < 0.25 * sd, "θ{column}: {found}, not {mean} ± {sd}");
        assert!((width / sd - 1.0).abs() < 0.2, "θ{column}: sd {width}, not {sd}");
    }
    let draws = posterior.sample(&x, 100, 1).unwrap();
    assert!(!draws.warnings().iter().any(|w| w.contains("another observation")));
    let other = posterior.sample(&[0.9, 0.3, 0.6], 100, 1).unwrap();
    assert!(other.warnings().iter().any(|w| w.contains("another observation (column 3")));
}

/// Without its second number: AᵀA = [[2, 1], [1, 1]].
#[test]
fn what_the_observation_lacks_is_hidden_from_all_simulations() {
    let (simulator, x) = (simulator(), [0.9, f64::NAN, 0.62]);
    let source = InProcess::new("linear", &simulator);
    let rounds = Rounds::new(&source, &x).simulations(450).rounds(3).seed(1);
    let refused = rounds.clone().run().err().unwrap().to_string();
    assert!(refused.contains("number 2") && refused.contains("--missing allowed"), "{refused}");
    let settings = SHORT.iter().chain(&["transform.missing=allowed"]);
    let rounds = settings.fold(rounds, |rounds, setting| rounds.set(setting).unwrap());
    let (posterior, _) = rounds.run().unwrap();
    let precision = NOISE.powi(-2);
    let [a, b, d] = [2.0 * precision + 1.0, precision, precision + 1.0];
    let determinant = a * d - b * b;
    let (u, v) = ((x[0] + x[2]) * precision, x[0] * precision);
    let exact = [((d * u - b * v), d), ((a * v - b * u), a)];
    for (column, (mean, variance)) in exact.into_iter().enumerate() {
        let (mean, sd) = (mean / determinant, (variance / determinant).sqrt());
        let (found, width) = moments(&posterior, &x, column);
        assert!((found - mean).abs() < 0.25 * sd, "θ{column}: {found}, not {mean} ± {sd}");
        assert!((width / sd - 1.0).abs() < 0.2, "θ{column}: sd {width}, not {sd}");
    }
    let warnings = posterior.sample(&x, 100, 1).unwrap().warnings();
    assert!(!warnings.iter().any(|w| w.contains("another observation")), "{warnings:?}");
    let nothing = Rounds::new(&source, &[f64::NAN; 3]).set("transform.missing=allowed").unwrap();
    assert!(nothing.run().err().unwrap().to_string().contains("every number"));
}

/// Of 24 truths, one in five lies outside the 80% interval: between 14 and 24 inside, but for chances of less
/// than one in a hundred; of both parameters together between 31 and 46.
#[test]
fn intervals_of_simulated_observations_hold_what_they_say() {
    let simulator = simulator();
    let truths = simulator.prior().sample_n(7, 24);
    let mut inside = 0;
    for (index, truth) in truths.rows().into_iter().enumerate() {
        let mut x = [0.0; 3];
        let mut rng = SimulationRng::new(7, index as u64);
        simulator.simulate(&truth.to_vec(), &mut rng, &mut x).unwrap();
        let posterior = infer(&x, 240, 2, index as u64).unwrap();
        let draws = posterior.sample(&x, 1000, 1).unwrap().theta;
        for (column, value) in truth.iter().enumerate() {
            let below = draws.column(column).iter().filter(|v| *v < value).count();
            inside += usize::from((100..900).contains(&below));
        }
    }
    assert!((31..=46).contains(&inside), "{inside} of 48 truths lie inside their 80% intervals");
}

/// x = (cos θ, sin θ) + 0.1 ε under an even prior: von Mises' law about the angle of x, with concentration
/// 100 |x|. At x = (−1, 0) it lies on both sides of the seam.
#[test]
fn the_region_of_an_angle_has_no_seam() {
    let even = Marginal::CircularUniform { low: -PI, high: PI };
    let prior = Prior::independent([("direction", even)]).unwrap();
    let simulator =
        SimulatorFn::new(prior, 2, |theta: &[f64], rng: &mut SimulationRng, x: &mut [f64]| {
            for (x, place) in x.iter_mut().zip([theta[0].cos(), theta[0].sin()]) {
                let noise: f64 = StandardNormal.sample(rng);
                *x = place + 0.1 * noise;
            }
            Ok::<(), SimulationError>(())
        });
    let x = [-1.0, 0.0];
    let source = InProcess::new("direction", &simulator);
    let rounds = Rounds::new(&source, &x).simulations(600).rounds(3).seed(1);
    // So short trainings are off by a third of the width.
    let longer = ["training.members=4", "training.max_epochs=40", "whitening.steps=10000"];
    let settings = SHORT.iter().chain(&longer);
    let rounds = settings.fold(rounds, |rounds, setting| rounds.set(setting).unwrap());
    let (posterior, reports) = rounds.run().unwrap();
    // Four standard deviations to either side are an eighth of the circle.
    let share = reports.last().unwrap().prior_share;
    assert!((0.05..0.35).contains(&share), "{reports:#?}");
    let theta = posterior.sample(&x, 4000, 1).unwrap().theta;
    // 1/κ is E sin² but for a share of 1/2κ.
    let off: Vec<f64> = theta.iter().map(|t| (t - PI).sin()).collect();
    let mean = off.iter().sum::<f64>() / off.len() as f64;
    let width = (off.iter().map(|o| o * o).sum::<f64>() / off.len() as f64).sqrt();
    assert!(mean.abs() < 0.025, "{mean}");
    assert!((width / 0.1 - 1.0).abs() < 0.2, "{width}");
    assert!(theta.iter().all(|t| t.cos() < -0.5), "draws on the other side");
}

/// The posterior of θ from N(0, Σ) with an x that says nothing of it.
fn of_prior(covariance: [[f64; 2]; 2]) -> Posterior {
    let law = MultivariateNormal::new(vec![0.0; 2], covariance.map(|row| row.to_vec()).to_vec());
    let prior = Prior::multivariate_normal(law.unwrap(), None).unwrap();
    let x = Prior::identical(1, Marginal::Normal { mean: 0.0, std: 1.0 }).unwrap();
    let simulations = Simulations { theta: prior.sample_n(1, 2000), x: x.sample_n(2, 2000) };
    let fit = SHORT.iter().fold(Fit::new(&prior), |fit, setting| fit.set(setting).unwrap());
    fit.run(simulations).unwrap()
}

/// Draws outside a region, of which the flows that bound it say that nothing lies there, are no sign that it was too
/// narrow; where they say otherwise, all of them are. For N(0, I) a fall of 3 from the median is χ² ≤ 2 ln 2 + 6, and
/// outside it lie e^(−(ln 2 + 3)/9) of N(0, 9 I).
#[test]
fn draws_that_nothing_speaks_for_do_not_tell_of_a_narrow_region() {
    let (before, after) = (of_prior([[1.0, 0.0], [0.0, 1.0]]), of_prior([[9.0, 0.0], [0.0, 9.0]]));
    let before = std::sync::Arc::new(before);
    let (x, asking) = ([0.0], Asking::default());
    let everything = Region::everything();
    let median = Outlook::of(&before, &x, &everything, None, 1, &asking).unwrap();
    let threshold = median.threshold + median.fall - 3.0;
    let region = everything.within(before.clone(), &x, threshold);
    let outside = |allowed| {
        Outlook::of(&after, &x, &region, Some((&before, allowed)), 1, &asking).unwrap().outside
    };
    let exact = (-(2_f64.ln() + 3.0) / 9.0).exp();
    assert!((outside(1e3) - exact).abs() < 0.04, "{}, not {exact}", outside(1e3));
    // Half of what lies inside has χ² below −18 ln((1 + that)/2); 6 more are allowed.
    let near = exact - (0.5 * (1.0 + exact)) * (-6.0_f64 / 18.0).exp();
    assert!((outside(3.0) - near).abs() < 0.03, "{}, not {near}", outside(3.0));
}

/// θ of N(0, Σ) with x that says nothing of it, correlations of 0.6 and −0.6: parameters one by one do not move,
/// and the divergence is 2ρ²/(1 − ρ²) nats.
#[test]
fn a_posterior_that_keeps_its_margins_but_not_its_shape_is_not_still() {
    let rho = 0.6;
    let [before, after] = [-rho, rho].map(|rho| of_prior([[1.0, rho], [rho, 1.0]]));
    let look = |posterior: &Posterior| {
        let everything = Region::everything();
        Outlook::of(posterior, &[0.0], &everything, None, 1, &Asking::default()).unwrap()
    };
    let (old, new) = (look(&before), look(&after));
    assert!(new.moved(&before.model().prior, &old.theta().view()).unwrap() < 0.1);
    let divergence = |before| new.divergence(&after, before, &[0.0], 1, &Asking::default());
    let found = divergence(&before).unwrap().unwrap();
    let exact = 2.0 * rho * rho / (1.0 - rho * rho);
    assert!((found / exact - 1.0).abs() < 0.15, "{found}, not {exact}");
    assert!(divergence(&after).unwrap().unwrap().abs() < 1e-9);
}

/// θ uniform on [−2, 2]², x = |θ₁| + 0.1 ε: at 1 the posterior has two bars, and an encoder that takes both to one
/// normal law folds between them. What its flow never draws there is no reason to simulate it never again.
#[test]
fn regions_keep_what_no_draw_comes_to() {
    let prior = Prior::identical(2, Marginal::Uniform { low: -2.0, high: 2.0 }).unwrap();
    let theta = prior.sample_n(1, 4000);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut noise = || -> f64 { StandardNormal.sample(&mut rng) };
    let x = theta.map_axis(Axis(1), |row| row[0].abs() + 0.1 * noise()).insert_axis(Axis(1));
    let settings = ["posterior.correction=off", "training.members=1", "training.max_epochs=60"];
    let settings = settings.iter().chain(&["network.blocks=2"]);
    let fit = settings.fold(Fit::new(&prior).seed(FOLDED), |fit, s| fit.set(s).unwrap());
    let posterior = std::sync::Arc::new(fit.run(Simulations { theta, x }).unwrap());
    let everything = Region::everything();
    let look = Outlook::of(&posterior, &[1.0], &everything, None, 1, &Asking::default()).unwrap();
    let region = everything.within(posterior.clone(), &[1.0], look.threshold);
    let exact = Array2::from_shape_fn((2000, 2), |(row, column)| match (row % 2, column) {
        (_, 1) => -2.0 + 4.0 * (row as f64 + 0.5) / 2000.0,
        (0, _) => 1.0 + 0.1 * noise(),
        _ => -1.0 - 0.1 * noise(),
    });
    let share = |of: &mut dyn Iterator<Item = bool>| of.filter(|is| *is).count() as f64 / 2000.0;
    let densities = posterior.flow_log_prob(&exact.view(), &[1.0]).unwrap();
    let never = share(&mut densities.iter().map(|density| *density == f64::NEG_INFINITY));
    let outside = share(&mut region.contains(&exact.view()).unwrap().into_iter().map(|is| !is));
    assert!(never > 0.01 && outside < 0.002, "never drawn {never}, outside {outside}");
}

#[test]
fn what_is_no_observation_is_refused() {
    let error = infer(&[1.0, 2.0], 450, 3, 1).err().unwrap().to_string();
    assert!(error.contains("has 2 numbers") && error.contains("`linear` 3"), "{error}");
    let never = AtomicBool::new(false);
    let prior = Prior::identical(1, Marginal::Normal { mean: 0.0, std: 1.0 }).unwrap();
    let counted = SimulatorFn::new(prior, 1, |_: &[f64], _: &mut SimulationRng, _: &mut [f64]| {
        never.store(true, Ordering::Relaxed);
        Ok::<(), SimulationError>(())
    });
    let source = InProcess::new("counted", &counted);
    let rounds = Rounds::new(&source, &[0.0]).set("whitening.degree=5").unwrap();
    let error = rounds.run().err().unwrap().to_string();
    assert!(error.contains("whitening.degree") && !never.load(Ordering::Relaxed), "{error}");
    let error = infer(&[1.0, f64::NAN, 2.0], 450, 3, 1).err().unwrap().to_string();
    assert!(error.contains("NaN"), "{error}");
}

#[test]
fn what_a_simulator_says_of_x_holds_unless_settings_say_otherwise() {
    let prior = Prior::identical(1, Marginal::Normal { mean: 0.0, std: 1.0 }).unwrap();
    let trials = |theta: &[f64], rng: &mut SimulationRng, x: &mut [f64]| {
        x[..4].fill_with(|| theta[0] + Distribution::<f64>::sample(&StandardNormal, rng));
        Ok::<(), SimulationError>(())
    };
    // The last of five trials is never measured.
    let simulator = SimulatorFn::new(prior, 5, trials)
        .layout(DataLayout::new(Layout::Set, 1))
        .missing(Missing::Allowed);
    let source = InProcess::new("trials", &simulator);
    let x = [0.1, 0.5, -0.3, 0.2, f64::NAN];
    let stated = |more: &[&str]| {
        let rounds = Rounds::new(&source, &x).simulations(200).rounds(2);
        let settings = SHORT.iter().chain(more);
        let rounds = settings.fold(rounds, |rounds, setting| rounds.set(setting).unwrap());
        let (posterior, _) = rounds.run().unwrap();
        let transform = &posterior.model().config.transform;
        (transform.layout, transform.missing)
    };
    assert_eq!(stated(&[]), (Layout::Set, Missing::Allowed));
    assert_eq!(stated(&["transform.layout=vector"]), (Layout::Vector, Missing::Allowed));
}
