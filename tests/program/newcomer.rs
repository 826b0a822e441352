//! What a newcomer meets: one rule for what is missing, errors that say what to write, settings and
//! plots.

use crate::support::{Scratch, TINY, bytes, random};
use rand::RngExt;
use std::fs;

const USAGE: i32 = 2;

pub const PRIOR: &str = "[[parameter]]\nname = \"a\"\ndistribution = \"uniform\"\nlow = -1.0\nhigh = 1.0\n\
                     [[parameter]]\nname = \"b\"\ndistribution = \"uniform\"\nlow = -1.0\nhigh = 1.0\n";

pub fn contains_all(message: &str, parts: &[&str]) {
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
    // Draws that are of another model, or in other units.
    fs::write(scratch.path("far.csv"), "0.1,0.2\n0.5,100\n0.2,0.3\n".repeat(40)).unwrap();
    let said = scratch.says(&["plot", "far.csv", "--model", "model", "--out", "far.svg"]);
    contains_all(&said, &["40 of 120 draws lie outside the prior (row 2: theta2 = 100)"]);
    let log_prob =
        ["log-prob", "model", "--theta", "far.csv", "--observation", "1", "--out", "l.npy"];
    let said = scratch.says(&[&log_prob[..], &["--anyway"]].concat());
    contains_all(
        &said,
        &["40 of 120 parameters lie outside the prior", "120 log-densities, 80 finite"],
    );
    fs::write(scratch.path("wide.csv"), "1,2,3\n4,5,6\n").unwrap();
    let wide = ["plot", "wide.csv", "--model", "model", "--out", "p.svg"];
    contains_all(&scratch.fails(USAGE, &wide), &["wide.csv has 3 columns", "2 parameters"]);
    let two = ["plot", "draws.npy", "--truth", "r.npy", "--out", "p.svg"];
    contains_all(&scratch.fails(USAGE, &two), &["--truth r.npy has 500 rows"]);
}

/// What differs is named, and so is what was typed.
#[test]
fn another_run_in_the_same_folder_is_told_by_what_differs() {
    let scratch = Scratch::new();
    scratch.tiny_model();
    let train = |more: &[&str]| {
        let args = ["train", "--task", "two_moons", "-n", "300", "--out", "model", "--resume"];
        let args = [&args[..], &TINY[..], more].concat();
        scratch.fails(1, &args)
    };
    contains_all(
        &train(&["--set", "training.patience=77"]),
        &["with training.patience = ", "not 77"],
    );
    contains_all(&train(&["--seed", "9"]), &["with seed 1, not 9"]);
    let args = ["train", "--task", "two_moons", "-n", "120", "--out", "model", "--resume"];
    let said = scratch.fails(1, &[&args[..], &TINY[..]].concat());
    contains_all(&said, &["of 300 simulations, not 120"]);
    let args = ["train", "--task", "two_moons", "--out", "m", "--set", "trainig.max_epochs=3"];
    contains_all(
        &scratch.fails(USAGE, &args),
        &["trainig.max_epochs=3", "did you mean `training`"],
    );
}

/// Which columns are data, and an array that may be the wrong way round.
#[test]
fn what_a_table_is_taken_for_is_said() {
    let scratch = Scratch::new();
    fs::write(scratch.path("prior.toml"), PRIOR).unwrap();
    let mut random = random();
    let mut rows = String::from("depth,a,time,b\n");
    for _ in 0..100 {
        let [a, b]: [f64; 2] = std::array::from_fn(|_| random.random_range(-1.0..1.0));
        rows += &format!("{},{a},{},{b}\n", a + 0.1 * random.random::<f64>(), a - b);
    }
    fs::write(scratch.path("s.csv"), rows).unwrap();
    let train = ["train", "--prior", "prior.toml", "--out", "m", "--simulations"];
    let said = scratch.says(&[&train[..], &["s.csv"], &TINY[..]].concat());
    contains_all(&said, &["x is 2 columns: depth, time, as s.csv has them"]);
}

/// Too little to learn from, and x that is theta itself.
#[test]
fn what_cannot_be_a_posterior_is_warned_of() {
    let scratch = Scratch::new();
    fs::write(scratch.path("prior.toml"), PRIOR).unwrap();
    let mut random = random();
    let mut rows = vec!["a,b,u,v".to_owned()];
    for _ in 0..1000 {
        let [a, b]: [f64; 2] = std::array::from_fn(|_| random.random_range(-1.0..1.0));
        rows.push(format!("{a},{b},{a},{b}"));
    }
    fs::write(scratch.path("exact.csv"), rows.join("\n")).unwrap();
    fs::write(scratch.path("few.csv"), rows[..31].join("\n")).unwrap();
    let train = |file: &str, out: &str| {
        let quick = ["--set", "training.members=1", "--set", "posterior.correction=off"];
        let args = ["train", "--prior", "prior.toml", "--simulations", file, "--out", out];
        scratch.says(&[&args[..], &quick].concat())
    };
    contains_all(
        &train("few.csv", "few"),
        &["30 simulations are too few to learn a posterior from"],
    );
    contains_all(
        &train("exact.csv", "exact"),
        &["of what the prior leaves open", "the seed of each simulation"],
    );
}

/// Options that exclude each other say why, and a table that does not suit its prior says where.
#[test]
fn what_does_not_go_together_says_why() {
    let scratch = Scratch::new();
    fs::write(scratch.path("prior.toml"), PRIOR).unwrap();
    fs::write(scratch.path("s.csv"), "a,b,y\n0.5,0.5,1\n0.1,-1.5,2\n0.2,1,3\n".repeat(40)).unwrap();
    let cases = [
        ("calibrate m --simulations s.csv -n 20", "every row of its file"),
        ("train --simulations s.csv --prior prior.toml -n 20 --out m", "every row of its file"),
        ("train --simulations s.csv --prior prior.toml --task slcp --out m", "the prior of --task"),
        ("train --task slcp --out m --resume --overwrite", "goes on with what is in the folder"),
    ];
    for (command, why) in cases {
        let args: Vec<&str> = command.split(' ').collect();
        contains_all(&scratch.fails(USAGE, &args), &["cannot be used with", why]);
    }
    // Repeated lines are the same rows.
    let text = fs::read_to_string(scratch.path("s.csv")).unwrap().replace("\na,b,y", "");
    fs::write(scratch.path("s.csv"), text).unwrap();
    let args = ["train", "--simulations", "s.csv", "--prior", "prior.toml", "--out", "m"];
    let said = scratch.fails(1, &args);
    let parts = ["s.csv: ", "40 of 120 usable rows", "row 2", "`b` is -1.5", "from -1 to 1"];
    contains_all(&said, &parts);
    // Rows are those of the file, whichever of them are usable.
    let text =
        fs::read_to_string(scratch.path("s.csv")).unwrap().replace("0.5,0.5,1\n", "0,0,nan\n");
    fs::write(scratch.path("s.csv"), text.replacen("0.1,-1.5,2", "0.1,-0.5,2", 3)).unwrap();
    let parts = ["37 of 80 usable rows", "first in row 11", "`b` is -1.5"];
    contains_all(&scratch.fails(1, &args), &parts);
    let said = scratch.fails(USAGE, &["run", "s.csv", "--out", "m"]);
    contains_all(&said, &["--simulations"]);
}

/// Plots of a folder are .pdf too where that is asked for, and what is overwritten goes whole.
#[test]
fn plots_come_as_pdf_where_asked_for() {
    let scratch = Scratch::new();
    let head = ["train", "--task", "two_moons", "-n", "200", "--out", "m"];
    scratch.succeeds(&[&head[..], &crate::support::TINY, &["--plots", "pdf"]].concat());
    scratch.succeeds(&["check", "m", "-n", "120", "--observation", "1", "--plots", "pdf"]);
    let pages = || {
        let files = fs::read_dir(scratch.path("m/plots")).unwrap().map(|f| f.unwrap().file_name());
        let names = files.map(|name| name.into_string().unwrap());
        names.filter(|name| name.ends_with(".pdf")).collect::<Vec<_>>()
    };
    let found = pages();
    assert!(
        ["check.pdf", "training.pdf"].iter().all(|n| found.iter().any(|f| f == n)),
        "{found:?}"
    );
    assert!(found.iter().any(|name| name.starts_with("checked-")), "{found:?}");
    for name in found {
        let page = bytes(scratch.path("m/plots").join(name));
        assert!(page.starts_with(b"%PDF-"));
    }
    scratch.succeeds(&[&head[..], &crate::support::TINY, &["--overwrite"]].concat());
    assert_eq!(pages(), Vec::<String>::new());
}
