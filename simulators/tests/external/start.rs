//! Programs that cannot work are found out at once, and cost nothing later.

use crate::support::{Project, make, script};
use freeform_simulators::{SimulationSource, SourceError};
use std::fs;
use std::time::{Duration, Instant};

/// The settings of a program that reads and writes files.
fn files(settings: &str) -> String {
    format!(
        "data_dim = 2\nprotocol = \"files\"\n\
         command = [\"sh\", \"simulator.sh\", \"{{theta}}\", \"{{x}}\"]\n{settings}"
    )
}

fn fails_at_once(project: &Project, parts: &[&str]) {
    let error = project.open().simulate(100_000, 1).unwrap_err();
    assert!(matches!(error, SourceError::NoneSucceeded { .. }), "{error}");
    let error = error.to_string();
    for part in parts.iter().chain(&["none of the first", "max_failure_share"]) {
        assert!(error.contains(part), "`{part}` is missing in: {error}");
    }
}

#[test]
fn a_missing_requirement_is_shown_after_a_few_starts() {
    let fault = "echo start >> log\necho 'No module named numpy' >&2; exit 1";
    for settings in ["data_dim = 2".to_owned(), files(""), files("batch = 500\nworkers = 2")] {
        // Of two workers on a busy machine, one may be far on before the other has begun: now and then.
        let starts = (0..3).map(|_| {
            let project = Project::new(&settings, fault);
            fails_at_once(&project, &["first 5 simulations", "5 crashed", "No module named numpy"]);
            fs::read_to_string(project.path("log")).unwrap().lines().count()
        });
        let starts = starts.min().unwrap_or_default();
        assert!((5..=10).contains(&starts), "{starts} starts for `{settings}`");
    }
}

#[test]
fn a_program_that_hangs_costs_a_timeout_or_two() {
    for (workers, most) in [(1, 1.4), (2, 0.9)] {
        for settings in ["data_dim = 2".to_owned(), files("")] {
            let settings = format!("{settings}\ntimeout = 0.5\nworkers = {workers}");
            let project = Project::new(&settings, "sleep 1000");
            let started = Instant::now();
            fails_at_once(&project, &["first 2 simulations", "2 timed out", "timeout = 0.5 s"]);
            let took = started.elapsed().as_secs_f64();
            // Each timeout, and the noise of a busy machine.
            assert!(took < most + 1.0, "{took:.2} s with {workers} workers");
        }
    }
}

#[test]
fn where_most_may_fail_the_first_ones_may() {
    for (share, body) in [
        ("0.9", "[ $index -ge 12 ] || exit 1"),
        ("1.0", "[ $index -ge 40 ] || exit 1"),
        // Answers all the same, and not by a broken program.
        ("0.5", "[ $index -ge 20 ] || { echo \"$index error no steady state\"; continue; }"),
    ] {
        let project =
            Project::new(&format!("data_dim = 2\nmax_failure_share = {share}"), &script(body));
        assert!(project.open().simulate(200, 1).unwrap().simulations.len() >= 160, "{body}");
    }
}

/// What failed for want of something that is there now is tried again.
#[test]
fn a_mended_environment_heals_the_set() {
    for (broken, heard) in [
        // From the beginning; later, so that chunks with failures are there.
        ("[ -e there ] || exit 1", "none of the first"),
        ("[ -e there ] || [ $index -lt 40 ] || exit 1", "of the first"),
    ] {
        let project = Project::new("data_dim = 2\nworkers = 1", &script(broken));
        let (simulator, path) = (project.open(), project.path("set.npz"));
        let error = make(&simulator, 500, &path).unwrap_err().to_string();
        assert!(error.contains(heard), "{error}");
        fs::write(project.path("there"), "").unwrap();
        let report = make(&simulator, 500, &path).unwrap();
        assert_eq!((report.rows, report.failures.total()), (500, 0), "{broken}");
        let whole = project.path("whole.npz");
        make(&simulator, 500, &whole).unwrap();
        assert!(fs::read(&path).unwrap() == fs::read(&whole).unwrap());
    }
}

/// What is no file is not waited for, and what is far too long is not read.
#[test]
fn an_output_that_is_no_table_is_refused_unread() {
    for (fault, message) in [
        ("mkfifo \"$2\"", "{x} is not a file"),
        ("ln -s /dev/zero \"$2\"", "{x} is not a file"),
        ("mkdir \"$2\"", "{x} is not a file"),
        ("truncate -s 1T \"$2\"", "1099511627776 bytes"),
        (":", "the program wrote no {x}"),
        ("echo nothing > \"$2\"", "{x}"),
        // Somebody is still writing to it.
        ("mkfifo \"$2\"; sleep 1000 > \"$2\" & exit 0", "{x} is not a file"),
    ] {
        let project = Project::new(&files("timeout = 5"), fault);
        let started = Instant::now();
        fails_at_once(&project, &[message]);
        assert!(started.elapsed() < Duration::from_secs(5), "{fault}: {:?}", started.elapsed());
    }
}
