//! Every verb that writes a folder, two at a time in one folder: what is there afterwards is all of one of
//! them, of one that succeeded. `FREEFORM_ATTACKS=100` races each pair as often, `FREEFORM_VERB=tune` that of
//! one verb alone.

use crate::particles::SMALL;
use crate::raced_verbs::{Before, PAIRS};
use crate::reference::package_with;
use crate::support::{Scratch, TINY, attacks, bytes, random, start_heard, timeless};
use rand::RngExt;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// x = a under noise that the seed decides.
const SIMULATOR: &str = "command = [\"sh\", \"model.sh\"]\ndata_dim = 2\nworkers = 1\n\
    observations = \"x.csv\"\nversion = \"1\"\n[[parameter]]\nname = \"a\"\n\
    distribution = \"uniform\"\nlow = 0.0\nhigh = 1.0\n";
const MODEL: &str = "while read -r index seed a; do [ -n \"$index\" ] || continue\n\
    echo \"$index 0.$((seed % 1000)) $a\"\ndone\n";

/// `freeform` at `line` in `out`, at work.
fn begin(scratch: &Scratch, line: &str, out: &str) -> std::process::Child {
    let parts = line.split_ascii_whitespace();
    let parts = parts.map(|part| part.replace("OUT", out)).collect::<Vec<_>>();
    let args: Vec<&str> = parts
        .iter()
        .map(String::as_str)
        .flat_map(|part| match part {
            "TINY" => TINY.to_vec(),
            "SMALL" => SMALL.to_vec(),
            part => vec![part],
        })
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

/// A model, a simulator, a Boltzmann generator and what they need, for all pairs.
fn prepare_all(scratch: &Scratch) {
    scratch.tiny_model();
    for (name, text) in [("simulator.toml", SIMULATOR), ("model.sh", MODEL), ("x.csv", "0.5,0.5\n")]
    {
        fs::write(scratch.path(name), text).unwrap();
    }
    crate::particles::trained(scratch);
    for (name, last) in [("one", "0.5,0.25\n"), ("two", "0.25,0.5\n")] {
        fs::rename(package_with(scratch, last), scratch.path(name)).unwrap();
        let draws = (0..300).map(|i| format!("0.{},{last}", i % 7));
        fs::write(scratch.path(&format!("{name}.csv")), draws.collect::<String>()).unwrap();
    }
}

/// What is said to the one that may not work there.
const TOLD: [&str; 6] = [
    "is in use: process ",
    "already holds ",
    "holds a trained model",
    "its settings are ",
    " with seed ",
    "it has seed ",
];

#[test]
fn two_verbs_in_one_folder_are_never_mixed() {
    let scratch = Scratch::new();
    prepare_all(&scratch);
    let mut random = random();
    let chosen = std::env::var("FREEFORM_VERB").unwrap_or_default();
    for pair in PAIRS.iter().filter(|pair| pair.lines[0].starts_with(&chosen)) {
        let prepare = |out: &str| {
            for folder in [out, "cache/released"] {
                let _ = fs::remove_dir_all(scratch.path(folder));
            }
            match pair.before {
                Before::Nothing => {}
                Before::Empty => fs::create_dir(scratch.path(out)).unwrap(),
                Before::Model => copy(&scratch.path("model"), &scratch.path(out)),
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
                assert!(TOLD.iter().any(|part| said.contains(part)), "{lost}");
                refused += 1;
            }
            let found = of("raced");
            let right = (0..2).any(|which| ended[which].0 && found == whole[which]);
            assert!(right, "{lost}: what is there is of neither");
            let Ok(left) = fs::read_dir(scratch.path("raced")) else { continue };
            let left = left.flatten();
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
