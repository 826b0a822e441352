//! Every verb that writes a folder, two at a time in one folder: what is there afterwards is all of one of
//! them, of one that succeeded. `FREEFORM_ATTACKS=100` races each pair as often, `FREEFORM_VERB=tune` that of
//! one verb alone.

use crate::support::{Scratch, TINY, attacks, bytes, random, start_heard, timeless};
use rand::RngExt;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// Two commands for one folder, `OUT`; `TINY` stands for the settings of a small model.
struct Pair {
    lines: [&'static str; 2],
    /// Whether the folder is that of a trained model to begin with.
    of_model: bool,
    /// Files that must be of one command.
    files: &'static [&'static str],
}

const PAIRS: [Pair; 8] = [
    Pair {
        lines: [
            "train --task two_moons -n 200 TINY --out OUT --seed 1",
            "train --task two_moons -n 200 TINY --out OUT --seed 2",
        ],
        of_model: false,
        files: &["config.toml", "model.toml", "weights.safetensors", "metrics.jsonl"],
    },
    Pair {
        lines: [
            "run simulator.toml -n 60 TINY --set posterior.correction=off --out OUT --seed 1",
            "run simulator.toml -n 60 TINY --set posterior.correction=off --out OUT --seed 2",
        ],
        of_model: false,
        files: &["simulations.npz", "weights.safetensors", "samples/observation_01.npy"],
    },
    Pair {
        lines: [
            "tune --task two_moons -n 200 --search beta TINY --out OUT --seed 1",
            "tune --task two_moons -n 200 --search beta TINY --out OUT --seed 2",
        ],
        of_model: false,
        files: &["start/model.toml", "start/metrics.jsonl", "start/config.toml"],
    },
    Pair {
        lines: [
            "benchmark --tasks two_moons --budgets 100 --seeds 1 --observations 1 TINY --out OUT",
            "benchmark --tasks two_moons --budgets 100 --seeds 1 --observations 2 TINY --out OUT \
             --set whitening.steps=61",
        ],
        of_model: false,
        files: &["results.csv", "two_moons-100-seed1/weights.safetensors"],
    },
    Pair {
        lines: ["calibrate OUT -n 120 --seed 1", "calibrate OUT -n 130 --seed 2"],
        of_model: true,
        files: &["calibration.json", "plots/calibration.svg"],
    },
    Pair {
        lines: ["check OUT -n 120 --seed 1", "check OUT -n 130 --seed 2"],
        of_model: true,
        files: &["check.json", "plots/check.svg"],
    },
    // Each into files of its own, from ranks that both keep: whichever comes, it is right.
    Pair {
        lines: ["calibrate OUT -n 120 --seed 1", "check OUT -n 120 --seed 1"],
        of_model: true,
        files: &[],
    },
    Pair {
        lines: ["c2st --all OUT --observations 1", "c2st --all OUT --observations 2"],
        of_model: true,
        files: &[],
    },
];

/// x = a under noise that the seed decides.
const SIMULATOR: &str = "command = [\"sh\", \"model.sh\"]\ndata_dim = 2\nworkers = 1\n\
    observations = \"x.csv\"\nversion = \"1\"\n[[parameter]]\nname = \"a\"\n\
    distribution = \"uniform\"\nlow = 0.0\nhigh = 1.0\n";
const MODEL: &str = "while read -r index seed a; do [ -n \"$index\" ] || continue\n\
    echo \"$index 0.$((seed % 1000)) $a\"\ndone\n";

/// `freeform` at `line` in `out`, at work.
fn begin(scratch: &Scratch, line: &str, out: &str) -> std::process::Child {
    let parts = line.split_ascii_whitespace();
    let parts = parts.map(|part| if part == "OUT" { out } else { part });
    let args: Vec<&str> = parts
        .flat_map(|part| if part == "TINY" { TINY.to_vec() } else { vec![part] })
        .chain(["-q"])
        .collect();
    start_heard(scratch, &args)
}

/// Whether it succeeded, and what it said.
fn end(child: std::process::Child) -> (bool, String) {
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(matches!(output.status.code(), Some(0..=2)), "{}: {said}", output.status);
    (output.status.success(), said)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}

#[test]
fn two_verbs_in_one_folder_are_never_mixed() {
    let scratch = Scratch::new();
    scratch.tiny_model();
    for (name, text) in [("simulator.toml", SIMULATOR), ("model.sh", MODEL), ("x.csv", "0.5,0.5\n")]
    {
        fs::write(scratch.path(name), text).unwrap();
    }
    let mut random = random();
    let chosen = std::env::var("FREEFORM_VERB").unwrap_or_default();
    for pair in PAIRS.into_iter().filter(|pair| pair.lines[0].starts_with(&chosen)) {
        let prepare = |out: &str| {
            let _ = fs::remove_dir_all(scratch.path(out));
            if pair.of_model {
                copy(&scratch.path("model"), &scratch.path(out));
            }
        };
        let of = |out: &str| -> Vec<Vec<u8>> {
            let file = |file: &&str| timeless(scratch.path(out).join(file));
            pair.files.iter().map(file).collect()
        };
        let began = Instant::now();
        let whole = pair.lines.map(|line| {
            // Some files say in which folder they were made.
            prepare("raced");
            let (done, said) = end(begin(&scratch, line, "raced"));
            assert!(done, "{line}: {said}");
            of("raced")
        });
        let longest = began.elapsed().as_millis() as u64 / 2;
        let mut refused = 0;
        for race in 0..attacks() {
            prepare("raced");
            let first = begin(&scratch, pair.lines[race % 2], "raced");
            // Every other one comes when the first is at work, or is about to end.
            let pause = if race % 4 < 2 { 0 } else { random.random_range(0..longest) };
            std::thread::sleep(Duration::from_millis(pause));
            let second = begin(&scratch, pair.lines[1 - race % 2], "raced");
            let mut ended = [first, second].map(end);
            ended.rotate_left(race % 2);
            let lost = format!("{:?}, race {race}: {ended:?}", pair.lines);
            assert!(ended.iter().any(|(done, _)| *done), "{lost}");
            for (_, said) in ended.iter().filter(|(done, _)| !done) {
                let told =
                    ["is in use: process ", "already holds ", "other settings", " with seed "];
                assert!(told.iter().any(|part| said.contains(part)), "{lost}");
                refused += 1;
            }
            let found = of("raced");
            let right = (0..2).any(|which| ended[which].0 && found == whole[which]);
            assert!(right, "{lost}: what is there is of neither");
            let left = fs::read_dir(scratch.path("raced")).unwrap().flatten();
            let litter = |name: &str| name.starts_with('.') || name.contains(".tmp");
            let left: Vec<_> = left.filter(|e| litter(&e.file_name().to_string_lossy())).collect();
            assert!(left.is_empty(), "{lost}: {left:?}");
        }
        println!("{:?}: {} races, {refused} refusals", pair.lines, attacks());
    }
}

/// Those who read a model while it is replaced have the one, the other, or an error.
#[test]
fn a_model_that_is_replaced_is_read_whole() {
    let scratch = Scratch::new();
    let train = |seed: &str| {
        format!("train --task two_moons -n 200 TINY --out model --overwrite --seed {seed}")
    };
    let draw = "sample model --observation 1 -n 200 --seed 1 --anyway --out OUT";
    let draws = ["1", "2"].map(|seed| {
        assert!(end(begin(&scratch, &train(seed), "")).0);
        assert!(end(begin(&scratch, draw, "whole.npy")).0);
        bytes(scratch.path("whole.npy"))
    });
    assert!(draws[0] != draws[1]);
    let mut random = random();
    let mut read = 0;
    for race in 0..attacks() {
        let writer = begin(&scratch, &train(["1", "2"][race % 2]), "");
        std::thread::sleep(Duration::from_millis(random.random_range(0..400)));
        let (done, said) = end(begin(&scratch, draw, "raced.npy"));
        if done {
            let made = bytes(scratch.path("raced.npy"));
            assert!(draws.contains(&made), "race {race}: draws of neither model");
            fs::remove_file(scratch.path("raced.npy")).unwrap();
            read += 1;
        } else {
            assert!(said.contains("model"), "race {race}: {said}");
        }
        let (done, said) = end(writer);
        assert!(done, "race {race}: {said}");
    }
    println!("{} readings beside a training, {read} had a model", attacks());
}

/// Reference draws go into one cache from many sides.
#[test]
fn a_cache_that_is_filled_twice_is_whole() {
    let scratch = Scratch::new();
    let draw =
        |seed: &str| format!("reference slcp --observation 1 -n 300 --seed {seed} --out OUT");
    let whole = ["1", "2"].map(|seed| {
        assert!(end(begin(&scratch, &draw(seed), "whole.npy")).0);
        bytes(scratch.path("whole.npy"))
    });
    assert!(whole[0] != whole[1]);
    for race in 0..attacks() {
        fs::remove_dir_all(scratch.path("cache")).unwrap();
        // The same draws twice, or those of another seed.
        let seeds = ["1", ["1", "2"][race % 2]];
        let outs = ["first.npy", "second.npy"];
        let both = [0, 1].map(|i| begin(&scratch, &draw(seeds[i]), outs[i]));
        for (i, (done, said)) in both.map(end).into_iter().enumerate() {
            assert!(done, "race {race}: {said}");
            let expected = &whole[usize::from(seeds[i] == "2")];
            assert!(bytes(scratch.path(outs[i])) == *expected, "race {race}: draws of neither");
            // What is kept is read back, and said to be damaged where it is.
            let (done, said) = end(begin(&scratch, &draw(seeds[i]), "again.npy"));
            assert!(done && said.is_empty(), "race {race}: {said}");
            assert!(bytes(scratch.path("again.npy")) == *expected, "race {race}: kept are others");
        }
    }
}

/// Two who collect a sweep, and two who run one entry of it.
#[test]
fn a_sweep_has_one_of_each() {
    let scratch = Scratch::new();
    let text = "tasks = [\"two_moons\"]\nbudgets = [100]\nseeds = [1, 2]\nobservations = [1]\n\
                [settings]\nnetwork.width = 16\nnetwork.blocks = 2\ntraining.max_epochs = 4\n\
                training.members = 2\nwhitening.steps = 60\n";
    fs::write(scratch.path("sweep.toml"), text).unwrap();
    scratch.succeeds(&["grid", "plan", "sweep.toml", "--out", "planned"]);
    let run = fs::read_to_string(scratch.path("planned/plan.jsonl")).unwrap();
    let run: serde_json::Value = serde_json::from_str(run.lines().next().unwrap()).unwrap();
    let weights = format!("{}/weights.safetensors", run["run"].as_str().unwrap());
    let collected = |out: &str| timeless(scratch.path(out).join("results.csv"));
    let mut whole = None;
    for race in 0..attacks() {
        let out = "raced";
        let _ = fs::remove_dir_all(scratch.path(out));
        copy(&scratch.path("planned"), &scratch.path(out));
        let both = [0, 1].map(|_| begin(&scratch, "grid task --index 0 --out OUT", out));
        let ended = both.map(end);
        assert!(ended.iter().any(|(done, _)| *done), "race {race}: {ended:?}");
        let both = [0, 1].map(|_| begin(&scratch, "grid run --out OUT", out));
        for (done, said) in both.map(end) {
            assert!(done, "race {race}: {said}");
        }
        let both = [0, 1].map(|_| begin(&scratch, "grid collect --out OUT", out));
        for (done, said) in both.map(end) {
            assert!(done, "race {race}: {said}");
        }
        let made = (bytes(scratch.path(out).join(&weights)), collected(out));
        assert_eq!(made.1.iter().filter(|b| **b == b'\n').count(), 3, "a header and two runs");
        match &whole {
            None => whole = Some(made),
            Some(whole) => assert!(made == *whole, "race {race}: another end"),
        }
    }
}
