//! Sweeps: whatever happens to their runners, they end in the same results.

use crate::support::{Scratch, bytes, start};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// 24 trainings of about half a second, without scoring.
const SWEEP: &str = r#"
tasks = ["two_moons"]
budgets = [600, 900]
seeds = [1, 2]
observations = []
[settings]
training.max_epochs = 40
training.batch_size = 33
training.members = 1
whitening.steps = 50
network.blocks = 3
[[grid]]
[grid.axes]
"optimizer.learning_rate" = [1e-3, 2e-3, 4e-3]
"network.width" = [24, 40]
"#;

fn signal(child: &Child, name: &str) {
    // The process may have ended just now.
    let _ =
        Command::new("kill").args([name, &child.id().to_string()]).stderr(Stdio::null()).status();
}

/// The files of a kind in the folders of a sweep's runs.
fn files(sweep: &Path, name: &str) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for folder in std::fs::read_dir(sweep).unwrap().map(|entry| entry.unwrap()) {
        let path = folder.path().join(name);
        if path.exists() {
            found.insert(PathBuf::from(folder.file_name()), bytes(path));
        }
    }
    found
}

/// Runs by event, as the sweep's log has them.
fn events(sweep: &Path, event: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for line in std::fs::read_to_string(sweep.join("events.jsonl")).unwrap().lines() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        if value["event"] == event {
            *counts.entry(value["run"].as_str().unwrap().to_owned()).or_default() += 1;
        }
    }
    counts
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_sweep_killed_ten_times_ends_like_one_left_alone() {
    let scratch = Scratch::new();
    std::fs::write(scratch.path("sweep.toml"), SWEEP).unwrap();
    scratch.succeeds(&["grid", "run", "sweep.toml", "--out", "whole", "--quiet"]);

    scratch.succeeds(&["grid", "plan", "sweep.toml", "--out", "pieces"]);
    // Moments from anywhere in a run: setting out, simulating, training, finishing.
    let mut killed = 0;
    for round in 0..10_u64 {
        let mut runner = start(&scratch, &["grid", "run", "--out", "pieces"]);
        std::thread::sleep(Duration::from_millis(40 + (round * 7919 + 13) % 10 * 60));
        signal(&runner, "-KILL");
        killed += u32::from(!runner.wait().unwrap().success());
    }
    assert!(killed >= 5, "only {killed} runners were killed at work");
    scratch.succeeds(&["grid", "resume", "--out", "pieces"]);

    let (whole, pieces) = (scratch.path("whole"), scratch.path("pieces"));
    assert_eq!(bytes(whole.join("plan.jsonl")), bytes(pieces.join("plan.jsonl")));
    for file in ["weights.safetensors", "model.toml", "metrics.jsonl"] {
        let (left_alone, disturbed) = (files(&whole, file), files(&pieces, file));
        assert_eq!(left_alone.len(), 24);
        assert!(left_alone == disturbed, "{file} differs");
    }
    let finished = events(&pieces, "finished");
    assert!(finished.values().all(|count| *count == 1), "a run was done twice: {finished:?}");
    let report = json(&scratch.succeeds(&["grid", "run", "--out", "pieces", "--json"]));
    assert_eq!((&report["known"], &report["finished"]), (&24.into(), &0.into()));
    let status = json(&scratch.succeeds(&["grid", "status", "--out", "pieces", "--json"]));
    assert_eq!((&status["sweep"]["done"], &status["sweep"]["running"]), (&24.into(), &0.into()));
}

#[test]
fn two_runners_share_a_sweep() {
    let scratch = Scratch::new();
    std::fs::write(scratch.path("sweep.toml"), SWEEP).unwrap();
    scratch.succeeds(&["grid", "plan", "sweep.toml", "--out", "sweep"]);
    let run = ["grid", "run", "--out", "sweep", "--jobs", "1"];
    let mut runners = [start(&scratch, &run), start(&scratch, &run)];
    for runner in &mut runners {
        assert!(runner.wait().unwrap().success());
    }
    let finished = events(&scratch.path("sweep"), "finished");
    assert_eq!((finished.len(), finished.values().sum::<usize>()), (24, 24));
    let started: usize = events(&scratch.path("sweep"), "started").values().sum();
    assert_eq!(started, 24);
}

#[test]
fn a_scheduler_s_signal_leaves_a_checkpoint_and_code_75() {
    let scratch = Scratch::new();
    let endless = "max_epochs = 4000\ntraining.patience = 0";
    let long = SWEEP.replace("max_epochs = 40", endless);
    std::fs::write(scratch.path("sweep.toml"), long).unwrap();
    scratch.succeeds(&["grid", "plan", "sweep.toml", "--out", "sweep"]);
    let run = scratch.succeeds(&["grid", "status", "--out", "sweep"]);
    assert!(run.contains("24 not begun"), "{run}");
    for name in ["-USR1", "-TERM"] {
        let mut task = start(&scratch, &["grid", "task", "--index", "3", "--out", "sweep"]);
        std::thread::sleep(Duration::from_millis(700));
        signal(&task, name);
        assert_eq!(task.wait().unwrap().code(), Some(75), "{name}");
    }
    assert_eq!(files(&scratch.path("sweep"), "checkpoints/posterior-1.safetensors").len(), 1);
    let status = json(&scratch.succeeds(&["grid", "status", "--out", "sweep", "--json"]));
    assert_eq!(status["sweep"]["interrupted"], 1);

    // `grid cancel` reaches a runner that nobody can signal.
    let mut runner = start(&scratch, &["grid", "run", "--out", "sweep"]);
    std::thread::sleep(Duration::from_millis(700));
    scratch.succeeds(&["grid", "cancel", "--out", "sweep"]);
    let asked = Instant::now();
    assert_eq!(runner.wait().unwrap().code(), Some(130));
    assert!(asked.elapsed() < Duration::from_secs(10));
}

#[test]
fn an_edited_sweep_appends() {
    let scratch = Scratch::new();
    let short = SWEEP.replace("max_epochs = 40", "max_epochs = 2");
    std::fs::write(scratch.path("sweep.toml"), &short).unwrap();
    scratch.succeeds(&["grid", "run", "sweep.toml", "--out", "sweep"]);
    let before = std::fs::read_to_string(scratch.path("sweep/plan.jsonl")).unwrap();

    let edited = short.replace("budgets = [600, 900]", "budgets = [900, 1200]");
    std::fs::write(scratch.path("sweep.toml"), edited).unwrap();
    let planned =
        json(&scratch.succeeds(&["grid", "plan", "sweep.toml", "--out", "sweep", "--json"]));
    assert_eq!(planned["runs"], 36);
    assert_eq!((&planned["added"], &planned["dropped"]), (&12.into(), &12.into()));
    let after = std::fs::read_to_string(scratch.path("sweep/plan.jsonl")).unwrap();
    assert!(after.starts_with(&before), "earlier entries keep their lines");
    let report = json(&scratch.succeeds(&["grid", "resume", "--out", "sweep", "--json"]));
    assert_eq!((&report["known"], &report["finished"]), (&24.into(), &12.into()));
}

#[test]
fn a_shared_set_gives_what_its_own_would() {
    let scratch = Scratch::new();
    let short = SWEEP.replace("max_epochs = 40", "max_epochs = 2");
    std::fs::write(scratch.path("both.toml"), &short).unwrap();
    let small = short.replace("budgets = [600, 900]", "budgets = [600]");
    std::fs::write(scratch.path("small.toml"), small).unwrap();
    scratch.succeeds(&["grid", "run", "both.toml", "--out", "both"]);
    scratch.succeeds(&["grid", "run", "small.toml", "--out", "small"]);
    let (both, small) = (scratch.path("both"), scratch.path("small"));
    let both = files(&both, "weights.safetensors");
    let small = files(&small, "weights.safetensors");
    assert_eq!(small.len(), 12);
    assert!(small.iter().all(|(run, weights)| both[run] == *weights));
}

#[test]
fn results_are_tidy_and_the_best_is_the_best() {
    let scratch = Scratch::new();
    let scored = "tasks = [\"two_moons\"]\nbudgets = [300]\nobservations = [1, 2]\n[settings]\n\
                  network.width = 16\nnetwork.blocks = 2\nwhitening.steps = 100\n[[grid]]\n[grid.axes]\n\
                  \"training.max_epochs\" = [1, 30]\n";
    std::fs::write(scratch.path("sweep.toml"), scored).unwrap();
    scratch.succeeds(&["grid", "run", "sweep.toml", "--out", "sweep"]);
    let collected = json(&scratch.succeeds(&["grid", "collect", "--out", "sweep", "--json"]));
    assert_eq!(collected["done"], 2);
    let mut table = csv_rows(&scratch.path("sweep/results.csv"));
    let head = table.remove(0);
    let known = ["task", "num_simulations", "num_observation", "algorithm", "C2ST", "seed"];
    assert_eq!(&head[..6], &known);
    assert_eq!(table.len(), 4);
    // The mean of the table is what the summary says.
    let epochs = head.iter().position(|name| name == "training.max_epochs").unwrap();
    let mean = |which: &str| {
        let rows = table.iter().filter(|row| row[epochs] == which);
        let scores: Vec<f64> = rows.map(|row| row[4].parse().unwrap()).collect();
        (scores[0] + scores[1]) / 2.0
    };
    let means = ["1", "30"].map(mean);
    for best in collected["best"].as_array().unwrap() {
        // One that trained longer has the better likelihood; which has the better draws, the table says.
        let longer = best["criterion"] != "C2ST" || means[1] < means[0];
        let epochs = if longer { 30 } else { 1 };
        assert_eq!(best["settings"]["training.max_epochs"], epochs, "{best}");
        let mean = if epochs == 30 { means[1] } else { means[0] };
        assert!((mean - best["C2ST"].as_f64().unwrap()).abs() < 1e-12, "{best}");
    }
    assert!(bytes(scratch.path("sweep/figure.png")).starts_with(b"\x89PNG"));
    assert_eq!(csv_rows(&scratch.path("sweep/best.csv")).len(), 3);
}

fn csv_rows(path: &Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
}
