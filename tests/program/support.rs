//! Running `freeform` in a temporary folder.

use assert_cmd::Command;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use tempfile::TempDir;

/// Settings that train two small flows each way in about a second.
pub const TINY: [&str; 10] = [
    "--set",
    "network.width=16",
    "--set",
    "network.blocks=2",
    "--set",
    "training.max_epochs=4",
    "--set",
    "training.members=2",
    "--set",
    "whitening.steps=60",
];

/// A folder that goes away with the test.
pub struct Scratch(TempDir);

impl Scratch {
    pub fn new() -> Self {
        Self(TempDir::new().expect("a temporary folder"))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// `freeform ARGS` in this folder.
    pub fn freeform(&self, args: &[&str]) -> Command {
        let mut command = assert_cmd::cargo::cargo_bin_cmd!("freeform");
        command.current_dir(self.0.path()).args(args);
        // The user's own cache stays as it is.
        command.env("FREEFORM_CACHE", self.path("cache"));
        command
    }

    /// Runs `freeform ARGS`, which must succeed; its standard output.
    pub fn succeeds(&self, args: &[&str]) -> String {
        let output = self.freeform(args).output().expect("freeform starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "freeform {args:?} failed: {stderr}");
        String::from_utf8(output.stdout).expect("output is text")
    }

    /// Runs `freeform ARGS`, which must succeed; its output and its standard error.
    pub fn says(&self, args: &[&str]) -> String {
        let output = self.freeform(args).output().expect("freeform starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "freeform {args:?} failed: {stderr}");
        String::from_utf8_lossy(&output.stdout).into_owned() + &stderr
    }

    /// Runs `freeform ARGS`, which must fail with `code`; its standard error.
    pub fn fails(&self, code: i32, args: &[&str]) -> String {
        let output = self.freeform(args).output().expect("freeform starts");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "freeform {args:?}: {stderr}");
        assert!(!stderr.contains("panicked"), "freeform {args:?} panicked: {stderr}");
        stderr
    }

    /// Trains a tiny model of two_moons in folder `model`.
    pub fn tiny_model(&self) {
        let head = ["train", "--task", "two_moons", "-n", "300", "--out", "model"];
        self.succeeds(&[&head[..], &TINY].concat());
    }
}

pub fn bytes(path: impl AsRef<Path>) -> Vec<u8> {
    let path = path.as_ref();
    std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// A file's bytes without what differs from time to time: the seconds of training of a table of results.
pub fn timeless(path: impl AsRef<Path>) -> Vec<u8> {
    let found = bytes(&path);
    if !path.as_ref().ends_with("results.csv") {
        return found;
    }
    let text = String::from_utf8(found).unwrap();
    let header = text.lines().next().unwrap_or_default();
    let seconds = header.split(',').position(|name| name == "training_seconds").unwrap();
    let kept = |line: &str| -> String {
        let fields = line.split(',').enumerate().filter(|(column, _)| *column != seconds);
        fields.map(|(_, field)| format!("{field},")).collect::<String>() + "\n"
    };
    text.lines().map(kept).collect::<String>().into_bytes()
}

/// The numbers of a table.
pub fn numbers(path: impl AsRef<Path>) -> ndarray::Array2<f64> {
    freeform_simulators::read_table(path, &freeform_simulators::TableOptions::default())
        .unwrap()
        .values
}

/// How many of each attack: 6, or as many as `FREEFORM_ATTACKS` says.
pub fn attacks() -> usize {
    std::env::var("FREEFORM_ATTACKS").ok().and_then(|n| n.parse().ok()).unwrap_or(6)
}

/// Random moments and places, the same for the same number of attacks.
pub fn random() -> rand_chacha::ChaCha8Rng {
    rand::SeedableRng::seed_from_u64(attacks() as u64)
}

/// Starts `freeform ARGS` without its words, to be stopped or waited for.
pub fn start(scratch: &Scratch, args: &[&str]) -> Child {
    spawn(scratch, args, Stdio::null())
}

/// The same, its standard error to be read.
pub fn start_heard(scratch: &Scratch, args: &[&str]) -> Child {
    spawn(scratch, args, Stdio::piped())
}

fn spawn(scratch: &Scratch, args: &[&str], stderr: Stdio) -> Child {
    std::process::Command::new(assert_cmd::cargo::cargo_bin!("freeform"))
        .current_dir(scratch.path(""))
        .env("FREEFORM_CACHE", scratch.path("cache"))
        .args(args)
        .stdout(Stdio::null())
        .stderr(stderr)
        .spawn()
        .expect("freeform starts")
}
