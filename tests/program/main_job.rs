//! The main job and the verbs it is made of.

use crate::support::numbers;
use crate::support::{Scratch, TINY};
use freeform_simulators::Simulations;

#[test]
fn a_run_leaves_everything_in_its_folder() {
    let scratch = Scratch::new();
    let head = ["run", "two_moons", "--simulations", "500", "--observations", "2-3", "--out", "r"];
    let table = scratch.succeeds(&[&head[..], &TINY].concat());
    assert!(table.contains("mean"), "{table}");
    for file in [
        "config.toml",
        "model.toml",
        "weights.safetensors",
        "plots/training.svg",
        "plots/observation_02.svg",
        "plots/observation_03.svg",
    ] {
        assert!(scratch.path("r").join(file).is_file(), "{file} is missing");
    }
    for number in ["02", "03"] {
        let draws = numbers(scratch.path(&format!("r/samples/observation_{number}.npy")));
        assert_eq!(draws.dim(), (10_000, 2));
        assert!(draws.iter().all(|v| v.abs() <= 1.0), "a draw lies outside the prior");
    }
    let metrics = std::fs::read_to_string(scratch.path("r/metrics.jsonl")).unwrap();
    // Two flows for the posterior, two for the likelihood, all over either whitening, four epochs each.
    assert_eq!(metrics.lines().count(), 2 * 2 * 2 * 4);
    let scores = std::fs::read_to_string(scratch.path("r/c2st.csv")).unwrap();
    let lines: Vec<&str> = scores.lines().collect();
    assert_eq!(lines[0], "num_observation,C2ST,MMD,median_distance,reference");
    assert!(lines[1].starts_with("2,") && lines[2].starts_with("3,"));
    let status = std::fs::read_to_string(scratch.path("r/status.json")).unwrap();
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["status"], "done");
    let mean = status["mean_c2st"].as_f64().unwrap();
    assert!((0.45..=1.0).contains(&mean));
}

#[test]
fn the_verbs_pass_files_to_each_other() {
    let scratch = Scratch::new();
    scratch.succeeds(&["simulate", "two_moons", "-n", "400", "--seed", "5", "--out", "sims.npz"]);
    let simulations = Simulations::read(scratch.path("sims.npz")).unwrap();
    assert_eq!((simulations.theta.dim(), simulations.x.dim()), ((400, 2), (400, 2)));
    let prior = "[[parameter]]\nname = \"a\"\ndistribution = \"uniform\"\nlow = -1.0\nhigh = 1.0\n";
    std::fs::write(
        scratch.path("prior.toml"),
        format!("{prior}\n{}", prior.replace("\"a\"", "\"b\"")),
    )
    .unwrap();
    let head = ["train", "--simulations", "sims.npz", "--prior", "prior.toml", "--out", "model"];
    scratch.succeeds(&[&head[..], &TINY].concat());
    std::fs::write(scratch.path("x.csv"), "0.1,-0.2\n").unwrap();
    let sampled = scratch.succeeds(&[
        "--json",
        "sample",
        "model",
        "--observation",
        "x.csv",
        "-n",
        "500",
        "--out",
        "s.npy",
    ]);
    let sampled: serde_json::Value = serde_json::from_str(&sampled).unwrap();
    assert_eq!(sampled["draws"], 500);
    scratch.succeeds(&[
        "log-prob",
        "model",
        "--theta",
        "s.npy",
        "--observation",
        "x.csv",
        "--out",
        "lp.npy",
    ]);
    let log_prob = numbers(scratch.path("lp.npy"));
    assert_eq!(log_prob.nrows(), 500);
    assert!(log_prob.iter().all(|v| v.is_finite()));
    // This model knows no benchmark observations.
    let message = scratch.fails(2, &["sample", "model", "--observation", "3", "--out", "t.npy"]);
    assert!(message.contains("does not say what it was trained on"), "{message}");
}

#[test]
fn references_and_c2st_agree_with_themselves() {
    let scratch = Scratch::new();
    for (seed, out) in [("1", "a.npy"), ("2", "b.npy")] {
        scratch.succeeds(&[
            "reference",
            "gaussian_linear",
            "--observation",
            "4",
            "-n",
            "1000",
            "--seed",
            seed,
            "--out",
            out,
        ]);
    }
    for classifier in ["mlp", "logistic"] {
        let args = ["--json", "c2st", "a.npy", "b.npy", "--classifier", classifier];
        let score: serde_json::Value = serde_json::from_str(&scratch.succeeds(&args)).unwrap();
        // 2,000 held-out votes of a coin have a standard error of 0.011.
        let value = score["c2st"].as_f64().unwrap();
        assert!((value - 0.5).abs() < 0.05, "{classifier}: {value}");
    }
}

#[test]
fn every_verb_helps_with_an_example() {
    let scratch = Scratch::new();
    for verb in ["simulate", "train", "sample", "log-prob", "reference", "c2st", "run"] {
        let help = scratch.succeeds(&[verb, "--help"]);
        assert!(help.contains(&format!("freeform {verb}")), "{verb}: {help}");
        assert!(help.contains("Example"), "{verb}: {help}");
    }
    let tasks: serde_json::Value =
        serde_json::from_str(&scratch.succeeds(&["--json", "tasks"])).unwrap();
    let names: Vec<&str> =
        tasks.as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect();
    for name in ["two_moons", "gaussian_linear", "slcp"] {
        assert!(names.contains(&name), "{name} is not among {names:?}");
    }
}
