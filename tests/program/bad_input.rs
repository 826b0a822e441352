//! Wrong input ends in a message that says what to change, and in the right exit code.

use crate::support::{Scratch, TINY};
use freeform_simulators::Simulations;
use ndarray::Array2;

/// Exit code of bad usage, and of failure.
const USAGE: i32 = 2;
const FAILED: i32 = 1;

fn contains_all(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "`{part}` is missing in: {message}");
    }
}

/// 200 rows of θ in (−1, 1)² and x = 2θ.
fn simulations() -> Simulations {
    let theta = Array2::from_shape_fn((200, 2), |(i, j)| {
        let phase = (i * (7 + 4 * j)) % 199;
        (phase as f64 / 99.5 - 1.0) * 0.9
    });
    Simulations { x: &theta * 2.0, theta }
}

fn train_on(scratch: &Scratch, simulations: &Simulations) -> assert_cmd::Command {
    simulations.write(scratch.path("sims.npz")).unwrap();
    let head = ["train", "--simulations", "sims.npz", "--task", "two_moons", "--out", "model"];
    scratch.freeform(&[&head[..], &TINY].concat())
}

#[test]
fn an_unknown_task_is_answered_with_the_nearest() {
    let message = Scratch::new().fails(USAGE, &["run", "two_moon", "--out", "x"]);
    contains_all(&message, &["two_moon", "two_moons"]);
}

#[test]
fn zero_simulations_or_draws_are_bad_usage() {
    let scratch = Scratch::new();
    let simulate = ["simulate", "two_moons", "-n", "0", "--out", "sims.npz"];
    contains_all(&scratch.fails(USAGE, &simulate), &["at least 1"]);
    let sample = ["sample", "model", "--observation", "1", "-n", "0", "--out", "s.npy"];
    contains_all(&scratch.fails(USAGE, &sample), &["at least 1"]);
    let threads = ["--threads", "0", "tasks"];
    contains_all(&scratch.fails(USAGE, &threads), &["threads"]);
}

#[test]
fn an_unknown_key_is_answered_with_the_nearest() {
    let scratch = Scratch::new();
    std::fs::write(scratch.path("config.toml"), "[training]\nbatchsize = 3\n").unwrap();
    let args = ["train", "--task", "two_moons", "--config", "config.toml", "--out", "model"];
    let message = scratch.fails(USAGE, &args);
    contains_all(&message, &["training.batchsize", "did you mean `training.batch_size`?"]);
}

#[test]
fn beta_must_be_positive() {
    let scratch = Scratch::new();
    for value in ["0", "-3.5", "nan"] {
        let set = format!("loss.beta_start={value}");
        let args = ["train", "--task", "two_moons", "--set", &set, "--out", "model"];
        contains_all(&scratch.fails(USAGE, &args), &["loss.beta_start", "above 0"]);
    }
    assert!(!scratch.path("model").exists());
}

#[test]
fn devices_are_listed_and_unknown_or_missing_ones_named() {
    let scratch = Scratch::new();
    let args = |device| ["train", "--task", "two_moons", "--out", "model", "--device", device];
    contains_all(&scratch.fails(USAGE, &args("gpu")), &["`gpu` is no device", "wgpu:N"]);
    if !cfg!(feature = "wgpu") {
        contains_all(&scratch.fails(USAGE, &args("wgpu:1")), &["--features wgpu"]);
    }
    assert!(!scratch.path("model").exists());
    contains_all(&scratch.succeeds(&["devices"]), &["cpu", "fused kernels"]);
}

#[test]
fn rows_that_are_not_finite_are_left_out_and_counted() {
    let scratch = Scratch::new();
    let mut simulations = simulations();
    simulations.x[[3, 1]] = f64::NAN;
    simulations.theta[[5, 0]] = f64::INFINITY;
    let output = train_on(&scratch, &simulations).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    contains_all(&stderr, &["2 of 200 simulations are not finite"]);
    let config = std::fs::read_to_string(scratch.path("model/config.toml")).unwrap();
    contains_all(&config, &["simulations = 198"]);
}

#[test]
fn simulations_without_a_finite_row_are_an_error() {
    let scratch = Scratch::new();
    let mut simulations = simulations();
    simulations.x.fill(f64::NAN);
    let output = train_on(&scratch, &simulations).output().unwrap();
    assert_eq!(output.status.code(), Some(FAILED));
    contains_all(
        &String::from_utf8_lossy(&output.stderr),
        &["error: sims.npz: 0 usable simulations"],
    );
}

#[test]
fn row_counts_that_differ_are_an_error() {
    let scratch = Scratch::new();
    let mut simulations = simulations();
    simulations.x = simulations.x.slice_move(ndarray::s![..150, ..]);
    let output = train_on(&scratch, &simulations).output().unwrap();
    assert_eq!(output.status.code(), Some(FAILED));
    contains_all(&String::from_utf8_lossy(&output.stderr), &["200", "150"]);
}

#[test]
fn parameters_outside_the_prior_are_an_error() {
    let scratch = Scratch::new();
    let mut simulations = simulations();
    simulations.theta[[17, 1]] = 4.0;
    let output = train_on(&scratch, &simulations).output().unwrap();
    assert_eq!(output.status.code(), Some(FAILED));
    contains_all(&String::from_utf8_lossy(&output.stderr), &["row 18", "prior"]);
}

#[test]
fn a_constant_column_of_x_is_ignored_with_a_warning() {
    let scratch = Scratch::new();
    let mut simulations = simulations();
    simulations.x.column_mut(1).fill(2.5);
    let output = train_on(&scratch, &simulations).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    contains_all(&stderr, &["column 2 of x is constant (2.5)"]);
    // What the ignored column says makes no difference.
    std::fs::write(scratch.path("a.csv"), "0.1,2.5\n").unwrap();
    std::fs::write(scratch.path("b.csv"), "0.1,9.0\n").unwrap();
    for name in ["a", "b"] {
        let (x, out) = (format!("{name}.csv"), format!("{name}.npy"));
        let sample = ["sample", "model", "--observation", &x, "-n", "50", "--out", &out];
        // Without noise in x the few draws that count are refused otherwise.
        scratch.succeeds(&[&sample[..], &["--anyway"]].concat());
    }
    let read = |name| std::fs::read(scratch.path(name)).unwrap();
    assert_eq!(read("a.npy"), read("b.npy"));
}

#[test]
fn an_observation_must_fit_the_model() {
    let scratch = Scratch::new();
    scratch.tiny_model();
    let sample = |file: &str, text: &str| {
        std::fs::write(scratch.path(file), text).unwrap();
        scratch.fails(FAILED, &["sample", "model", "--observation", file, "--out", "s.npy"])
    };
    contains_all(&sample("long.csv", "1,2,3\n"), &["3 numbers", "trained on 2"]);
    contains_all(&sample("nan.csv", "1,NaN\n"), &["number 2", "finite"]);
    let missing = ["sample", "model", "--observation", "none.npy", "--out", "s.npy"];
    contains_all(&scratch.fails(USAGE, &missing), &["none.npy"]);
    let eleven = ["sample", "model", "--observation", "11", "--out", "s.npy"];
    contains_all(&scratch.fails(USAGE, &eleven), &["11", "1 to 10"]);
}

#[test]
fn a_damaged_or_foreign_model_is_an_error() {
    let scratch = Scratch::new();
    scratch.tiny_model();
    let sample =
        || scratch.fails(FAILED, &["sample", "model", "--observation", "1", "--out", "s.npy"]);
    let weights = scratch.path("model/weights.safetensors");
    let whole = std::fs::read(&weights).unwrap();
    std::fs::write(&weights, &whole[..whole.len() / 2]).unwrap();
    contains_all(&sample(), &["weights.safetensors", "checksum"]);
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    std::fs::write(&weights, &flipped).unwrap();
    contains_all(&sample(), &["checksum"]);
    std::fs::write(&weights, &whole).unwrap();

    let description = scratch.path("model/model.toml");
    let text = std::fs::read_to_string(&description).unwrap();
    std::fs::write(&description, &text[..text.len() / 2]).unwrap();
    contains_all(&sample(), &["model.toml"]);
    std::fs::write(&description, "name = \"another program's\"\n").unwrap();
    contains_all(&sample(), &["no format_version"]);
    let newer = text.replace("format_version = 3", "format_version = 99");
    std::fs::write(&description, newer).unwrap();
    contains_all(&sample(), &["99", "version 9"]);
    std::fs::remove_file(&description).unwrap();
    let missing = ["sample", "model", "--observation", "1", "--out", "s.npy"];
    contains_all(&scratch.fails(USAGE, &missing), &["no model.toml", "freeform train"]);
}

#[test]
fn an_unwritable_output_is_an_error() {
    let scratch = Scratch::new();
    std::fs::write(scratch.path("file"), "not a folder").unwrap();
    let simulate = ["simulate", "two_moons", "-n", "10", "--out", "file/sims.npz"];
    contains_all(&scratch.fails(FAILED, &simulate), &["file/sims.npz"]);
    let run = ["run", "two_moons", "--simulations", "100", "--out", "file/run"];
    contains_all(&scratch.fails(FAILED, &run), &["cannot create file/run"]);
}

#[test]
fn a_folder_in_use_is_not_overwritten_unasked() {
    let scratch = Scratch::new();
    scratch.tiny_model();
    let head = ["train", "--task", "two_moons", "-n", "300", "--out", "model"];
    let same = [&head[..], &TINY].concat();
    contains_all(&scratch.fails(FAILED, &same), &["already holds a run", "--resume"]);
    let other = [&same[..], &["--seed", "2", "--resume"]].concat();
    contains_all(&scratch.fails(FAILED, &other), &["with seed 1, not 2", "--overwrite"]);
    let replaced = [&same[..], &["--seed", "2", "--overwrite"]].concat();
    scratch.succeeds(&replaced);
}

#[test]
fn errors_come_as_json_too() {
    let scratch = Scratch::new();
    let output = scratch.freeform(&["--json", "run", "nonsense", "--out", "x"]).output().unwrap();
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(value["exit_code"], USAGE);
    assert!(value["error"].as_str().unwrap().contains("nonsense"));
}

/// A folder where a file is read is no name for an output.
#[test]
fn a_folder_is_no_table() {
    let scratch = Scratch::new();
    std::fs::create_dir(scratch.path("sims.npz")).unwrap();
    std::fs::write(
        scratch.path("prior.toml"),
        "[[parameter]]\nname = \"a\"\ndistribution = \"uniform\"\nlow = 0.0\nhigh = 1.0\n",
    )
    .unwrap();
    for verb in ["train", "tune"] {
        let args = [verb, "--simulations", "sims.npz", "--prior", "prior.toml", "--out", "model"];
        let message = scratch.fails(FAILED, &args);
        contains_all(&message, &["sims.npz", "not a regular file"]);
        assert!(!message.contains("--overwrite"), "{message}");
    }
}
