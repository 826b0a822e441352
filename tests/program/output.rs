//! Outputs that cannot be written.

#![cfg(target_os = "linux")]

use crate::support::{Scratch, TINY};
use std::process::{Command, Output};

/// Runs `freeform ARGS REDIRECTION` in a shell.
fn shell(scratch: &Scratch, args: &str, redirection: &str) -> Output {
    let program = assert_cmd::cargo::cargo_bin!("freeform");
    Command::new("sh")
        .current_dir(scratch.path(""))
        .arg("-c")
        .arg(format!("{} {args} {redirection}", program.display()))
        .output()
        .unwrap()
}

#[test]
fn progress_that_cannot_be_written_stops_nothing() {
    let scratch = Scratch::new();
    for (number, redirection) in ["2>/dev/full", "2>&-"].iter().enumerate() {
        let args = format!("train --task two_moons -n 300 --out model{number} {}", TINY.join(" "));
        let output = shell(&scratch, &args, redirection);
        assert_eq!(output.status.code(), Some(0), "{redirection}: {output:?}");
        assert!(scratch.path(&format!("model{number}/model.toml")).exists());
        // Not even the message of a failure.
        let output = shell(&scratch, "sample nowhere --observation 1 --out s.npy", redirection);
        assert_eq!(output.status.code(), Some(2), "{redirection}: {output:?}");
    }
}

#[test]
fn results_that_cannot_be_written_are_failures() {
    let scratch = Scratch::new();
    for args in ["tasks", "tasks --json", "devices", "--help", "--version"] {
        let output = shell(&scratch, args, "> /dev/full");
        assert_eq!(output.status.code(), Some(1), "{args}: {output:?}");
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(!message.contains("panicked"), "{message}");
        if !args.starts_with('-') {
            assert!(message.contains("cannot be written to standard output"), "{message}");
        }
    }
    let output = shell(&scratch, "tasks", ">&-");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let output = shell(&scratch, "tasks", "> /dev/null");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    // As other programs open it for those that they start.
    let null = std::fs::OpenOptions::new().read(true).write(true).open("/dev/null").unwrap();
    let program = assert_cmd::cargo::cargo_bin!("freeform");
    let status = Command::new(program).arg("tasks").stdout(null).status().unwrap();
    assert_eq!(status.code(), Some(0));
    // A reader that is gone.
    let program = assert_cmd::cargo::cargo_bin!("freeform");
    let piped = format!("(sleep 0.5; {} tasks; echo $? > code) | true", program.display());
    let output = Command::new("sh").current_dir(scratch.path("")).args(["-c", &piped]).output();
    let message = String::from_utf8(output.unwrap().stderr).unwrap();
    assert!(message.contains("cannot be written"), "{message}");
    assert_eq!(std::fs::read_to_string(scratch.path("code")).unwrap().trim(), "1");
}
