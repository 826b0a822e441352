//! What a newcomer meets: one rule for what is missing, errors that say what to write, settings and
//! plots.

use crate::support::{Scratch, bytes};
use std::fs;

const USAGE: i32 = 2;

const PRIOR: &str = "[[parameter]]\nname = \"a\"\ndistribution = \"uniform\"\nlow = -1.0\nhigh = 1.0\n\
                     [[parameter]]\nname = \"b\"\ndistribution = \"uniform\"\nlow = -1.0\nhigh = 1.0\n";

fn contains_all(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "`{part}` is missing in: {message}");
    }
}

/// A file that is not there is bad usage, whichever verb was to read it as whatever.
#[test]
fn a_missing_file_is_bad_usage() {
    let scratch = Scratch::new();
    scratch.tiny_model();
    fs::write(scratch.path("prior.toml"), PRIOR).unwrap();
    scratch.succeeds(&["simulate", "two_moons", "-n", "50", "--out", "sims.npz"]);
    let commands = [
        "sample nowhere --observation 1 --out s.npy",
        "sample model --observation nowhere.csv --out s.npy",
        "log-prob model --theta nowhere.npy --observation 1 --out lp.npy",
        "c2st nowhere.npy sims.npz",
        "c2st sims.npz nowhere.csv",
        "c2st --all nowhere",
        "calibrate nowhere",
        "calibrate model --simulations nowhere.npz",
        "train --simulations nowhere.npz --prior prior.toml --out m",
        "train --simulations sims.npz --prior nowhere.toml --out m",
        "train --task two_moons --config nowhere.toml --out m",
        "train --task nowhere/simulator.toml --out m",
        "tune --simulations nowhere.csv --prior prior.toml --out t",
        "simulate nowhere.toml -n 10 --out x.npz",
        "run nowhere.toml --out r",
        "reference two_moons --observation nowhere.csv --out ref.npy",
        "reference import nowhere.whl",
        "plot nowhere.npy --out p.svg",
        "plot sims.npz --model nowhere --out p.svg",
        "plot sims.npz --truth nowhere.csv --out p.svg",
        "grid plan nowhere.toml --out g",
        "grid run --out nowhere",
    ];
    for command in commands {
        let args: Vec<&str> = command.split(' ').collect();
        contains_all(&scratch.fails(USAGE, &args), &["nowhere"]);
    }
}

/// A folder that is not there is made for whatever a verb writes.
#[test]
fn missing_folders_are_made() {
    let scratch = Scratch::new();
    scratch.tiny_model();
    scratch.succeeds(&["sample", "model", "--observation", "1", "-n", "50", "--out", "a/b/s.npy"]);
    let theta = ["--theta", "a/b/s.npy", "--observation", "1", "--out", "c/d/lp.csv"];
    scratch.succeeds(&[&["log-prob", "model"], &theta[..]].concat());
    scratch.succeeds(&["simulate", "two_moons", "-n", "50", "--out", "e/f/sims.npz"]);
    let draw = ["--observation", "1", "-n", "50", "--out", "g/h/ref.npy"];
    scratch.succeeds(&[&["reference", "two_moons"], &draw[..]].concat());
    scratch.succeeds(&["plot", "a/b/s.npy", "--out", "i/j/pairs.svg"]);
    scratch.succeeds(&["init", "k/l", "--language", "shell"]);
    for file in ["a/b/s.npy", "c/d/lp.csv", "e/f/sims.npz", "g/h/ref.npy", "i/j/pairs.svg"] {
        assert!(scratch.path(file).exists(), "{file}");
    }
}

#[test]
fn what_to_train_on_is_said() {
    let scratch = Scratch::new();
    let message = scratch.fails(USAGE, &["train", "--out", "m"]);
    contains_all(&message, &["--simulations FILE", "--prior FILE", "--task TASK"]);
    let count = ["train", "--simulations", "10k", "--prior", "p.toml", "--out", "m"];
    contains_all(&scratch.fails(USAGE, &count), &["--simulations 10k is a file", "-n 10000"]);
    let file = ["run", "two_moons", "--simulations", "sims.npz", "--out", "r"];
    contains_all(&scratch.fails(USAGE, &file), &["number of simulations", "freeform train"]);
    let ending = ["plot", "draws.npy", "--out", "pairs.eps"];
    contains_all(&scratch.fails(USAGE, &ending), &["--out pairs.eps", ".svg, .pdf or .png"]);
}

/// What `settings` prints is a `--config`, of a project too, whose settings are then those.
#[test]
fn settings_are_listed_as_a_config_file() {
    let scratch = Scratch::new();
    let text = scratch.succeeds(&["settings", "--preset", "paper", "-n", "300"]);
    contains_all(&text, &["max_epochs = ", "# planned passes over the simulations", "[whitening]"]);
    let text = text.replace("max_epochs = ", "max_epochs = 2 #");
    fs::write(scratch.path("config.toml"), text).unwrap();
    let train = ["train", "--task", "two_moons", "-n", "300", "--config", "config.toml"];
    scratch.succeeds(&[&train[..], &["--out", "model", "--quiet"]].concat());
    let written = fs::read_to_string(scratch.path("model/config.toml")).unwrap();
    let listed: serde_json::Value =
        serde_json::from_str(&scratch.succeeds(&["settings", "--json", "-n", "300"])).unwrap();
    for setting in listed.as_array().unwrap() {
        let name = setting["key"].as_str().unwrap().split_once('.').unwrap().1;
        assert!(written.contains(&format!("{name} = ")), "{name}");
    }
    contains_all(&written, &["max_epochs = 2", "activation = \"relu\""]);
}

#[test]
fn draws_are_plotted_with_what_is_known() {
    let scratch = Scratch::new();
    scratch.tiny_model();
    let sample = ["sample", "model", "--observation", "1", "-n", "2000", "--out", "draws.npy"];
    scratch.succeeds(&sample);
    scratch.succeeds(&[
        "reference",
        "two_moons",
        "--observation",
        "1",
        "-n",
        "500",
        "--out",
        "r.npy",
    ]);
    fs::write(scratch.path("truth.csv"), "0.1,-0.2\n").unwrap();
    let known = ["--model", "model", "--reference", "r.npy", "--truth", "truth.csv"];
    for out in ["pairs.svg", "pairs.png"] {
        scratch.succeeds(&[&["plot", "draws.npy", "--out", out], &known[..]].concat());
    }
    let text = fs::read_to_string(scratch.path("pairs.svg")).unwrap();
    contains_all(&text, &["posterior", "reference", "prior", "true value", "draws.npy"]);
    assert!(bytes(scratch.path("pairs.png")).starts_with(b"\x89PNG"));
    scratch.succeeds(&["plot", "draws.npy", "--out", "plain.svg", "--title", "of my own"]);
    let text = fs::read_to_string(scratch.path("plain.svg")).unwrap();
    contains_all(&text, &["of my own", "parameter 2"]);
    assert!(!text.contains("prior"));
    fs::write(scratch.path("wide.csv"), "1,2,3\n4,5,6\n").unwrap();
    let wide = ["plot", "wide.csv", "--model", "model", "--out", "p.svg"];
    contains_all(&scratch.fails(USAGE, &wide), &["wide.csv has 3 columns", "2 parameters"]);
    let two = ["plot", "draws.npy", "--truth", "r.npy", "--out", "p.svg"];
    contains_all(&scratch.fails(USAGE, &two), &["--truth r.npy has 500 rows"]);
}
