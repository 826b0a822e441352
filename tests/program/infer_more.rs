//! More of inferences in rounds: their scores, which stand beside what is told of the rounds and are of their own
//! model only; observations with gaps; how they are stopped.

use crate::support::{Scratch, TINY, bytes, numbers, start};
use std::time::Duration;

fn status(scratch: &Scratch) -> serde_json::Value {
    serde_json::from_slice(&bytes(scratch.path("moons/status.json"))).unwrap()
}

fn infer(scratch: &Scratch, more: &[&str]) {
    let head = ["infer", "two_moons", "--observation", "1", "-n", "200", "--rounds", "2", "-q"];
    scratch.succeeds(&[&head[..], &TINY, &["--out", "moons"], more].concat());
}

fn score(scratch: &Scratch) -> f64 {
    scratch.succeeds(&["c2st", "--all", "moons", "--observations", "1", "-q"]);
    let status = status(scratch);
    assert_eq!(status["observations"].as_array().unwrap().len(), 1, "{status}");
    status["mean_c2st"].as_f64().unwrap()
}

#[test]
fn scores_and_rounds_stand_side_by_side() {
    let scratch = Scratch::new();
    infer(&scratch, &[]);
    let told = status(&scratch);
    let first = score(&scratch);
    // Nothing that was told is lost by it, nor the score by the same inference once more.
    infer(&scratch, &[]);
    let both = status(&scratch);
    for name in ["rounds", "budget", "spent", "effective", "task"] {
        assert!(!told[name].is_null() && both[name] == told[name], "{name} in {both}");
    }
    assert_eq!(both["mean_c2st"].as_f64(), Some(first));
    scratch.succeeds(&["report", "moons", "-q"]);
    let page = String::from_utf8(bytes(scratch.path("moons/report.html"))).unwrap();
    assert!(page.contains("trained on") && page.contains("C2ST"), "{page}");
    // Of another model, the score is another.
    scratch.succeeds(&["infer", "--from", "moons", "-n", "300", "-q"]);
    assert_eq!(status(&scratch)["rounds"].as_array().unwrap().len(), 3);
    assert!(!scratch.path("moons/c2st.csv").exists());
    assert_ne!(score(&scratch), first);
    infer(&scratch, &["--seed", "2", "--overwrite"]);
    assert!(!scratch.path("moons/c2st.csv").exists());
}

/// Six trials of θ + noise, of which the observation has four.
const TRIALS: &str = "import random, sys\n\
    for line in sys.stdin:\n\
    \x20   if not line.strip():\n\
    \x20       continue\n\
    \x20   index, seed, a = line.split()\n\
    \x20   r = random.Random(int(seed))\n\
    \x20   print(index, *[float(a) + r.gauss(0, 0.2) for _ in range(6)], flush=True)\n";
const TRIAL_SETTINGS: &str = "command = [\"python3\", \"trials.py\"]\ndata_dim = 6\nlayout = \"set\"\n\
    missing = \"allowed\"\n[[parameter]]\nname = \"a\"\ndistribution = \"normal\"\nmean = 0.0\nstd = 1.0\n";

fn trials(scratch: &Scratch) {
    std::fs::write(scratch.path("trials.py"), TRIALS).unwrap();
    std::fs::write(scratch.path("simulator.toml"), TRIAL_SETTINGS).unwrap();
    std::fs::write(scratch.path("four.csv"), "0.3,0.5,0.1,0.4\n").unwrap();
}

/// The posterior of a normal mean: precision 1 + 4/0.2².
#[test]
fn fewer_trials_than_a_simulation_has_are_inferred_from() {
    let scratch = Scratch::new();
    trials(&scratch);
    std::fs::write(scratch.path("seven.csv"), "1,2,3,4,5,6,7\n").unwrap();
    let infer = |observation| {
        let head = ["infer", "simulator.toml", "--observation", observation, "-n", "400", "-q"];
        let more = ["--rounds", "2", "--out", "four", "--set", "whitening.steps=2000"];
        [&head[..], &TINY, &more].concat()
    };
    scratch.succeeds(&infer("four.csv"));
    // Once more, it is there.
    scratch.succeeds(&infer("four.csv"));
    let draws = numbers(scratch.path("four/samples.npy"));
    let mean = draws.iter().sum::<f64>() / draws.len() as f64;
    let sd = (draws.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / draws.len() as f64).sqrt();
    let exact: f64 = 1.0 / (1.0 + 4.0 / 0.04_f64).sqrt();
    assert!((mean - 1.3 / 0.04 * exact * exact).abs() < 0.3 * exact, "{mean}");
    assert!((sd / exact - 1.0).abs() < 0.25, "{sd}, not {exact}");
    let error = scratch.fails(1, &infer("seven.csv"));
    assert!(error.contains("more trials than a simulation has"), "{error}");
}

/// Stopped while a round simulates or trains: exit codes as of every verb.
#[test]
fn a_stopped_inference_has_the_exit_code_of_its_signal() {
    let scratch = Scratch::new();
    trials(&scratch);
    let head = ["infer", "simulator.toml", "--observation", "four.csv", "-n", "400", "-q"];
    for (signal, code, out) in [("INT", 130, "a"), ("TERM", 75, "b")] {
        let settings = ["--set", "training.max_epochs=100000", "--set", "training.patience=100000"];
        let mut child = start(&scratch, &[&head[..], &settings, &["--out", out]].concat());
        let training = scratch.path(out).join("rounds/01/config.toml");
        while !training.exists() && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(20));
        }
        std::thread::sleep(Duration::from_millis(500));
        let id = child.id().to_string();
        std::process::Command::new("kill").args([&format!("-{signal}"), &id]).status().unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(code), "{signal}");
    }
}
