//! Sets of simulations under attack: two writers at once, and kills at any moment. A few of each run
//! in the suite; `FREEFORM_ATTACKS=100 cargo test --test program races` runs as many as it says.

use crate::support::{Scratch, attacks, bytes, random};
use rand::RngExt;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

const PRIOR: &str =
    "[[parameter]]\nname = \"rate\"\ndistribution = \"uniform\"\nlow = 0.0\nhigh = 1.0\n";
/// A shell within a shell, with a process beside it: grandchildren, as `sh -c` makes them.
const LINES: &str = "command = [\"sh\", \"-c\", \"cat | sh lines.sh | cat\"]\ndata_dim = 2\n\
    workers = 2\nversion = \"1\"\n";
const LINES_SCRIPT: &str = "sleep 1000 & echo $$ $! >> pids\n\
    while read -r index seed rate; do\n[ -n \"$index\" ] || continue\n\
    [ -z \"$PAUSE\" ] || sleep \"$PAUSE\"\necho \"$index $((seed % 1000)) $rate\"\ndone\n\
    kill $!\n";
/// x = θ, as files.
const FILES: &str = "command = [\"sh\", \"-c\", \"sh files.sh {theta} {x}\"]\ndata_dim = 1\n\
    workers = 2\nbatch = 50\nprotocol = \"files\"\nversion = \"1\"\n";
const FILES_SCRIPT: &str = "sleep 1000 & echo $$ $! >> pids\n\
    [ -z \"$PAUSE\" ] || sleep 0.05\ncp \"$1\" \"$2\"\nkill $!\n";

fn project() -> Scratch {
    let scratch = Scratch::new();
    for (name, text) in [
        ("lines.toml", format!("{LINES}{PRIOR}")),
        ("files.toml", format!("{FILES}{PRIOR}")),
        ("lines.sh", LINES_SCRIPT.to_owned()),
        ("files.sh", FILES_SCRIPT.to_owned()),
    ] {
        fs::write(scratch.path(name), text).unwrap();
    }
    fs::create_dir(scratch.path("temporary")).unwrap();
    scratch
}

/// `freeform simulate TASK -n N --seed SEED --out OUT`, at work.
fn start(scratch: &Scratch, task: &str, n: &str, seed: &str, out: &str, pause: &str) -> Child {
    Command::new(assert_cmd::cargo::cargo_bin!("freeform"))
        .current_dir(scratch.path(""))
        .args(["simulate", task, "-n", n, "--seed", seed, "--out", out, "--quiet"])
        .env("PAUSE", pause)
        .env("TMPDIR", scratch.path("temporary"))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("freeform starts")
}

fn end(child: Child) -> (bool, String) {
    let Output { status, stderr, .. } = child.wait_with_output().unwrap();
    let message = String::from_utf8_lossy(&stderr).into_owned();
    assert!(matches!(status.code(), Some(0 | 1)), "{status}: {message}");
    (status.success(), message)
}

#[test]
fn two_seeds_on_one_set_are_never_mixed() {
    let scratch = project();
    for (task, n) in [("two_moons", "200k"), ("lines.toml", "400")] {
        let whole = ["1", "2"].map(|seed| {
            let name = format!("{task}-{seed}.npz");
            assert!(end(start(&scratch, task, n, seed, &name, "")).0);
            bytes(scratch.path(&name))
        });
        assert!(whole[0] != whole[1]);
        for race in 0..attacks() {
            let name = format!("raced{race}.npz");
            let both = ["1", "2"].map(|seed| start(&scratch, task, n, seed, &name, ""));
            let [first, second] = both.map(end);
            assert!(first.0 != second.0, "{task}, race {race}: {first:?} {second:?}");
            let (winner, message) = if first.0 { (0, second.1) } else { (1, first.1) };
            let told = ["is in use: process ", "holds simulations with seed "];
            assert!(told.iter().any(|part| message.contains(part)), "{message}");
            let made = bytes(scratch.path(&name));
            assert!(made == whole[winner], "{task}, race {race}: not the set of its seed");
            // The other one may have it once the name is given up.
            fs::remove_file(scratch.path(&name)).unwrap();
            assert!(!scratch.path(&format!("{name}.parts")).exists(), "the place is still owned");
        }
    }
}

#[test]
fn a_set_survives_kills_at_any_moment_and_leaves_nothing() {
    let scratch = project();
    let mut random = random();
    for (task, n, pause, longest) in [
        ("two_moons", "300k", "", 150),
        ("lines.toml", "1500", "0.002", 900),
        ("files.toml", "1500", "1", 900),
    ] {
        assert!(end(start(&scratch, task, n, "3", "whole.npz", "")).0);
        let mut killed = 0;
        for _ in 0..attacks() {
            let mut child = start(&scratch, task, n, "3", "pieces.npz", pause);
            std::thread::sleep(Duration::from_millis(random.random_range(0..longest)));
            child.kill().unwrap();
            child.wait().unwrap();
            nothing_runs(&scratch);
            killed += usize::from(!scratch.path("pieces.npz").exists());
        }
        assert!(killed > 0, "{task}: no kill came before the end");
        let (done, message) = end(start(&scratch, task, n, "3", "pieces.npz", ""));
        assert!(done, "{message}");
        assert!(bytes(scratch.path("pieces.npz")) == bytes(scratch.path("whole.npz")), "{task}");
        let left = names(&scratch.path(""));
        let litter = |name: &String| name.starts_with('.') || name.contains("parts");
        assert!(!left.iter().any(litter), "{left:?}");
        for name in ["pieces.npz", "whole.npz"] {
            fs::remove_file(scratch.path(name)).unwrap();
        }
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

/// Asserts that, a moment after a kill, no process that ever noted its id still runs, nor a
/// temporary folder is there.
fn nothing_runs(scratch: &Scratch) {
    let pids = fs::read_to_string(scratch.path("pids")).unwrap_or_default();
    let runs = |pid: &&str| {
        let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        !state.is_empty() && !state.contains(") Z ")
    };
    let mut left = Vec::new();
    for _ in 0..200 {
        left = pids.split_ascii_whitespace().filter(runs).map(str::to_owned).collect();
        left.extend(names(&scratch.path("temporary")));
        if left.is_empty() {
            let _ = fs::remove_file(scratch.path("pids"));
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("still there after a kill: {left:?}");
}
