//! Sets of simulations under attack: two writers at once, and kills at any moment. A few of each run
//! in the suite; `FREEFORM_ATTACKS=100 cargo test --test program races` runs as many as it says.

use crate::support::{Scratch, attacks, bytes, random, start_heard};
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
    // 2: a set of simulations stood there already, where the other was so much faster.
    let late = status.code() == Some(2) && message.contains("holds a set of simulations");
    assert!(late || matches!(status.code(), Some(0 | 1)), "{status}: {message}");
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

/// Every verb that writes one file, twice at a time with different seeds: one is refused, or the file is
/// whole and of the one that ended last.
#[test]
fn two_writers_of_one_file_are_never_mixed() {
    let scratch = project();
    scratch.tiny_model();
    let draws = |seed: &str, out: &str| -> Vec<String> {
        let args = ["sample", "model", "--observation", "1", "-n", "3000", "--seed", seed];
        [&args[..], &["--out", out]].concat().into_iter().map(str::to_owned).collect()
    };
    let freeform =
        |args: &[String]| start_heard(&scratch, &args.iter().map(|a| &**a).collect::<Vec<_>>());
    for seed in ["1", "2"] {
        assert!(end(freeform(&draws(seed, &format!("draws{seed}.npy")))).0);
    }
    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }
    type Arguments = Box<dyn Fn(&str, &str) -> Vec<String>>;
    let verbs: [(&str, Arguments); 5] = [
        ("npy", Box::new(draws)),
        (
            "csv",
            Box::new(|seed, out| {
                let theta = format!("draws{seed}.npy");
                words(&format!("log-prob model --observation 1 --theta {theta} --out {out}"))
            }),
        ),
        (
            "npz",
            Box::new(|seed, out| {
                let head = "reference two_moons --no-cache --observation 2 -n 20000";
                words(&format!("{head} --seed {seed} --out {out}"))
            }),
        ),
        ("svg", Box::new(|seed, out| words(&format!("plot draws{seed}.npy --out {out}")))),
        (
            "npz",
            Box::new(|seed, out| match seed {
                "1" => words(&format!("simulate two_moons -n 20000 --out {out}")),
                _ => words(&format!("reference two_moons --observation 2 -n 9000 --out {out}")),
            }),
        ),
    ];
    for (number, (ending, args)) in verbs.into_iter().enumerate() {
        let whole = ["1", "2"].map(|seed| {
            let name = format!("whole{number}-{seed}.{ending}");
            let (done, said) = end(freeform(&args(seed, &name)));
            assert!(done, "{said}");
            bytes(scratch.path(&name))
        });
        assert!(whole[0] != whole[1], "{:?}", args("1", ""));
        for race in 0..attacks() {
            let name = format!("raced{number}.{ending}");
            let [first, second] = ["1", "2"].map(|seed| freeform(&args(seed, &name))).map(end);
            assert!(first.0 || second.0, "{first:?} {second:?}");
            for (done, said) in [&first, &second] {
                // Or it came when the other had ended; a set of simulations is then no other's.
                let told = ["is in use: ", "holds a set of sim", "was not made by `freeform"];
                assert!(*done || told.iter().any(|part| said.contains(part)), "{said}");
            }
            let made = bytes(scratch.path(&name));
            let of = whole.iter().position(|whole| *whole == made);
            let of = of.unwrap_or_else(|| panic!("{name}, race {race}: mixed"));
            assert!([&first, &second][of].0, "{name}, race {race}: of the one that failed");
            fs::remove_file(scratch.path(&name)).unwrap();
            assert!(!scratch.path(&format!("{name}.parts")).exists(), "the place is still owned");
        }
    }
}

/// Folders: projects of two languages, and sweeps of two files, planned at the same time.
#[test]
fn two_writers_of_one_folder_are_never_mixed() {
    let scratch = project();
    let freeform = |args: &[&str]| start_heard(&scratch, args);
    for (name, budget) in [("a.toml", "100"), ("b.toml", "200")] {
        let text = format!("tasks = [\"two_moons\"]\nbudgets = [{budget}]\nseeds = [1, 2]\n");
        fs::write(scratch.path(name), text).unwrap();
    }
    let whole = ["python", "shell"].map(|language| {
        assert!(end(freeform(&["init", language, "--language", language])).0);
        bytes(scratch.path(language).join("simulator.toml"))
    });
    for race in 0..attacks() {
        let project = format!("project{race}");
        let init = |language| freeform(&["init", &project, "--language", language]);
        let [first, second] = ["python", "shell"].map(init).map(end);
        assert!(first.0 != second.0, "{first:?} {second:?}");
        let made = bytes(scratch.path(&project).join("simulator.toml"));
        assert!(made == whole[usize::from(second.0)], "race {race}: of the one that failed");
        assert_eq!(names(&scratch.path(&project)).len(), 5);

        let sweep = format!("sweep{race}");
        let plan = |file| freeform(&["grid", "plan", file, "--out", &sweep]);
        for (done, said) in ["a.toml", "b.toml"].map(plan).map(end) {
            assert!(done, "{said}");
        }
        // No run of either is lost.
        let plan = fs::read_to_string(scratch.path(&sweep).join("plan.jsonl")).unwrap();
        for part in ["\"simulations\":100", "\"simulations\":200"] {
            assert_eq!(plan.matches(part).count(), 2, "{plan}");
        }
    }
}

/// A smaller set in between takes nothing from a larger one that was begun.
#[test]
fn a_smaller_set_keeps_the_pieces_of_a_larger_one() {
    let scratch = project();
    let mut child = start(&scratch, "lines.toml", "4000", "3", "set.npz", "0.001");
    let chunks = || -> usize {
        let found = fs::read_dir(scratch.path("set.npz.parts")).into_iter().flatten().flatten();
        let ours = |name: &str| name.ends_with(".chunk") && !name.starts_with("000000000000");
        found.filter(|entry| ours(&entry.file_name().to_string_lossy())).count()
    };
    while chunks() < 2 {
        assert_eq!(child.try_wait().unwrap(), None, "it ended before it was killed");
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let before = chunks();
    assert!(end(start(&scratch, "lines.toml", "20", "3", "set.npz", "")).0);
    assert_eq!(chunks(), before);
    assert!(end(start(&scratch, "lines.toml", "4000", "3", "set.npz", "")).0);
    assert!(end(start(&scratch, "lines.toml", "4000", "3", "whole.npz", "")).0);
    assert!(bytes(scratch.path("set.npz")) == bytes(scratch.path("whole.npz")));
    assert!(!scratch.path("set.npz.parts").exists());
}
