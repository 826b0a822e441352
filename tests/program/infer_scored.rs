//! Scores of an inference in rounds: beside what is told of its rounds, and of its own model only.

use crate::support::{Scratch, TINY, bytes};

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
