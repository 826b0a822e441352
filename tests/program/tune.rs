//! The search for settings finds better ones, and can be stopped.

use crate::support::Scratch;

fn tuned(scratch: &Scratch, extra: &[&str]) -> serde_json::Value {
    let args = [
        "tune",
        "--task",
        "two_moons",
        "-n",
        "400",
        "--out",
        "tuning",
        "--json",
        "--quiet",
        "--set",
        "network.width=24",
        "--set",
        "network.blocks=2",
        "--set",
        "training.max_epochs=40",
        "--set",
        "training.members=1",
        "--set",
        "whitening.kind=off",
    ];
    serde_json::from_str(&scratch.succeeds(&[&args[..], extra].concat())).unwrap()
}

#[test]
fn a_learning_rate_far_too_low_is_raised() {
    let scratch = Scratch::new();
    let low = ["--set", "optimizer.learning_rate=1e-4", "--search", "learning-rate"];
    let found = tuned(&scratch, &low);
    let trials = found["trials"].as_array().unwrap();
    let score = |trial: &serde_json::Value| {
        let nll = |key: &str| trial[key].as_f64().unwrap();
        nll("encoder_nll").max(nll("decoder_nll"))
    };
    let best = &trials[found["best"].as_u64().unwrap() as usize];
    assert!(score(best) < score(&trials[0]) - 0.1, "{found}");
    assert!(trials.iter().all(|trial| score(trial) >= score(best)), "{found}");

    // The file it writes trains those very flows, the user's own settings included.
    let train = ["train", "--task", "two_moons", "-n", "400", "--config", "tuning/best.toml"];
    let alone = ["--set", "posterior.correction=off", "--out", "model"];
    scratch.succeeds(&[&train[..], &alone].concat());
    let name = best["name"].as_str().unwrap();
    let weights =
        |folder: &str| crate::support::bytes(scratch.path(folder).join("weights.safetensors"));
    assert_eq!(weights("model"), weights(&format!("tuning/{name}")));

    // Again: nothing is trained twice, the result is the same.
    assert_eq!(tuned(&scratch, &low), found);
}

/// Wherever the search ends, the best is the best, and `best.toml` says what it was trained with.
#[test]
fn the_best_file_has_what_was_searched_even_where_the_start_is_best() {
    let scratch = Scratch::new();
    let start = ["--set", "optimizer.learning_rate=0.03", "--search", "learning-rate"];
    let found = tuned(&scratch, &start);
    let trials = found["trials"].as_array().unwrap();
    let score = |trial: &serde_json::Value| {
        let nll = |key: &str| trial[key].as_f64().unwrap_or(f64::INFINITY);
        nll("encoder_nll").max(nll("decoder_nll"))
    };
    let best = &trials[found["best"].as_u64().unwrap() as usize];
    assert!(trials.iter().all(|trial| score(trial) >= score(best)), "{found}");
    let rate =
        best["settings"].as_array().unwrap().first().map_or(0.03, |s| s[1].as_f64().unwrap());
    let text = std::fs::read_to_string(scratch.path("tuning/best.toml")).unwrap();
    assert!(text.contains(&format!("learning_rate = {rate}")), "{text}");
    assert!(text.starts_with("# Best of "), "{text}");
}

#[test]
fn a_search_all_of_whose_trainings_fail_has_no_best() {
    let scratch = Scratch::new();
    let head = ["tune", "--task", "two_moons", "-n", "200", "--out", "tuning"];
    let hopeless = ["--set", "optimizer.learning_rate=1e12", "--set", "whitening.kind=off"];
    let search = ["--search", "learning-rate", "--set", "training.members=1"];
    let message = scratch.fails(1, &[&head[..], &hopeless, &search].concat());
    assert!(message.contains("no training of the search succeeded"), "{message}");
    assert!(!scratch.path("tuning/best.toml").exists());
}

#[test]
fn what_cannot_be_searched_is_named() {
    let scratch = Scratch::new();
    let head = ["tune", "--task", "two_moons", "-n", "100", "--out", "tuning"];
    let message = scratch.fails(2, &[&head[..], &["--search", "depth"]].concat());
    assert!(message.contains("depth") && message.contains("learning-rate"), "{message}");
}
