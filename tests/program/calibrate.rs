//! Calibration: right posteriors pass, wrong ones do not.

use crate::support::{Scratch, bytes};
use freeform_simulators::Simulations;
use ndarray::Array2;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// θ ~ N(0, 1) in two dimensions.
const PRIOR: &str = "[[parameter]]\nname = \"a\"\ndistribution = \"normal\"\nmean = 0.0\nstd = 1.0\n\
                     [[parameter]]\nname = \"b\"\ndistribution = \"normal\"\nmean = 0.0\nstd = 1.0\n";

fn calibration(scratch: &Scratch, simulations: &str) -> serde_json::Value {
    let args = ["calibrate", "model", "--simulations", simulations, "--json"];
    serde_json::from_str(&scratch.succeeds(&args)).unwrap()
}

/// Simulations of x = θ + noise whose standard deviation is `noise`.
fn simulations(scratch: &Scratch, name: &str, n: usize, noise: f64, seed: u64) {
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

    // What was learnt from says nothing of what was learnt.
    for verb in ["calibrate", "check"] {
        let error = scratch.fails(1, &[verb, "model", "--simulations", "train.npz"]);
        assert!(error.contains("trained on 100% of these 4000 simulations"), "{error}");
    }
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

/// A tiny model of two_moons, and whatever `calibrate` says of it with these arguments: exit code,
/// JSON, standard error.
fn verdict(scratch: &Scratch, args: &[&str]) -> (Option<i32>, serde_json::Value, String) {
    let head = ["calibrate", "model", "--json", "--quiet"];
    let output = scratch.freeform(&[&head[..], args].concat()).output().unwrap();
    let (text, said) = (output.stdout, String::from_utf8(output.stderr).unwrap());
    // One document: the result says itself why it is a failure.
    (output.status.code(), serde_json::from_slice(&text).unwrap(), said)
}

#[test]
fn too_little_evidence_is_no_verdict_and_a_failure() {
    let scratch = Scratch::new();
    scratch.tiny_model();
    for n in ["1", "20", "99"] {
        let (code, value, said) = verdict(&scratch, &["-n", n]);
        assert_eq!((code, &value["calibrated"]), (Some(1), &serde_json::Value::Null), "{value}");
        assert_eq!(value["simulations"].to_string(), n);
        let reason = value["reason"].as_str().unwrap();
        assert!(reason.contains("at least 100") && said.contains(reason), "{reason}, {said}");
        assert_eq!(value["p_value"], serde_json::Value::Null);
    }
    let (code, value, _) = verdict(&scratch, &["-n", "100"]);
    assert_eq!(code, Some(0), "{value}");
    assert!(value["calibrated"].is_boolean(), "{value}");
    // What is said of the coverage is what the plot shows.
    let [deviation, band] =
        ["coverage_deviation", "coverage_band"].map(|key| value[key].as_f64().unwrap());
    // scipy.stats.kstwo.isf(.01, 100).
    assert!((band - 0.1608).abs() < 5e-4, "{band}");
    assert!(deviation <= band || value["calibrated"] == false, "{value}");
}

/// Simulations of two_moons's shape, θ inside its prior, changed by `change`.
fn table(scratch: &Scratch, name: &str, n: usize, change: impl Fn(&mut Simulations)) {
    let at = |i: usize, j: usize| ((i * 37 + j * 11) % 200) as f64 / 100.0 - 0.995;
    let theta = Array2::from_shape_fn((n, 2), |(i, j)| at(i, j));
    let mut simulations = Simulations { x: theta.mapv(|t| 0.2 * t), theta };
    change(&mut simulations);
    simulations.write(scratch.path(name)).unwrap();
}

#[test]
fn what_cannot_be_ranked_is_counted_or_refused() {
    let scratch = Scratch::new();
    scratch.tiny_model();
    table(&scratch, "nan.npz", 120, |s| s.theta.fill(f64::NAN));
    let (code, value, said) = verdict(&scratch, &["--simulations", "nan.npz"]);
    assert_eq!((code, value["calibrated"] == true), (Some(1), false), "{value}");
    assert!(said.contains("none of 120 simulations"), "{said}");

    table(&scratch, "holes.npz", 120, |s| {
        s.theta[[7, 1]] = f64::NAN;
        s.x[[8, 0]] = f64::INFINITY;
    });
    let (_, value, said) = verdict(&scratch, &["--simulations", "holes.npz"]);
    assert_eq!((&value["simulations"], &value["left_out"]), (&118.into(), &2.into()), "{value}");
    assert!(said.contains("2 of 120 simulations"), "{said}");

    table(&scratch, "outside.npz", 120, |s| {
        s.theta[[5, 1]] = 7.0;
        s.theta[[9, 0]] = -1.001;
    });
    let message = scratch.fails(1, &["calibrate", "model", "--simulations", "outside.npz"]);
    let parts = ["2 of 120", "row 6", "theta2 = 7", "prior"];
    assert!(parts.iter().all(|part| message.contains(part)), "{message}");
    // The row is that of the file, whichever rows before it are left out.
    table(&scratch, "both.npz", 120, |s| {
        s.x[[2, 0]] = f64::NAN;
        s.theta[[5, 1]] = 7.0;
    });
    let message = scratch.fails(1, &["calibrate", "model", "--simulations", "both.npz"]);
    assert!(message.contains("1 of 119") && message.contains("row 6"), "{message}");
    // On the bound itself it may have been drawn.
    table(&scratch, "bound.npz", 120, |s| s.theta[[5, 1]] = 1.0);
    let (code, value, _) = verdict(&scratch, &["--simulations", "bound.npz"]);
    assert_eq!((code, &value["left_out"]), (Some(0), &0.into()), "{value}");
    scratch.fails(2, &["calibrate", "model", "--simulations", "bound.npz", "-n", "50"]);
}

#[test]
fn an_interrupted_calibration_goes_on_to_the_same_result() {
    let [whole, parts] = [Scratch::new(), Scratch::new()];
    for scratch in [&whole, &parts] {
        scratch.tiny_model();
    }
    let args = ["calibrate", "model", "-n", "300", "--quiet"];
    whole.succeeds(&args);
    let ranks = parts.path("model/calibration/ranks.txt");
    let lines = || std::fs::read_to_string(&ranks).map_or(0, |text| text.lines().count());
    for signal in ["-INT", "-KILL"] {
        let before = lines();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_freeform"));
        command.args(args).current_dir(parts.path("")).stdout(Stdio::null());
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        let begun = Instant::now();
        while lines() < before + 10 && begun.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(5));
        }
        let asked = Instant::now();
        let id = child.id().to_string();
        std::process::Command::new("kill").args([signal, &id]).status().unwrap();
        let status = child.wait().unwrap();
        assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
        if signal == "-INT" {
            assert_eq!(status.code(), Some(130));
        }
        let kept = lines();
        assert!(kept >= before + 10 && kept < 300, "{before} and then {kept} lines");
    }
    let output = parts.freeform(&["calibrate", "model", "-n", "300"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("of 300 simulations are ranked already"), "{said}");
    let result = |scratch: &Scratch| bytes(scratch.path("model/calibration.json"));
    assert_eq!(result(&whole), result(&parts));
    // Fewer cost nothing, and take nothing away; what is there is not ranked again.
    assert_eq!(lines(), 300);
    for (n, known) in [("120", "120 of 120"), ("320", "300 of 320")] {
        let output = parts.freeform(&["calibrate", "model", "-n", n]).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(&format!("{known} simulations are ranked already")), "{said}");
    }
    parts.succeeds(&args);
    assert_eq!(result(&whole), result(&parts));
}

/// The set of a program is made once, whatever a smaller calibration asks for.
#[test]
fn a_smaller_calibration_takes_the_first_of_a_larger_ones_simulations() {
    let scratch = Scratch::new();
    let program = "while read -r index seed a b; do [ -n \"$index\" ] || continue\n\
         echo x >> calls; echo \"$index $a $b $((seed % 100))\"\ndone\n";
    std::fs::write(scratch.path("model.sh"), program).unwrap();
    let head = "command = [\"sh\", \"model.sh\"]\ndata_dim = 3\nversion = \"1\"\n";
    std::fs::write(scratch.path("simulator.toml"), head.to_owned() + PRIOR).unwrap();
    let train = ["train", "--task", "simulator.toml", "-n", "300", "--out", "model"];
    scratch.succeeds(&[&train[..], &crate::support::TINY].concat());
    let calls = || std::fs::read_to_string(scratch.path("calls")).unwrap().lines().count();
    let calibrate = |n: &str| {
        let (_, value, said) = verdict(&scratch, &["-n", n]);
        assert_eq!(value["simulations"].to_string(), n, "{value} {said}");
        (value, calls())
    };
    let (large, made) = calibrate("200");
    let (small, after) = calibrate("120");
    assert_eq!((made, after), (500, 500));
    // Each of its ranks is one of the larger one's.
    let counts = |value: &serde_json::Value| -> Vec<u64> {
        let of = |parameter: &serde_json::Value| parameter["counts"].as_array().unwrap().clone();
        let all = value["parameters"].as_array().unwrap().iter().flat_map(of);
        all.map(|count| count.as_u64().unwrap()).collect()
    };
    let (some, all) = (counts(&small), counts(&large));
    assert_eq!((some.iter().sum::<u64>(), all.iter().sum::<u64>()), (240, 400));
    assert!(some.iter().zip(&all).all(|(some, all)| some <= all), "{some:?} {all:?}");
    assert_eq!(calibrate("200"), (large, 500));
    // Another seed's are others, and leave these alone.
    verdict(&scratch, &["-n", "120", "--seed", "5"]);
    assert_eq!(calibrate("120"), (small, 620));
}

/// Of the first simulations of a larger set, those that failed are counted as of a set of their own.
#[test]
fn failures_among_the_first_simulations_are_those_of_a_smaller_set() {
    let program = "while read -r index seed a b; do [ -n \"$index\" ] || continue\n\
         case $((index % 7)) in 3) echo \"$index error\";; *) echo \"$index $a $b $((seed % 100))\";; esac\ndone\n";
    let counts = |asked: &[&str]| {
        let scratch = Scratch::new();
        std::fs::write(scratch.path("model.sh"), program).unwrap();
        let head = "command = [\"sh\", \"model.sh\"]\ndata_dim = 3\nmax_failure_share = 0.5\n";
        std::fs::write(scratch.path("simulator.toml"), head.to_owned() + PRIOR).unwrap();
        let train = ["train", "--task", "simulator.toml", "-n", "300", "--out", "model"];
        scratch.succeeds(&[&train[..], &crate::support::TINY].concat());
        let each: Vec<_> = asked.iter().map(|n| verdict(&scratch, &["-n", n]).1).collect();
        let last = &each[each.len() - 1];
        (last["simulations"].clone(), last["left_out"].clone(), last["coverage_deviation"].clone())
    };
    let first = counts(&["130"]);
    // 3, 10, … 129 of 0 to 129.
    assert_eq!((&first.0, &first.1), (&serde_json::json!(111), &serde_json::json!(19)));
    assert_eq!(counts(&["180", "130"]), first);
}
