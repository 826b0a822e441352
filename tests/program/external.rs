//! A program of one's own, from `init` to a posterior, and through kills.

use crate::support::numbers;
use crate::support::{Scratch, TINY, bytes};
use freeform_simulators::Simulations;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Answers (seed mod 1000, θ), after a pause that the environment sets; notes its process id.
const SCRIPT: &str = "echo $$ >> pids\n\
    while read -r index seed rate; do\n\
    [ -n \"$index\" ] || continue\n\
    [ -z \"$PAUSE\" ] || sleep \"$PAUSE\"\n\
    echo \"$index $((seed % 1000)) $rate\"\ndone\n";
const SETTINGS: &str = "command = [\"sh\", \"simulator.sh\"]\ndata_dim = 2\nworkers = 2\n\
    [[parameter]]\nname = \"rate\"\ndistribution = \"uniform\"\nlow = 0.0\nhigh = 1.0\n";

fn program(scratch: &Scratch) {
    std::fs::write(scratch.path("simulator.sh"), SCRIPT).unwrap();
    std::fs::write(scratch.path("simulator.toml"), SETTINGS).unwrap();
}

fn start(scratch: &Scratch, args: &[&str], pause: &str) -> Child {
    Command::new(assert_cmd::cargo::cargo_bin!("freeform"))
        .current_dir(scratch.path(""))
        .args(args)
        .env("PAUSE", pause)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("freeform starts")
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").args([name, &child.id().to_string()]).status();
    assert!(status.expect("kill starts").success());
}

/// Asserts that no worker that ever noted its id is still at work.
fn no_worker_is_left(scratch: &Scratch) {
    std::thread::sleep(Duration::from_millis(50));
    let pids = std::fs::read_to_string(scratch.path("pids")).unwrap();
    for pid in pids.lines() {
        let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        assert!(state.is_empty() || state.contains(") Z "), "worker {pid} still runs: {state}");
    }
}

#[test]
fn ten_thousand_simulations_survive_kills_at_any_moment() {
    let scratch = Scratch::new();
    program(&scratch);
    let set = |out| ["simulate", "simulator.toml", "-n", "10000", "--seed", "4", "--out", out];
    scratch.succeeds(&set("whole.npz"));
    let mut unfinished = 0;
    for (moment, name) in [
        (137, "-KILL"),
        (803, "-KILL"),
        (1211, "-KILL"),
        (90, "-KILL"),
        (700, "-INT"),
        (1502, "-KILL"),
        (640, "-TERM"),
        (977, "-KILL"),
    ] {
        let mut child = start(&scratch, &set("pieces.npz"), "0.001");
        std::thread::sleep(Duration::from_millis(moment));
        signal(&child, name);
        let status = child.wait().unwrap();
        unfinished += usize::from(!scratch.path("pieces.npz").exists());
        if name != "-KILL" && !scratch.path("pieces.npz").exists() {
            // Ctrl-C; a scheduler.
            assert_eq!(status.code(), Some(if name == "-INT" { 130 } else { 75 }));
        }
        no_worker_is_left(&scratch);
    }
    assert!(unfinished >= 5, "only {unfinished} kills came before the end: pause longer here");
    let summary = scratch.succeeds(&[&set("pieces.npz")[..], &["--json"]].concat());
    let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
    assert!(summary["reused"].as_u64().unwrap() > 500, "nothing was kept: {summary}");
    let (whole, pieces) = (bytes(scratch.path("whole.npz")), bytes(scratch.path("pieces.npz")));
    assert!(whole == pieces, "the tables differ");
    assert_eq!(Simulations::read(scratch.path("whole.npz")).unwrap().len(), 10_000);
    no_worker_is_left(&scratch);
}

#[test]
fn a_set_grows_by_a_larger_n() {
    let scratch = Scratch::new();
    program(&scratch);
    let set = |n, out| scratch.succeeds(&["simulate", "simulator.toml", "-n", n, "--out", out]);
    set("700", "grown.npz");
    let text = set("1500", "grown.npz");
    assert!(text.contains("theta [1500, 1]") && text.contains("700 were there"), "{text}");
    set("1500", "whole.npz");
    assert!(bytes(scratch.path("grown.npz")) == bytes(scratch.path("whole.npz")));
    let smaller = ["simulate", "simulator.toml", "-n", "10", "--out", "whole.npz"];
    let message = scratch.fails(1, &smaller);
    assert!(message.contains("1500") && message.contains("--overwrite"), "{message}");
    scratch.succeeds(&[&smaller[..], &["--overwrite"]].concat());
    assert_eq!(Simulations::read(scratch.path("whole.npz")).unwrap().len(), 10);
}

#[test]
fn bad_settings_and_bad_programs_are_explained() {
    let scratch = Scratch::new();
    program(&scratch);
    let path = scratch.path("simulator.toml");
    std::fs::write(&path, format!("wrkers = 3\n{SETTINGS}")).unwrap();
    let simulate = ["simulate", "simulator.toml", "-n", "100", "--out", "set.npz"];
    let message = scratch.fails(2, &simulate);
    assert!(message.contains("did you mean \"workers\"?"), "{message}");
    std::fs::write(&path, SETTINGS).unwrap();
    std::fs::write(scratch.path("simulator.sh"), "echo 'no licence' >&2; exit 4").unwrap();
    let message = scratch.fails(1, &simulate);
    for part in ["max_failure_share = 0.2", "crashed", "exit status: 4", "no licence", "theta"] {
        assert!(message.contains(part), "`{part}` is missing in: {message}");
    }
    let message = scratch.fails(2, &["simulate", "two_mons", "-n", "10", "--out", "set.npz"]);
    assert!(message.contains("two_moons") && message.contains("simulator.toml"), "{message}");
}

#[test]
fn every_verb_takes_a_program() {
    let scratch = Scratch::new();
    scratch.succeeds(&["init", "mine", "--language", "shell"]);
    let train = ["train", "--task", "mine/simulator.toml", "-n", "300", "--out", "model"];
    scratch.succeeds(&[&train[..], &TINY].concat());
    scratch.succeeds(&["sample", "model", "--observation", "1", "-n", "500", "--out", "s.npy"]);
    let log_prob =
        ["log-prob", "model", "--theta", "s.npy", "--observation", "1", "--out", "lp.npy"];
    scratch.succeeds(&log_prob);
    assert_eq!(numbers(scratch.path("lp.npy")).dim(), (500, 1));
    let message = scratch.fails(2, &["sample", "model", "--observation", "2", "--out", "s.npy"]);
    assert!(message.contains("no observation 2"), "{message}");
    let message = scratch.fails(1, &["init", "mine"]);
    assert!(message.contains("mine/simulator.toml is there already"), "{message}");
}

/// The posterior of the shell project is N(8 · 0.55 / 9, 1/9).
#[test]
fn the_shell_project_finds_the_closed_form() {
    let scratch = Scratch::new();
    scratch.succeeds(&["init", "mine", "--language", "shell"]);
    let run = ["run", "mine/simulator.toml", "-n", "4000", "--out", "run", "--json"];
    let result: serde_json::Value = serde_json::from_str(&scratch.succeeds(&run)).unwrap();
    let posterior = &result["observations"][0];
    let (mean, std) = (posterior["mean"][0].as_f64(), posterior["std"][0].as_f64());
    let (mean, std) = (mean.unwrap(), std.unwrap());
    assert!((mean - 8.0 * 0.55 / 9.0).abs() < 0.06, "mean {mean}");
    assert!((std - 1.0 / 3.0).abs() < 0.04, "std {std}");
}

#[test]
fn projects_work_as_their_readme_says() {
    let needs: [(&str, &str, &[&str]); 4] = [
        ("shell", "sh", &["-c", "true"]),
        ("python", "python3", &["-c", "import numpy"]),
        ("files", "python3", &["-c", "import numpy"]),
        ("r", "Rscript", &["--version"]),
    ];
    for (language, program, arguments) in needs {
        let mut probe = Command::new(program);
        probe.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
        if !probe.status().is_ok_and(|status| status.success()) {
            // Written past the test harness, which would keep it to itself.
            let note = format!("\n*** SKIPPED: the {language} project needs {program}\n");
            std::io::stderr().write_all(note.as_bytes()).unwrap();
            continue;
        }
        let scratch = Scratch::new();
        scratch.succeeds(&["init", "project", "--language", language]);
        run_readme(&scratch.path("project"));
        assert_eq!(numbers(scratch.path("project/samples.csv")).nrows(), 1000);
        assert!(scratch.path("project/run/samples/observation_01.npy").is_file());
    }
}

/// Runs every command of the project's README, as written, with `freeform` on the path.
fn run_readme(project: &Path) {
    let readme = std::fs::read_to_string(project.join("README.md")).unwrap();
    let mut commands = String::from("set -e\n");
    for block in readme.split("```sh\n").skip(1) {
        commands += block.split("```").next().unwrap();
    }
    assert!(commands.matches("freeform ").count() >= 4, "{commands}");
    let binary = assert_cmd::cargo::cargo_bin!("freeform");
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", binary.parent().unwrap().display());
    let output =
        Command::new("sh").args(["-c", &commands]).current_dir(project).env("PATH", path).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A limit on the size of files stands in for a full disk.
#[test]
fn a_full_disk_is_an_error_and_leaves_nothing_torn() {
    let scratch = Scratch::new();
    program(&scratch);
    let binary = assert_cmd::cargo::cargo_bin!("freeform");
    let command = format!(
        "trap '' XFSZ; ulimit -f 64; {} simulate simulator.toml -n 20000 --out set.npz",
        binary.display()
    );
    let output =
        Command::new("sh").args(["-c", &command]).current_dir(scratch.path("")).output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("cannot write") && message.contains("set.npz"), "{message}");
    let files = std::fs::read_dir(scratch.path("")).unwrap();
    let names: Vec<_> = files.map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
    assert!(
        !names.iter().any(|name| name.contains("npz") && !name.ends_with(".parts")),
        "{names:?}"
    );
    scratch.succeeds(&["simulate", "simulator.toml", "-n", "20000", "--out", "set.npz"]);
    assert_eq!(Simulations::read(scratch.path("set.npz")).unwrap().len(), 20_000);
}
