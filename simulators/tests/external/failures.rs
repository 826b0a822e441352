//! Every way in which a program can fail is counted, blamed on the right simulation, and survived.

use crate::support::{Project, script};
use freeform_simulators::{FailureKind, SimulatedBatch, SimulationSource, SourceError};

const N: usize = 300;
/// "Every 41st simulation".
const CULPRIT: &str = "$((index % 41)) -eq 17";

/// Runs with faults at every 41st simulation, and checks that exactly these are missing.
fn faulty(settings: &str, fault: &str) -> SimulatedBatch {
    let body = format!("if [ {CULPRIT} ]; then {fault}; fi");
    let settings = format!("data_dim = 2\nmax_failure_share = 0.5\n{settings}");
    let project = Project::new(&settings, &script(&body));
    let batch = project.open().simulate(N, 3).unwrap();
    let whole = Project::new("data_dim = 2", &script("")).open().simulate(N, 3).unwrap();
    let expected: Vec<u64> = (0..N as u64).filter(|i| i % 41 != 17).collect();
    assert_eq!(batch.indices, expected);
    for (row, &index) in batch.indices.iter().enumerate() {
        let other = whole.simulations.x.row(index as usize);
        assert_eq!(batch.simulations.x.row(row), other, "simulation {index}");
    }
    batch
}

fn check(batch: &SimulatedBatch, kind: FailureKind, message: &str) {
    let [only] = batch.failures.kinds.as_slice() else { panic!("{:?}", batch.failures.kinds) };
    assert_eq!((only.kind, only.count, only.first.index), (kind, 7, 17));
    assert_eq!(only.first.theta.len(), 1);
    assert!(only.first.message.contains(message), "{}", only.first.message);
}

#[test]
fn a_crash_costs_one_simulation_and_shows_standard_error() {
    let batch = faulty("workers = 2", "echo 'matrix is singular' >&2; exit 3");
    check(&batch, FailureKind::Crash, "matrix is singular");
    check(&batch, FailureKind::Crash, "exit status: 3");
}

#[test]
fn a_killed_worker_costs_one_simulation() {
    check(&faulty("workers = 2", "kill -9 $$"), FailureKind::Crash, "signal: 9");
}

#[test]
fn a_hanging_worker_is_killed_and_costs_one_simulation() {
    let batch = faulty("workers = 2\ntimeout = 0.3", "sleep 1000");
    check(&batch, FailureKind::Timeout, "timeout = 0.3 s");
}

#[test]
fn garbage_is_shown_and_costs_one_simulation() {
    let batch = faulty("workers = 1", "echo \"$index nothing 1\"; continue");
    check(&batch, FailureKind::Garbage, "nothing 1");
    // A stray number can never be taken for data.
    check(&faulty("workers = 1", "echo '3 4'"), FailureKind::Garbage, "3 4");
}

#[test]
fn a_wrong_number_of_values_is_counted() {
    let batch = faulty("workers = 2", "echo \"$index 1 2 3\"; continue");
    check(&batch, FailureKind::WrongLength, "3 numbers where data_dim = 2");
}

#[test]
fn values_that_are_not_finite_are_counted() {
    for value in ["nan", "inf", "-Infinity", "NA", "1e400"] {
        let batch = faulty("workers = 2", &format!("echo \"$index 1 {value}\"; continue"));
        assert_eq!(batch.failures.non_finite, 7);
        check(&batch, FailureKind::NonFinite, "x = [1, ");
    }
}

#[test]
fn an_error_that_the_simulator_reports_is_counted() {
    let batch = faulty("workers = 2", "echo \"$index error no steady state\"; continue");
    check(&batch, FailureKind::Reported, "no steady state");
}

#[test]
fn several_kinds_are_told_apart() {
    let body = "case $((index % 10)) in 1) exit 1;; 2) echo \"$index nan 1\"; continue;; esac";
    let project = Project::new("data_dim = 2\nmax_failure_share = 0.3", &script(body));
    let batch = project.open().simulate(100, 1).unwrap();
    let kinds: Vec<_> = batch.failures.kinds.iter().map(|k| (k.kind, k.count)).collect();
    assert_eq!(kinds, [(FailureKind::NonFinite, 10), (FailureKind::Crash, 10)]);
    assert_eq!((batch.failures.failed, batch.failures.non_finite), (10, 10));
}

#[test]
fn too_many_failures_stop_the_run_with_an_explanation() {
    let body = "[ $((index % 2)) -eq 0 ] || { echo 'matrix is singular' >&2; exit 1; }";
    let settings = "data_dim = 2\nmax_failure_share = 0.1\nworkers = 1\nbatch = 1";
    let project = Project::new(settings, &script(body));
    let error = project.open().simulate(100_000, 1).unwrap_err();
    let SourceError::TooManyFailures { report, .. } = &error else { panic!("{error}") };
    assert_eq!(report.total(), 6, "a tenth of 50 is allowed");
    let text = error.to_string();
    for part in ["max_failure_share = 0.1", "6 crashed", "theta = [0.", "matrix is singular"] {
        assert!(text.contains(part), "`{part}` is missing in: {text}");
    }
}

#[test]
fn a_command_that_does_not_exist_is_an_error() {
    let project = Project::new("data_dim = 2\ncommand = [\"no-such-program\", \"-v\"]", "");
    let text = project.open().simulate(10, 1).unwrap_err().to_string();
    assert!(text.contains("cannot start no-such-program -v"), "{text}");
}

/// Every 50th simulation fails, and its parameters are kept.
#[test]
fn the_parameters_of_failed_simulations_are_kept() {
    let body = "[ $((index % 50)) -ne 3 ] || { echo \"$index nan 0\"; continue; }";
    let project = Project::new("data_dim = 2", &script(body));
    let batch = project.open().simulate(320, 5).unwrap();
    let theta = project.open().settings().prior.sample_n(5, 320);
    let expected = theta.select(ndarray::Axis(0), &[3, 53, 103, 153, 203, 253, 303]);
    assert_eq!(batch.theta_failed, expected);
}

#[test]
fn no_process_is_left_behind() {
    // Each worker leaves a grandchild that would outlive it, whose id it notes.
    let body = "if [ $((index % 20)) -eq 0 ]; then sleep 1000 & echo $! >> pids; wait; fi";
    let settings = "data_dim = 2\ntimeout = 0.2\nmax_failure_share = 1.0\nworkers = 2";
    let project = Project::new(settings, &script(body));
    project.open().simulate(60, 1).unwrap();
    let pids = std::fs::read_to_string(project.path("pids")).unwrap();
    assert!(pids.lines().count() >= 3, "{pids}");
    for pid in pids.lines() {
        let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        assert!(state.is_empty() || state.contains(") Z "), "{pid} still runs: {state}");
    }
}

/// Arrays whose headers claim 10¹² rows, more than can be, or nested brackets: garbage, at once.
#[test]
fn arrays_that_lie_cost_their_simulations_only() {
    let nested = "[".repeat(200);
    for shape in ["(1000000000000, 2)", "(9223372036854775807, 9223372036854775807)", &nested] {
        let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}");
        let bytes = format!(
            "\\223NUMPY\\001\\000\\{:03o}\\{:03o}{header}",
            header.len() % 256,
            header.len() / 256
        );
        let settings = "command = [\"sh\", \"simulator.sh\", \"{theta}\", \"{x}\"]\n\
                        protocol = \"files\"\ndata_dim = 2\nmax_failure_share = 1.0";
        let script = format!("printf \"{bytes}\" > \"$2\"\n");
        let started = std::time::Instant::now();
        let error = Project::new(settings, &script).open().simulate(2, 1).unwrap_err().to_string();
        assert!(error.contains("{x} is not a readable npy file"), "{error}");
        assert!(started.elapsed().as_secs() < 10);
    }
}
