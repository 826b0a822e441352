//! Sweeps that cannot be, clusters that do not answer, disks that are full.

use crate::support::Scratch;
use std::fs;
use std::path::Path;

const USAGE: i32 = 2;
const FAILED: i32 = 1;

const TINY: &str = "tasks = [\"two_moons\"]\nbudgets = [200]\nobservations = []\n\
                    settings.training.max_epochs = 1\nsettings.network.width = 16\n\
                    settings.training.members = 1\nsettings.whitening.steps = 10\n";

/// Plans `text`, which must fail; the message.
fn refused(text: &str) -> String {
    let scratch = Scratch::new();
    fs::write(scratch.path("sweep.toml"), text).unwrap();
    let message = scratch.fails(USAGE, &["grid", "plan", "sweep.toml", "--out", "sweep"]);
    assert!(message.contains("sweep.toml"), "the file is not named: {message}");
    assert!(!scratch.path("sweep/plan.jsonl").exists());
    message
}

fn contains_all(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "`{part}` is missing in: {message}");
    }
}

#[test]
fn wrong_sweeps_are_refused_before_anything_runs() {
    contains_all(
        &refused(&format!("budget = [3]\n{TINY}")),
        &["unknown field `budget`", "`budgets`"],
    );
    contains_all(&refused(&TINY.replace("[200]", "[]")), &["`budgets` is empty"]);
    contains_all(&refused(&TINY.replace("[200]", "[0]")), &["`budgets` has a 0"]);
    contains_all(&refused(&TINY.replace("[]", "[0]")), &["`observations`", "count from 1"]);
    contains_all(
        &refused(&TINY.replace("network.width", "network.widht")),
        &["network.widht", "did you mean `network.width`"],
    );
    let axis = |axis: &str| refused(&format!("{TINY}[[grid]]\n[grid.axes]\n{axis}\n"));
    contains_all(&axis("\"network.wide\" = [3]"), &["network.wide", "network.width"]);
    contains_all(&axis("\"network.width\" = []"), &["grid.axes.network.width", "empty"]);
    contains_all(
        &axis("\"loss.beta_end\" = { from = 9.0, to = 1.0, steps = 3 }"),
        &["grid.axes.loss.beta_end", "`from` must be below `to`"],
    );
    contains_all(&axis("\"network.width\" = [0]"), &["`network.width` is 0", "at least 1"]);
    contains_all(&refused(&format!("{TINY}[[grid]]\nbudgets = [300]\n")), &["grid.budgets", "300"]);
    contains_all(&refused(&format!("preset = \"recommendet\"\n{TINY}")), &["recommended"]);
    contains_all(&refused(&format!("{TINY}[resources.77]\ntime = \"1\"\n")), &["resources.77"]);
}

#[test]
fn missing_things_are_named() {
    let scratch = Scratch::new();
    let plan = |file: &str| scratch.fails(USAGE, &["grid", "plan", file, "--out", "sweep"]);
    contains_all(&plan("none.toml"), &["none.toml"]);
    fs::write(scratch.path("sweep.toml"), TINY.replace("two_moons", "two_mons")).unwrap();
    contains_all(&plan("sweep.toml"), &["two_mons", "two_moons"]);
    fs::write(scratch.path("sweep.toml"), TINY.replace("two_moons", "my/simulator.toml")).unwrap();
    contains_all(&plan("sweep.toml"), &["my/simulator.toml"]);
    for verb in ["run", "status", "collect", "submit", "resume", "cancel"] {
        let message = scratch.fails(USAGE, &["grid", verb, "--out", "nowhere"]);
        contains_all(&message, &["nowhere", "freeform grid plan"]);
    }
    fs::write(scratch.path("sweep.toml"), TINY).unwrap();
    scratch.succeeds(&["grid", "plan", "sweep.toml", "--out", "sweep"]);
    let message = scratch.fails(USAGE, &["grid", "task", "--index", "1", "--out", "sweep"]);
    contains_all(&message, &["0 to 0", "not 1"]);
}

#[test]
fn a_budget_beyond_the_given_simulations_is_refused() {
    let scratch = Scratch::new();
    scratch.succeeds(&["simulate", "two_moons", "-n", "250", "--out", "sims.npz"]);
    let prior = "[[parameter]]\nname = \"a\"\ndistribution = \"uniform\"\nlow = -1.0\nhigh = 1.0\n\
                 [[parameter]]\nname = \"b\"\ndistribution = \"uniform\"\nlow = -1.0\nhigh = 1.0\n";
    fs::write(scratch.path("prior.toml"), prior).unwrap();
    let sweep = |budget: usize| {
        format!(
            "budgets = [{budget}]\nsettings.training.max_epochs = 1\n\
             settings.whitening.steps = 10\n[[simulations]]\nname = \"mine\"\nfile = \"sims.npz\"\nprior = \"prior.toml\"\n"
        )
    };
    fs::write(scratch.path("sweep.toml"), sweep(251)).unwrap();
    let message = scratch.fails(USAGE, &["grid", "plan", "sweep.toml", "--out", "sweep"]);
    contains_all(&message, &["251 simulations", "mine has 250"]);
    fs::write(scratch.path("sweep.toml"), sweep(200)).unwrap();
    scratch.succeeds(&["grid", "run", "sweep.toml", "--out", "sweep"]);

    // The table is no longer the one that was planned for.
    scratch.succeeds(&["simulate", "slcp", "-n", "250", "--out", "sims.npz", "--overwrite"]);
    fs::write(scratch.path("sweep.toml"), sweep(199)).unwrap();
    fs::write(scratch.path("prior.toml"), prior.replace("-1.0", "-2.0")).unwrap();
    let run = run_folder(&scratch.path("sweep"));
    fs::remove_file(run.join("status.json")).unwrap();
    let message = scratch.fails(FAILED, &["grid", "run", "--out", "sweep"]);
    contains_all(&message, &["mine", "has changed since the sweep was planned"]);
    let message = scratch.fails(FAILED, &["grid", "resume", "--out", "sweep"]);
    contains_all(&message, &["1 of 1 runs failed", "--retry-failed"]);
    let status = scratch.succeeds(&["grid", "status", "--out", "sweep"]);
    contains_all(&status, &["1 failed", "has changed"]);
}

/// The folder of the only run.
fn run_folder(sweep: &Path) -> std::path::PathBuf {
    let mut runs = fs::read_dir(sweep).unwrap().map(|e| e.unwrap().path());
    runs.find(|path| path.join("config.toml").exists()).unwrap()
}

#[test]
fn a_full_disk_tears_nothing() {
    let scratch = Scratch::new();
    fs::write(scratch.path("sweep.toml"), TINY).unwrap();
    scratch.succeeds(&["grid", "plan", "sweep.toml", "--out", "sweep"]);
    // Files of at most 8 blocks, as on a disk with so much room left: the weights need more.
    let limited = |blocks: usize| {
        let program = assert_cmd::cargo::cargo_bin!("freeform").display().to_string();
        let command =
            format!("trap '' XFSZ; ulimit -f {blocks}; exec '{program}' grid run --out sweep");
        let mut shell = std::process::Command::new("sh");
        shell.current_dir(scratch.path("")).args(["-c", &command]).output().unwrap()
    };
    let output = limited(8);
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(FAILED), "{message}");
    contains_all(&message, &["1 of 1 runs failed", "File too large"]);
    let status = scratch.succeeds(&["grid", "status", "--out", "sweep"]);
    contains_all(&status, &["1 failed", "File too large"]);
    scratch.succeeds(&["grid", "resume", "--retry-failed", "--out", "sweep"]);
    let status = scratch.succeeds(&["grid", "status", "--out", "sweep"]);
    contains_all(&status, &["1 of 1 runs done, 0 failed"]);
}

/// Runs `freeform grid submit` with `sbatch` and its like replaced by scripts.
fn with_slurm(scratch: &Scratch, scripts: &[(&str, &str)]) -> std::process::Output {
    let tools = scratch.path("tools");
    let _ = fs::remove_dir_all(&tools);
    fs::create_dir_all(&tools).unwrap();
    for (name, body) in scripts {
        let path = tools.join(name);
        fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&path, mode).unwrap();
    }
    let path = format!("{}:/bin:/usr/bin", tools.display());
    // A machine with Slurm of its own must not be asked.
    let path = if scripts.is_empty() { tools.display().to_string() } else { path };
    let submit = ["grid", "submit", "--out", "sweep"];
    scratch.freeform(&submit).env("PATH", path).output().unwrap()
}

#[test]
fn a_cluster_that_does_not_take_it_is_explained() {
    let scratch = Scratch::new();
    fs::write(scratch.path("sweep.toml"), TINY).unwrap();
    scratch.succeeds(&["grid", "plan", "sweep.toml", "--out", "sweep"]);
    let failing = |scripts: &[(&str, &str)], parts: &[&str]| {
        let output = with_slurm(&scratch, scripts);
        assert_eq!(output.status.code(), Some(FAILED));
        contains_all(&String::from_utf8_lossy(&output.stderr), parts);
    };
    failing(&[], &["no `scontrol` on this machine", "freeform grid run"]);
    let down = "echo 'slurm_load_ctl_conf error: Unable to contact slurm controller' >&2; exit 1";
    failing(&[("scontrol", down)], &["cannot reach Slurm's controller", "try again"]);
    let config = "echo 'MaxArraySize = 1001'";
    let rejects = "echo 'sbatch: error: invalid partition specified: gpu' >&2; exit 1";
    failing(
        &[("scontrol", config), ("sbatch", rejects)],
        &["sbatch", "invalid partition specified: gpu"],
    );
    assert!(!scratch.path("sweep/slurm/jobs.jsonl").exists());

    // Accepted: the array, then the job that collects; what is queued is not submitted again.
    let takes = "echo 41";
    let queued = "echo '41_0 PENDING Priority'";
    let tools = [("scontrol", config), ("sbatch", takes), ("squeue", queued)];
    let first = with_slurm(&scratch, &tools);
    contains_all(&String::from_utf8_lossy(&first.stdout), &["array 41: 1 run\n", "collects"]);
    let second = with_slurm(&scratch, &tools);
    contains_all(
        &String::from_utf8_lossy(&second.stdout),
        &["nothing to submit", "1 run queued already"],
    );
}

#[test]
fn arrays_are_no_larger_than_the_cluster_takes() {
    let scratch = Scratch::new();
    let many = format!("{TINY}seeds = [1, 2, 3, 4, 5]\n");
    fs::write(scratch.path("sweep.toml"), many.replace("settings", "#")).unwrap();
    scratch.succeeds(&["grid", "plan", "sweep.toml", "--out", "sweep"]);
    let tools = [("scontrol", "echo 'MaxArraySize = 2'"), ("sbatch", "echo 7")];
    assert!(with_slurm(&scratch, &tools).status.success());
    let script = |n: usize| fs::read_to_string(scratch.path(&format!("sweep/slurm/array-{n}.sh")));
    contains_all(&script(1).unwrap(), &["--array=0-1\n", "--signal=B:USR1@90", "--requeue"]);
    contains_all(&script(3).unwrap(), &["--array=0-0\n"]);
    assert!(script(4).is_err());
    let lists: String = (1..=3)
        .map(|n| fs::read_to_string(scratch.path(&format!("sweep/slurm/array-{n}.txt"))).unwrap())
        .collect();
    assert_eq!(lists, "0\n1\n2\n3\n4\n");
}
