//! What programs print beside their answers.

use crate::support::{Project, script};
use freeform_simulators::{FailureKind, SimulationSource};
use std::time::{Duration, Instant};

#[test]
fn harmless_noise_is_passed_over_and_counted() {
    let whole = Project::new("data_dim = 2", &script("")).open().simulate(100, 3).unwrap();
    assert_eq!((whole.noise.lines, whole.noise.first), (0, None));
    for (noise, lines) in [
        ("echo 'step 1 of 2'", 100),
        ("echo 'WARNING: slow'; echo '  done: 100 %'", 200),
        // Begins with a number, and an index at that, but of no open simulation.
        ("echo '1000000 iterations'; echo '100%|####|'; echo '3.5'", 300),
        ("echo '-1 0'", 100),
        // Not UTF-8.
        ("printf 'temp\\351rature\\n'", 100),
        // A progress bar on the line of the answer.
        ("printf '10 %%\\r 50 %%\\r100 %%\\r'", 0),
        ("printf '\\r\\n'", 0),
    ] {
        let project = Project::new("data_dim = 2\nworkers = 2", &script(noise));
        let batch = project.open().simulate(100, 3).unwrap();
        assert_eq!(batch.simulations, whole.simulations, "{noise}");
        assert_eq!((batch.failures.total(), batch.noise.lines), (0, lines), "{noise}");
    }
    let project = Project::new("data_dim = 2", "echo '   Loading model'\n");
    std::fs::write(project.path("simulator.sh"), format!("echo '  Loading model'\n{}", script("")))
        .unwrap();
    let batch = project.open().simulate(100, 3).unwrap();
    assert_eq!(batch.noise.first.as_deref(), Some("Loading model"));
}

#[test]
fn noise_neither_floods_nor_holds_up() {
    // Talks for ever at simulation 7: fast, slowly.
    for (fault, kind) in [
        ("while :; do echo 'still at it'; done", FailureKind::Garbage),
        ("while :; do echo 'still at it'; sleep 0.02; done", FailureKind::Timeout),
    ] {
        let body = format!("if [ $index -eq 7 ]; then {fault}; fi");
        let project = Project::new("data_dim = 2\ntimeout = 0.5", &script(&body));
        let started = Instant::now();
        let batch = project.open().simulate(20, 3).unwrap();
        assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
        let kinds: Vec<_> = batch.failures.kinds.iter().map(|k| (k.kind, k.first.index)).collect();
        // A fast one may reach either limit first.
        let either = [(kind, 7), (FailureKind::Timeout, 7)];
        assert!(kinds.len() == 1 && either.contains(&kinds[0]), "{kinds:?}");
    }
}

#[test]
fn an_answer_without_its_index_is_shown_with_the_timeout() {
    let script = "while read -r index seed rate; do\n[ -n \"$index\" ] || continue\n\
                  echo \"0.25 $rate\"\ndone\n";
    let project = Project::new("data_dim = 2\ntimeout = 0.5\nworkers = 1", script);
    let error = project.open().simulate(3, 1).unwrap_err().to_string();
    assert!(error.contains("\"0.25 0.") && error.contains("INDEX x1 x2"), "{error}");
}

#[test]
fn an_answer_between_commas_is_refused_at_once() {
    let script = "while read -r index seed rate; do\n[ -n \"$index\" ] || continue\n\
                  echo \"$index,0.25,$rate\"\ndone\n";
    let project = Project::new("data_dim = 2\nworkers = 1", script);
    let error = project.open().simulate(3, 1).unwrap_err().to_string();
    assert!(error.contains("\"0,0.25,0.") && error.contains("INDEX x1 x2"), "{error}");
}
