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
    assert!(trials.iter().all(|trial| score(trial) >= score(best) - 0.01));

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

#[test]
fn what_cannot_be_searched_is_named() {
    let scratch = Scratch::new();
    let head = ["tune", "--task", "two_moons", "-n", "100", "--out", "tuning"];
    let message = scratch.fails(2, &[&head[..], &["--search", "depth"]].concat());
    assert!(message.contains("depth") && message.contains("learning-rate"), "{message}");
}
