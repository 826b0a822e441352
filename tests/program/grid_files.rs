//! What a sweep's files may hold: nothing that leaves the sweep's folder, becomes a command, or was
//! changed unnoticed.

use crate::support::Scratch;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant, SystemTime};

const USAGE: i32 = 2;

const TINY: &str = "tasks = [\"two_moons\"]\nbudgets = [200]\nobservations = []\n\
                    settings.training.max_epochs = 1\nsettings.network.width = 16\n\
                    settings.training.members = 1\nsettings.posterior.correction = \"off\"\n\
                    settings.whitening.steps = 10\n";

fn planned(text: &str) -> Scratch {
    let scratch = Scratch::new();
    fs::write(scratch.path("sweep.toml"), text).unwrap();
    scratch.succeeds(&["grid", "plan", "sweep.toml", "--out", "sweep"]);
    scratch
}

/// Plans `text`, which must fail and leave nothing.
fn refused(text: &str) -> String {
    let scratch = Scratch::new();
    fs::write(scratch.path("sweep.toml"), text).unwrap();
    let begun = Instant::now();
    let message = scratch.fails(USAGE, &["grid", "plan", "sweep.toml", "--out", "sweep"]);
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert!(!scratch.path("sweep").exists());
    message
}

fn contains_all(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "`{part}` is missing in: {message}");
    }
}

#[test]
fn no_value_becomes_a_command() {
    let trick = |key: &str, value: &str| {
        refused(&format!("{TINY}[resources.default]\n{key} = \"{value}\"\n"))
    };
    contains_all(
        &trick("time", "1:00:00\\ntouch X #"),
        &["`resources.default.time`", "1:00:00\\ntouch X #", "1:00:00, 2-12"],
    );
    contains_all(
        &trick("memory", "2G\\n#SBATCH --uid=0"),
        &["`resources.default.memory`", "2G or"],
    );
    contains_all(
        &refused(&format!("{TINY}[resources.200]\ncpus = 0\n")),
        &["`resources.200.cpus`", "is 0"],
    );

    let scratch = planned(TINY);
    let submit = |option: &str, value: &str| {
        let value = format!("{option}={value}");
        scratch.fails(USAGE, &["grid", "submit", "--out", "sweep", "--dry-run", &value])
    };
    for (option, value) in [
        ("--time", "10\ntouch X"),
        ("--mem", "1G; touch X"),
        ("--partition", "cpu\n#SBATCH --uid=0"),
        ("--partition", "cpu --uid=0"),
        ("--account", "$(touch X)"),
        ("--sbatch-line", "--qos=a\ntouch X"),
        ("--sbatch-line", "touch X"),
        ("--sbatch-line", "--comment=a #b"),
    ] {
        contains_all(&submit(option, value), &[option, "is not"]);
    }
    assert!(!scratch.path("sweep/slurm").exists());
}

/// The script of a sweep in an awkward folder, run by bash with a program that notes its arguments.
#[test]
fn scripts_name_awkward_folders_as_they_are() {
    let scratch = Scratch::new();
    let name = "my $(touch X) `touch Y`; touch Z #";
    fs::write(scratch.path("sweep.toml"), TINY).unwrap();
    scratch.succeeds(&["grid", "plan", "sweep.toml", "--out", name]);
    let dry = ["grid", "submit", "--out", name, "--dry-run", "--time=1:00:00", "--partition=a,b"];
    let text = scratch.succeeds(&dry);
    contains_all(&text, &["#SBATCH --time=1:00:00\n", "#SBATCH --partition=a,b\n", "grid collect"]);
    assert!(!scratch.path(name).join("slurm").exists(), "a dry run leaves nothing behind");

    // A cluster that runs what it is given at once, in this process.
    let tools = scratch.path("tools");
    fs::create_dir(&tools).unwrap();
    let tool = |name: &str, body: &str| {
        fs::write(tools.join(name), format!("#!/bin/sh\n{body}\n")).unwrap();
        fs::set_permissions(tools.join(name), PermissionsExt::from_mode(0o755)).unwrap();
    };
    tool("scontrol", "echo 'MaxArraySize = 1001'");
    tool("squeue", "true");
    let sbatch =
        "for script; do :; done\nSLURM_ARRAY_TASK_ID=0 bash \"$script\" >>log 2>&1\necho 7";
    tool("sbatch", sbatch);
    let path = format!("{}:/bin:/usr/bin", tools.display());
    let output = scratch.freeform(&["grid", "submit", "--out", name]).env("PATH", path).output();
    let output = output.unwrap();
    let log = fs::read_to_string(scratch.path("log")).unwrap_or_default();
    assert!(output.status.success(), "{}{log}", String::from_utf8_lossy(&output.stderr));
    assert!(scratch.path(name).join("results.csv").exists(), "{log}");
    let status = scratch.succeeds(&["grid", "status", "--out", name]);
    contains_all(&status, &["1 of 1 runs done"]);
    for file in ["X", "Y", "Z"] {
        assert!(!scratch.path(file).exists(), "{file} was touched");
    }

    for name in ["a\nb", "100%", "it's", "a\\b"] {
        scratch.succeeds(&["grid", "plan", "sweep.toml", "--out", name]);
        let message = scratch.fails(USAGE, &["grid", "submit", "--out", name, "--dry-run"]);
        contains_all(&message, &["--out", "rename or move"]);
    }
}

#[test]
fn a_plan_cannot_lead_out_of_its_folder() {
    let scratch = planned(TINY);
    let plan = scratch.path("sweep/plan.jsonl");
    let line = fs::read_to_string(&plan).unwrap();
    let run = line.split("\"run\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let old = &line[..line.rfind(",\"blake3\"").unwrap()];
    for name in ["../../escape", "/tmp/escape", "..", "claims"] {
        for text in [line.replace(&run, name), format!("{}}}\n", old.replace(&run, name))] {
            fs::write(&plan, text).unwrap();
            for verb in ["run", "status", "collect", "resume", "cancel"] {
                let message = scratch.fails(USAGE, &["grid", verb, "--out", "sweep"]);
                contains_all(&message, &["plan.jsonl, line 1"]);
            }
        }
    }
    // A plan of an earlier version, without checksums, is used; and this is said.
    fs::write(&plan, format!("{old}}}\n")).unwrap();
    fs::write(scratch.path("sweep/sweep.toml"), TINY).unwrap();
    let output = scratch.freeform(&["grid", "run", "--out", "sweep"]).output().unwrap();
    assert!(output.status.success());
    contains_all(&String::from_utf8_lossy(&output.stderr), &["earlier version", "unchecked"]);
}

#[test]
fn what_was_changed_since_planning_is_noticed() {
    let scratch = planned(TINY);
    let (plan, sweep) = (scratch.path("sweep/plan.jsonl"), scratch.path("sweep/sweep.toml"));
    let (plan_text, sweep_text) =
        (fs::read_to_string(&plan).unwrap(), fs::read_to_string(&sweep).unwrap());
    fs::write(&plan, plan_text.replace("\"seed\":1", "\"seed\":2")).unwrap();
    let status = ["grid", "status", "--out", "sweep"];
    contains_all(&scratch.fails(USAGE, &status), &["plan.jsonl, line 1", "checksum"]);
    fs::write(&plan, "").unwrap();
    contains_all(&scratch.fails(USAGE, &status), &["plan.jsonl", "1 runs were planned"]);
    fs::write(&plan, &plan_text).unwrap();
    fs::write(&sweep, sweep_text.replace("observations = []", "observations = [1]")).unwrap();
    contains_all(&scratch.fails(USAGE, &status), &["sweep.toml", "damaged", "plan it again"]);
    // Planned again from that very copy, it is what was asked for.
    scratch.succeeds(&["grid", "plan", "sweep/sweep.toml", "--out", "sweep"]);
    scratch.succeeds(&status);
    assert_eq!(fs::read_to_string(&plan).unwrap(), plan_text);

    // Whatever bit is flipped in one of the two, nothing else is ever done.
    fs::write(&sweep, &sweep_text).unwrap();
    let wanted = scratch.succeeds(&status);
    for (path, text) in [(&plan, plan_text), (&sweep, sweep_text)] {
        for at in (0..text.len()).step_by(text.len() / 60) {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1 << (at % 7);
            fs::write(path, &bytes).unwrap();
            let output = scratch.freeform(&status).output().unwrap();
            match output.status.code() {
                Some(0) => assert_eq!(String::from_utf8_lossy(&output.stdout), wanted, "byte {at}"),
                code => assert_eq!(code, Some(USAGE), "byte {at}"),
            }
        }
        fs::write(path, text).unwrap();
    }
}

#[test]
fn observations_that_are_not_there_are_refused() {
    let asked = |numbers: &str| TINY.replace("= []", &format!("= {numbers}"));
    contains_all(
        &refused(&asked("[11]")),
        &["sweep.toml", "`observations`", "observation 11", "two_moons has 10"],
    );
    contains_all(&refused(&asked("[1, 10, 10]")), &["`observations` has 10 twice"]);
    let scratch = Scratch::new();
    scratch.succeeds(&["init", "own", "--language", "shell"]);
    let own = asked("[2]").replace("two_moons", "own/simulator.toml");
    fs::write(scratch.path("sweep.toml"), own).unwrap();
    let message = scratch.fails(USAGE, &["grid", "plan", "sweep.toml", "--out", "sweep"]);
    contains_all(&message, &["observation 2", "own has 1"]);
    // A table of simulations has none.
    scratch.succeeds(&["simulate", "two_moons", "-n", "200", "--out", "sims.npz"]);
    let uniform = "distribution = \"uniform\"\nlow = -1.0\nhigh = 1.0\n";
    let parameter = |name: &str| format!("[[parameter]]\nname = \"{name}\"\n{uniform}");
    fs::write(scratch.path("prior.toml"), parameter("a") + &parameter("b")).unwrap();
    let given = "[[simulations]]\nname = \"mine\"\nfile = \"sims.npz\"\nprior = \"prior.toml\"\n";
    let text = asked("[1]").replace("tasks = [\"two_moons\"]\n", "") + given;
    fs::write(scratch.path("sweep.toml"), &text).unwrap();
    let message = scratch.fails(USAGE, &["grid", "plan", "sweep.toml", "--out", "sweep"]);
    contains_all(&message, &["observation 1", "mine is a table of simulations"]);
    // Its name is that of a folder.
    fs::write(scratch.path("sweep.toml"), text.replace("\"mine\"", "\"a\\nb\"")).unwrap();
    let message = scratch.fails(USAGE, &["grid", "plan", "sweep.toml", "--out", "sweep"]);
    contains_all(&message, &["\"a\\nb\"", "control characters"]);
}

#[test]
fn absurd_plans_are_refused_before_any_work() {
    let axes: String = ["optimizer.learning_rate", "optimizer.weight_decay", "loss.beta_start"]
        .iter()
        .map(|key| format!("\"{key}\" = {{ from = 1.0, to = 2.0, steps = 10000 }}\n"))
        .collect();
    let message = refused(&format!("{TINY}[[grid]]\n[grid.axes]\n{axes}"));
    contains_all(&message, &["sweep.toml", "1000000000000 runs", "at most 100000"]);
    let seeds: Vec<String> = (0..100_001).map(|seed| seed.to_string()).collect();
    let message = refused(&format!("seeds = [{}]\n{TINY}", seeds.join(",")));
    contains_all(&message, &["100001 runs"]);
    let message = refused(&TINY.replace("[200]", "[1000000000000]"));
    contains_all(&message, &["`budgets` has 1000000000000", "two_moons", "TB"]);
}

/// Claims of nobody, with times that have not come, hold no runner up; nor does a damaged count.
#[test]
fn garbage_claims_are_not_waited_for() {
    let scratch = planned(TINY);
    let claims = scratch.path("sweep/claims");
    fs::create_dir(&claims).unwrap();
    let line = fs::read_to_string(scratch.path("sweep/plan.jsonl")).unwrap();
    let entry: serde_json::Value = serde_json::from_str(&line).unwrap();
    let set = format!("two_moons-{}-seed1", entry["simulator"].as_str().unwrap());
    for name in [entry["run"].as_str().unwrap(), &set] {
        fs::write(claims.join(name), "{\"host\": 1, garbage").unwrap();
        let file = fs::File::options().append(true).open(claims.join(name)).unwrap();
        file.set_modified(SystemTime::now() + Duration::from_secs(100 * 86_400)).unwrap();
    }
    fs::create_dir(scratch.path("sweep/simulations")).unwrap();
    fs::write(scratch.path(&format!("sweep/simulations/{set}.npz.count")), "999 garbage").unwrap();
    let begun = Instant::now();
    scratch.succeeds(&["grid", "run", "--out", "sweep"]);
    assert!(begun.elapsed() < Duration::from_secs(30));
    let status = scratch.succeeds(&["grid", "status", "--out", "sweep"]);
    contains_all(&status, &["1 of 1 runs done, 0 failed, 0 running"]);
}

/// Ctrl-C ends a sweep within two seconds, whatever its runs are at: simulating, whitening, training,
/// sampling or scoring.
#[test]
fn ctrl_c_is_heard_within_two_seconds() {
    let sweep = TINY.replace("[]", "[1, 2, 3]").replace("[200]", "[20000]");
    let sweep = sweep.replace("steps = 10", "steps = 3000") + "seeds = [1, 2, 3, 4]\n";
    // Root keys come before tables.
    for wait in [300, 1500, 4000] {
        let scratch = planned(&sweep);
        let mut runner = std::process::Command::new(assert_cmd::cargo::cargo_bin!("freeform"))
            .current_dir(scratch.path(""))
            .env("FREEFORM_CACHE", scratch.path("cache"))
            .args(["grid", "run", "--out", "sweep", "--quiet"])
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(wait));
        if runner.try_wait().unwrap().is_some() {
            continue;
        }
        let asked = Instant::now();
        let id = runner.id().to_string();
        std::process::Command::new("kill").args(["-INT", &id]).status().unwrap();
        assert_eq!(runner.wait().unwrap().code(), Some(130));
        assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
        let status = scratch.succeeds(&["grid", "status", "--out", "sweep"]);
        contains_all(&status, &["0 failed, 0 running"]);
    }
}
