//! Calibration: right posteriors pass, wrong ones do not.

use crate::support::{Scratch, bytes};

/// θ ~ N(0, 1) in two dimensions.
const PRIOR: &str = "[[parameter]]\nname = \"a\"\ndistribution = \"normal\"\nmean = 0.0\nstd = 1.0\n\
                     [[parameter]]\nname = \"b\"\ndistribution = \"normal\"\nmean = 0.0\nstd = 1.0\n";

fn calibration(scratch: &Scratch, simulations: &str) -> serde_json::Value {
    let args = ["calibrate", "model", "--simulations", simulations, "--json"];
    serde_json::from_str(&scratch.succeeds(&args)).unwrap()
}

/// Simulations of x = θ + noise whose standard deviation is `noise`.
fn simulations(scratch: &Scratch, name: &str, n: usize, noise: f64, seed: u64) {
    use freeform_simulators::Simulations;
    use ndarray::Array2;
    let mut state = seed;
    let mut uniform = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) as f64 + 0.5) / (1_u64 << 31) as f64
    };
    // Box and Muller.
    let mut normal = || {
        let (u, v) = (uniform(), uniform());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    };
    let theta = Array2::from_shape_fn((n, 2), |_| normal());
    let x = theta.mapv(|t| t + noise * normal());
    Simulations { theta, x }.write(scratch.path(name)).unwrap();
}

#[test]
fn only_the_simulator_trained_on_is_calibrated() {
    let scratch = Scratch::new();
    std::fs::write(scratch.path("prior.toml"), PRIOR).unwrap();
    simulations(&scratch, "train.npz", 4000, 0.5, 1);
    let train = [
        "train",
        "--simulations",
        "train.npz",
        "--prior",
        "prior.toml",
        "--out",
        "model",
        "--set",
        "network.width=32",
        "--set",
        "network.blocks=2",
    ];
    scratch.succeeds(&train);

    simulations(&scratch, "same.npz", 600, 0.5, 2);
    let same = calibration(&scratch, "same.npz");
    assert_eq!(same["calibrated"], true, "{same}");
    assert!(same["coverage_deviation"].as_f64().unwrap() < 0.08, "{same}");
    assert_eq!(same["parameters"].as_array().unwrap().len(), 2);
    let counted: u64 = same["parameters"][0]["counts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c.as_u64().unwrap())
        .sum();
    assert_eq!(counted, 600);
    assert!(bytes(scratch.path("model/plots/calibration.svg")).starts_with(b"<svg"));
    assert!(scratch.path("model/calibration.json").exists());

    // Twice the noise: the posterior is far too sure of itself.
    simulations(&scratch, "noisy.npz", 600, 1.0, 3);
    let noisy = calibration(&scratch, "noisy.npz");
    assert_eq!(noisy["calibrated"], false, "{noisy}");
    // Its nominal 90% region holds much less.
    let at_90 = &noisy["coverage"][90];
    assert!(at_90[1].as_f64().unwrap() < 0.75, "{at_90}");
}

#[test]
fn calibration_asks_for_what_it_needs() {
    let scratch = Scratch::new();
    std::fs::write(scratch.path("prior.toml"), PRIOR).unwrap();
    simulations(&scratch, "train.npz", 300, 0.5, 1);
    let head = ["train", "--simulations", "train.npz", "--prior", "prior.toml", "--out", "model"];
    scratch.succeeds(&[&head[..], &crate::support::TINY].concat());
    let message = scratch.fails(2, &["calibrate", "model"]);
    assert!(message.contains("--task") && message.contains("--simulations"), "{message}");
    let message = scratch.fails(2, &["calibrate", "model", "--task", "slcp", "-n", "10"]);
    assert!(message.contains("5 parameters and 8 data"), "{message}");
}
