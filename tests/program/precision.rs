//! Numbers that single precision does not hold, from file to file.

use crate::support::{Scratch, TINY, bytes, numbers};
use freeform_simulators::Simulations;
use ndarray::Array2;

/// θ: a time in GPS seconds, known to 0.2 s; x: a Julian date, read with an error of 0.02 days per
/// 0.1 s of θ's.
const THETA: (f64, f64) = (1.1e9, 0.1);
const X: (f64, f64) = (2.46e6, 0.02);
const PRIOR: &str = "[[parameter]]\nname = \"arrival\"\ndistribution = \"uniform\"\n\
                     low = 1099999999.9\nhigh = 1100000000.1\n";

/// x = θ + N(0, 0.1²) in units of [`THETA`] and [`X`]; θ uniform.
fn simulations(n: usize) -> Simulations {
    let golden = 0.618_033_988_749_894_9;
    let theta = Array2::from_shape_fn((n, 1), |(i, _)| 1.998 * (golden * i as f64).fract() - 0.999);
    let noise = |i: usize| {
        let (u, v) = ((i as f64 + 0.5) / n as f64, (2_f64.sqrt() * i as f64).fract());
        0.1 * (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    };
    let x = Array2::from_shape_fn((n, 1), |(i, _)| X.0 + X.1 * (theta[[i, 0]] + noise(i)));
    Simulations { theta: theta.mapv(|t| THETA.0 + THETA.1 * t), x }
}

#[test]
fn times_and_dates_go_through_every_verb() {
    let scratch = Scratch::new();
    std::fs::write(scratch.path("prior.toml"), PRIOR).unwrap();
    simulations(2000).write(scratch.path("sims.npz")).unwrap();
    std::fs::write(scratch.path("x.csv"), "2460000.004\n").unwrap();
    let train = ["train", "--simulations", "sims.npz", "--prior", "prior.toml", "--out", "model"];
    scratch.succeeds(&[&train[..], &TINY].concat());
    let sample = ["sample", "model", "--observation", "x.csv", "-n", "2000", "--out"];
    for file in ["s.npy", "s.csv"] {
        scratch.succeeds(&[&sample[..], &[file]].concat());
    }
    let draws = numbers(scratch.path("s.npy"));
    assert_eq!(draws, numbers(scratch.path("s.csv")));
    assert!(draws.iter().all(|v| (v - 1.1e9).abs() <= 0.1), "outside the prior");
    let scores: Vec<f64> = draws.iter().map(|v| (v - THETA.0) / THETA.1).collect();
    let mean = scores.iter().sum::<f64>() / 2000.0;
    let sd = (scores.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 2000.0).sqrt();
    // Exactly N(0.2, 0.1²), from a training of seconds.
    assert!((mean - 0.2).abs() < 0.03, "{mean}");
    assert!((0.08..0.13).contains(&sd), "{sd}");

    let log_prob = ["log-prob", "model", "--theta", "s.npy", "--observation", "x.csv", "--out"];
    scratch.succeeds(&[&log_prob[..], &["lp.npy"]].concat());
    let densities = numbers(scratch.path("lp.npy"));
    assert!(densities.iter().all(|v| v.is_finite()));
    // −E log p is the entropy ½ log(2πe σ²) of a Gaussian of σ = 0.01 s.
    let entropy = 0.5 * (2.0 * std::f64::consts::PI * std::f64::consts::E * 1e-4).ln();
    let found = -densities.iter().sum::<f64>() / 2000.0;
    assert!((found - entropy).abs() < 0.25, "{found}, not {entropy}");
    let refused = ["sample", "model", "--observation", "far.csv", "--out", "t.npy"];
    std::fs::write(scratch.path("far.csv"), "1e300\n").unwrap();
    let message = scratch.fails(1, &refused);
    assert!(message.contains("number 1 of the observation is 1e300"), "{message}");
}

#[cfg(unix)]
#[test]
fn a_program_is_given_all_digits_and_so_are_its_answers() {
    let scratch = Scratch::new();
    // INDEX SEED θ is answered with INDEX θ.
    let worker = r#"while read -r i seed t; do [ -z \"$i\" ] || echo \"$i $t\"; done"#;
    let text = format!("command = [\"sh\", \"-c\", \"{worker}\"]\ndata_dim = 1\n\n{PRIOR}");
    std::fs::write(scratch.path("simulator.toml"), text).unwrap();
    scratch.succeeds(&["simulate", "simulator.toml", "-n", "50", "--out", "sims.npz"]);
    let set = Simulations::read(scratch.path("sims.npz")).unwrap();
    let mut theta = set.theta.iter().copied().collect::<Vec<_>>();
    assert!(theta.iter().all(|t| *t > 1_099_999_999.9 && *t < 1_100_000_000.1));
    assert_eq!(set.theta, set.x, "digits were lost");
    theta.sort_by(f64::total_cmp);
    theta.dedup();
    assert_eq!(theta.len(), 50, "draws of an interval of 838,860 numbers");
}

/// A set that an earlier version made, in single precision.
#[test]
fn a_set_of_single_precision_goes_on_as_it_was() {
    let scratch = Scratch::new();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");
    std::fs::copy(format!("{folder}/two_moons_single.npz"), scratch.path("sims.npz")).unwrap();
    let before = Simulations::read(scratch.path("sims.npz")).unwrap();
    let simulate = |n: &str, out: &str| {
        scratch.succeeds(&["simulate", "two_moons", "-n", n, "--seed", "1", "--out", out])
    };
    let said = simulate("40", "sims.npz");
    assert!(said.contains("single precision"), "{said}");
    let after = Simulations::read(scratch.path("sims.npz")).unwrap();
    assert_eq!((before.len(), after.len()), (20, 40));
    assert_eq!(after.clone().first(20), before);
    let single = |v: &f64| f64::from(*v as f32) == *v;
    assert!(after.theta.iter().chain(&after.x).all(single));
    // Complete, it is left alone.
    let whole = bytes(scratch.path("sims.npz"));
    simulate("40", "sims.npz");
    assert_eq!(bytes(scratch.path("sims.npz")), whole);
    // A new one has all digits, and the same simulations but for these.
    let said = simulate("40", "new.npz");
    assert!(!said.contains("single precision"), "{said}");
    let new = Simulations::read(scratch.path("new.npz")).unwrap();
    assert!(!new.theta.iter().all(single) && !new.x.iter().all(single));
    let gap =
        |a: &Array2<f64>, b: &Array2<f64>| (a - b).mapv(f64::abs).into_iter().fold(0.0, f64::max);
    assert!(gap(&new.theta, &after.theta) < 1e-7 && gap(&new.x, &after.x) < 1e-6);
}
