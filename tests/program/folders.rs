//! One folder, one run: two writers, and files that are not what they were.

use crate::support::{Scratch, TINY, bytes, start_heard};
use std::fs;
use std::process::Output;

/// `freeform ARGS` for each, all at once; whether each succeeded, and what it said.
fn race(scratch: &Scratch, commands: &[Vec<&str>]) -> Vec<(bool, String)> {
    let children: Vec<_> = commands.iter().map(|args| start_heard(scratch, args)).collect();
    let end = |child: std::process::Child| {
        let Output { status, stderr, .. } = child.wait_with_output().unwrap();
        (status.success(), String::from_utf8_lossy(&stderr).into_owned())
    };
    children.into_iter().map(end).collect()
}

fn train<'a>(seed: &'a str, out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let head = ["train", "--task", "two_moons", "-n", "200", "--seed", seed, "--out", out, "-q"];
    [&head[..], &TINY, more].concat()
}

#[test]
fn of_two_trainings_in_one_folder_one_is_refused() {
    let scratch = Scratch::new();
    let whole = ["1", "2"].map(|seed| {
        let name = format!("whole{seed}");
        scratch.succeeds(&train(seed, &name, &[]));
        ["config.toml", "model.toml", "weights.safetensors", "metrics.jsonl"]
            .map(|file| bytes(scratch.path(&name).join(file)))
    });
    for number in 0..crate::support::attacks().div_ceil(2) {
        let out = format!("raced{number}");
        let both = [train("1", &out, &[]), train("2", &out, &[])];
        let ended = race(&scratch, &both);
        assert!(ended[0].0 != ended[1].0, "{ended:?}");
        let winner = usize::from(ended[1].0);
        let said = &ended[1 - winner].1;
        assert!(said.contains("is in use: process ") || said.contains("already holds"), "{said}");
        let names = ["config.toml", "model.toml", "weights.safetensors", "metrics.jsonl"];
        for (name, expected) in names.iter().zip(&whole[winner]) {
            assert!(bytes(scratch.path(&out).join(name)) == *expected, "{name} of {out}");
        }
        assert!(!scratch.path(&out).join(".owner").exists());
        // The other one gets nothing out of what is there.
        let other = ["1", "2"][1 - winner];
        let message = scratch.fails(1, &train(other, &out, &["--resume"]));
        assert!(message.contains("already holds a run with seed"), "{message}");
    }
}

#[test]
fn other_verbs_own_their_folder_too() {
    let scratch = Scratch::new();
    scratch.tiny_model();
    let tune = |seed| {
        let head = ["tune", "--task", "two_moons", "-n", "200", "--out", "tuned", "--seed", seed];
        [&head[..], &["-q", "--search", "beta"], &TINY].concat()
    };
    let calibrate = |seed| vec!["calibrate", "model", "-n", "150", "--seed", seed, "-q"];
    for pair in [[tune("1"), tune("2")], [calibrate("1"), calibrate("2")]] {
        let ended = race(&scratch, &pair);
        let refused = ended.iter().filter(|(_, said)| said.contains("is in use: process "));
        assert_eq!(refused.count(), 1, "{ended:?}");
    }
}

#[test]
fn a_model_of_another_run_is_not_returned() {
    let scratch = Scratch::new();
    for seed in ["1", "2"] {
        scratch.succeeds(&train(seed, &format!("run{seed}"), &[]));
    }
    for file in ["model.toml", "weights.safetensors"] {
        fs::copy(scratch.path("run1").join(file), scratch.path("run2").join(file)).unwrap();
    }
    let message = scratch.fails(1, &train("2", "run2", &["--resume"]));
    assert!(message.contains("the model of another training"), "{message}");
    // One that does not say whose it is, as former versions wrote it, is used.
    let text = fs::read_to_string(scratch.path("run1/model.toml")).unwrap();
    let former: String = text
        .lines()
        .filter(|line| {
            !["description_blake3", "run = ", "arithmetic"].iter().any(|k| line.starts_with(k))
        })
        .map(|line| format!("{line}\n"))
        .collect();
    fs::write(scratch.path("run1/model.toml"), former).unwrap();
    scratch.succeeds(&train("1", "run1", &["--resume"]));
}

#[test]
fn every_flipped_bit_of_a_model_is_noticed() {
    let scratch = Scratch::new();
    scratch.tiny_model();
    let sample = ["sample", "model", "--observation", "1", "-n", "10", "--out", "s.npy", "-q"];
    let mut random = crate::support::random();
    for file in ["model.toml", "weights.safetensors"] {
        let path = scratch.path("model").join(file);
        let whole = bytes(&path);
        for _ in 0..4 * crate::support::attacks() {
            let bit = rand::RngExt::random_range(&mut random, 0..whole.len() * 8);
            let mut damaged = whole.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, damaged).unwrap();
            scratch.fails(1, &sample);
        }
        fs::write(&path, &whole).unwrap();
    }
    scratch.succeeds(&sample);
}

#[test]
fn descriptions_that_cannot_be_are_refused_before_anything_is_allocated() {
    let scratch = Scratch::new();
    scratch.tiny_model();
    let path = scratch.path("model/model.toml");
    let whole = fs::read_to_string(&path).unwrap();
    let unsigned = whole.split_once('\n').unwrap().1.to_owned();
    let sample = ["sample", "model", "--observation", "1", "-n", "10", "--out", "s.npy", "-q"];
    let huge = "9223372036854775807";
    for (from, to) in [
        ("\nwidth = 16\n", format!("\nwidth = {huge}\n")),
        ("\nwidth = 16\n", "\nwidth = 3000000\n".to_owned()),
        ("\nblocks = 2\n", format!("\nblocks = {huge}\n")),
        ("\nblocks = 2\n", "\nblocks = 100000000\n".to_owned()),
        ("\ninput_layers = 1\n", format!("\ninput_layers = {huge}\n")),
        ("\nproposals = 4\n", format!("\nproposals = {huge}\n")),
        ("\nkept = [0, 1]\n", "\nkept = [0, 7]\n".to_owned()),
        ("\nkept = [0, 1]\n", "\nkept = [1, 0]\n".to_owned()),
        ("\nkept = [0, 1]\n", "\nkept = [0]\n".to_owned()),
        ("[[data.maps]]", "[[data.mapz]]".to_owned()),
        ("\nstrength = ", "\nstrenght = 0.5\nstrength = ".to_owned()),
        ("\nscale = [", "\nscale = [-".to_owned()),
        ("\nmean = [", "\nmean = [nan, ".to_owned()),
    ] {
        assert!(unsigned.contains(from), "{from:?} is not in {unsigned}");
        fs::write(&path, unsigned.replacen(from, &to, 1)).unwrap();
        let message = scratch.fails(1, &sample);
        assert!(message.contains("model.toml"), "{to:?}: {message}");
        // With the checksum that it was written with it is refused for that.
        fs::write(&path, whole.replacen(from, &to, 1)).unwrap();
        let message = scratch.fails(1, &sample);
        assert!(message.contains("has changed since it was written"), "{to:?}: {message}");
    }
    fs::write(&path, unsigned).unwrap();
    scratch.succeeds(&sample);
}

#[test]
fn a_damaged_checkpoint_is_named() {
    let scratch = Scratch::new();
    scratch.succeeds(&train("1", "run", &[]));
    let before = bytes(scratch.path("run/weights.safetensors"));
    fs::remove_file(scratch.path("run/model.toml")).unwrap();
    let path = scratch.path("run/checkpoints/posterior-1.safetensors");
    let whole = bytes(&path);
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 4;
    fs::write(&path, damaged).unwrap();
    let message = scratch.fails(1, &train("1", "run", &["--resume"]));
    for part in ["posterior-1.safetensors", "damaged", "remove it to start anew"] {
        assert!(message.contains(part), "{message}");
    }
    fs::write(&path, whole).unwrap();
    scratch.succeeds(&train("1", "run", &["--resume"]));
    assert!(bytes(scratch.path("run/weights.safetensors")) == before);
}

#[test]
fn what_does_not_fit_into_memory_is_refused_by_name() {
    let scratch = Scratch::new();
    for setting in ["network.width=100000", "whitening.width=90000"] {
        let args = ["train", "--task", "two_moons", "-n", "200", "--out", "m", "--set", setting];
        let message = scratch.fails(2, &args);
        let key = setting.split('=').next().unwrap();
        assert!(message.contains(&format!("setting {setting}: `{key}` is")), "{message}");
        assert!(message.contains("of memory"), "{message}");
    }
    scratch.tiny_model();
    let args = ["sample", "model", "--observation", "1", "-n", "1e12", "--out", "s.npy"];
    assert!(scratch.fails(2, &args).contains("of memory"));
    scratch.fails(2, &["tasks", "--threads", "65535"]);
}

#[test]
fn a_model_that_was_copied_is_not_replaced() {
    let scratch = Scratch::new();
    scratch.tiny_model();
    std::fs::create_dir(scratch.path("copy")).unwrap();
    for file in ["model.toml", "weights.safetensors"] {
        std::fs::copy(scratch.path("model").join(file), scratch.path("copy").join(file)).unwrap();
    }
    let weights = std::fs::read(scratch.path("copy/weights.safetensors")).unwrap();
    let train = ["train", "--task", "two_moons", "-n", "300", "--seed", "9", "--out", "copy"];
    let text = scratch.fails(1, &[&train[..], &TINY].concat());
    assert!(text.contains("copy already holds a run") && text.contains("--overwrite"), "{text}");
    assert_eq!(std::fs::read(scratch.path("copy/weights.safetensors")).unwrap(), weights);
    scratch.succeeds(&[&train[..], &TINY, &["--overwrite"]].concat());
}
