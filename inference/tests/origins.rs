//! Neither the origin nor the unit of a parameter or a number of the data matters.

use freeform_inference::{Fit, FitError, Posterior, PosteriorError};
use freeform_simulators::{Marginal, Prior, Simulations};
use ndarray::Array2;

const NOISE: f64 = 0.5;

/// θ in (−4, 4) and x = θ + noise, in steps of 2⁻²⁰ and as mirrored pairs: sums and means of them
/// are exact, and so are their moved copies.
fn base(n: usize) -> Simulations {
    let mut state = 7_u64;
    let mut uniform = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) as f64 + 0.5) / (1_u64 << 31) as f64
    };
    let step = |v: f64| (v * 1_048_576.0).round() / 1_048_576.0;
    let (mut theta, mut x) = (Array2::zeros((n, 1)), Array2::zeros((n, 1)));
    for pair in 0..n / 2 {
        let (u, v) = (uniform(), uniform());
        let normal = (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos();
        let t = step(7.99 * uniform() - 3.995);
        for (row, sign) in [(2 * pair, 1.0), (2 * pair + 1, -1.0)] {
            theta[[row, 0]] = sign * t;
            x[[row, 0]] = sign * step(t + NOISE * normal);
        }
    }
    Simulations { theta, x }
}

/// The posterior learnt from simulations whose θ and x are `theta.0 + theta.1 · θ` and so on.
fn learnt(theta: (f64, f64), x: (f64, f64), correction: &str) -> Result<Posterior, FitError> {
    let base = base(2000);
    let simulations = Simulations {
        theta: base.theta.mapv(|v| theta.0 + theta.1 * v),
        x: base.x.mapv(|v| x.0 + x.1 * v),
    };
    let (low, high) = (theta.0 - 4.0 * theta.1, theta.0 + 4.0 * theta.1);
    let prior = Prior::independent([("t", Marginal::Uniform { low, high })]).unwrap();
    let settings = [
        "training.members=1",
        "training.max_epochs=3",
        "network.width=16",
        "network.blocks=2",
        "whitening.steps=300",
        correction,
    ];
    let fit = settings.iter().try_fold(Fit::new(&prior), |fit, setting| fit.set(setting))?;
    fit.run(simulations)
}

#[test]
fn a_moved_posterior_is_the_posterior_moved() {
    let plain = learnt((0.0, 1.0), (0.0, 1.0), "posterior.correction=off").unwrap();
    let draws = plain.sample(&[1.25], 2000, 1).unwrap().theta;
    let grid = Array2::from_shape_fn((50, 1), |(i, _)| -0.75 + 0.0625 * i as f64);
    let densities = plain.log_prob(&grid.view(), &[1.25], 1).unwrap();
    // θ as a time in GPS seconds, x as a Julian date of 0.05 days' spread; powers of two keep the
    // numbers exact.
    for (theta, x) in [
        ((1.1e9, 1.0), (2.46e6, 1.0)),
        ((1.1e9, 1.0), (2.46e6, 1.0 / 32.0)),
        ((-1.1e9, 1.0), (1.1e9, 1.0)),
        ((0.0, 2_f64.powi(-166)), (0.0, 2_f64.powi(-133))),
        ((0.0, 2_f64.powi(500)), (0.0, 2_f64.powi(997))),
    ] {
        let moved = learnt(theta, x, "posterior.correction=off").unwrap();
        let at = [x.0 + x.1 * 1.25];
        let found = moved.sample(&at, 2000, 1).unwrap().theta;
        assert!(found.iter().all(|v| moved.model().prior.contains(&[*v])));
        let gap = |(a, b): (&f64, &f64)| ((b - theta.0) / theta.1 - a).abs();
        let error = draws.iter().zip(&found).map(gap).fold(0.0, f64::max);
        assert!(error < 1e-6 * NOISE, "{theta:?} {x:?}: {error}");
        let grid = grid.mapv(|v| theta.0 + theta.1 * v);
        for (a, b) in densities.iter().zip(moved.log_prob(&grid.view(), &at, 1).unwrap()) {
            assert!((a - (b + theta.1.ln())).abs() < 1e-5, "{theta:?} {x:?}: {a} {b}");
        }
    }
}

/// With a learnt likelihood too, against the closed form: N(x, ½²), far from the prior's ends.
#[test]
fn corrected_posteriors_far_from_zero_have_the_right_place_and_width() {
    let posterior = learnt((1.1e9, 0.05), (2.46e6, 0.05), "posterior.correction=on").unwrap();
    let draws = posterior.sample(&[2.46e6 + 0.05 * 1.25], 4000, 1).unwrap().theta;
    let column: Vec<f64> = draws.iter().map(|v| (v - 1.1e9) / 0.05).collect();
    let mean = column.iter().sum::<f64>() / column.len() as f64;
    let sd = (column.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / column.len() as f64).sqrt();
    assert!((mean - 1.25).abs() < 0.1 * NOISE, "{mean}");
    assert!((sd / NOISE - 1.0).abs() < 0.1, "{sd}");
}

#[test]
fn what_cannot_be_scaled_is_named() {
    let prior = Prior::identical(1, Marginal::Uniform { low: -4.0, high: 4.0 }).unwrap();
    let fit = |change: &dyn Fn(&mut Simulations), setting: &str| {
        let mut simulations = base(400);
        change(&mut simulations);
        let short = ["training.members=1", "training.max_epochs=1", "whitening.steps=10"];
        let fit = short.iter().chain([&setting]);
        let fit = fit.fold(Fit::new(&prior), |fit, setting| fit.set(setting).unwrap());
        fit.run(simulations)
    };
    let says = |result: Result<Posterior, FitError>, parts: &[&str]| {
        let text = result.err().expect("refused").to_string();
        assert!(parts.iter().all(|part| text.contains(part)), "{text}");
    };
    // One number so far out that scores of all others are the same.
    let far = |simulations: &mut Simulations| simulations.x[[16, 0]] = 1e300;
    let standard = "transform.data=standardize";
    says(fit(&far, standard), &["column 1 of x", "1e300", "row 17", "shape"]);
    assert!(fit(&far, "transform.data=shape").is_ok());
    // A spread beyond double precision.
    let wide = |simulations: &mut Simulations| simulations.x.mapv_inplace(|v| 4e307 * v);
    says(fit(&wide, standard), &["column 1 of x", "e308", "too large"]);
    let outside = |simulations: &mut Simulations| simulations.theta[[5, 0]] = 1e300;
    says(fit(&outside, standard), &["row 6", "outside the prior's support", "1e300"]);

    let posterior = fit(&|_| (), standard).unwrap();
    let error = posterior.sample(&[1e300], 10, 1).unwrap_err();
    assert!(matches!(error, PosteriorError::ObservationTooFar { index: 0, value: 1e300 }));
    assert!(error.to_string().contains("number 1 of the observation is 1e300"), "{error}");
}
