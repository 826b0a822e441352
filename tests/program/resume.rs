//! A training that was stopped goes on to the very result of one that was not.

use crate::support::{Scratch, bytes};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A training of some seconds, with weight averaging, so that all of a trainer's state matters.
const ARGS: [&str; 19] = [
    "train",
    "--task",
    "two_moons",
    "-n",
    "2000",
    "--set",
    "training.max_epochs=60",
    "--set",
    "training.batch_size=33",
    "--set",
    "optimizer.average_decay=0.99",
    "--set",
    "loss.log_det=hutchinson",
    "--set",
    "training.members=2",
    "--set",
    "whitening.steps=300",
    "--quiet",
    "--out",
];

fn start(scratch: &Scratch, extra: &[&str]) -> Child {
    Command::new(assert_cmd::cargo::cargo_bin!("freeform"))
        .current_dir(scratch.path(""))
        .args(ARGS)
        .args(extra)
        .stdout(Stdio::null())
        .spawn()
        .expect("freeform starts")
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").args([name, &child.id().to_string()]).status();
    assert!(status.expect("kill starts").success());
}

#[test]
fn a_training_stopped_and_resumed_ends_in_the_same_model() {
    let scratch = Scratch::new();
    scratch.succeeds(&[&ARGS[..], &["whole"]].concat());

    let mut interrupted = 0;
    for pause in [300, 150, 450] {
        let mut child = start(&scratch, &["pieces", "--resume"]);
        std::thread::sleep(Duration::from_millis(pause));
        signal(&child, "-INT");
        let code = child.wait().unwrap().code();
        assert!(matches!(code, Some(130 | 0)), "exit code {code:?}");
        interrupted += usize::from(code == Some(130));
    }
    assert!(interrupted > 0, "every piece ended before it was stopped: train longer here");
    let mut killed = start(&scratch, &["pieces", "--resume"]);
    std::thread::sleep(Duration::from_millis(200));
    signal(&killed, "-KILL");
    killed.wait().unwrap();
    scratch.succeeds(&[&ARGS[..], &["pieces", "--resume"]].concat());

    for file in ["weights.safetensors", "metrics.jsonl", "config.toml", "model.toml"] {
        let of = |run: &str| bytes(scratch.path(run).join(file));
        assert!(of("whole") == of("pieces"), "{file} differs");
    }
}

#[test]
fn a_finished_training_resumes_to_itself() {
    let scratch = Scratch::new();
    scratch.tiny_model();
    let before = bytes(scratch.path("model/model.toml"));
    let head = ["train", "--task", "two_moons", "-n", "300", "--out", "model", "--resume"];
    scratch.succeeds(&[&head[..], &crate::support::TINY].concat());
    assert_eq!(before, bytes(scratch.path("model/model.toml")));
}
