//! Sets on disk: the same bytes however they came about.

use crate::support::{Project, script};
use freeform_simulators::{
    AnySimulator, FailureReport, SetJob, SetReport, SimulationSource, Simulations, SourceError,
    simulate_set,
};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

fn make(source: &dyn SimulationSource, n: u64, path: &Path) -> Result<SetReport, SourceError> {
    let (stop, progress) = (AtomicBool::new(false), |_, _: &FailureReport| {});
    let job =
        SetJob { source, n, seed: 5, path, overwrite: false, stop: &stop, progress: &progress };
    simulate_set(&job)
}

/// Stops once `until` simulations are done.
fn interrupt(source: &dyn SimulationSource, n: u64, path: &Path, until: u64) {
    let stop = AtomicBool::new(false);
    let progress = |done, _: &FailureReport| stop.store(done >= until, Ordering::Relaxed);
    let job =
        SetJob { source, n, seed: 5, path, overwrite: false, stop: &stop, progress: &progress };
    let error = simulate_set(&job).unwrap_err();
    assert!(matches!(error, SourceError::Interrupted), "{error}");
}

/// Fails now and then, so that rows and indices differ.
fn project() -> Project {
    let body = "[ $((index % 50)) -ne 3 ] || { echo \"$index nan 0\"; continue; }";
    Project::new("data_dim = 2", &script(body))
}

#[test]
fn interrupted_and_extended_sets_equal_an_uninterrupted_one() {
    let project = project();
    let simulator = project.open();
    let whole = project.path("whole.npz");
    let report = make(&simulator, 3000, &whole).unwrap();
    assert_eq!((report.rows, report.reused), (2940, 0));
    let bytes = fs::read(&whole).unwrap();

    let pieces = project.path("pieces.npz");
    for until in [1, 700, 1900] {
        interrupt(&simulator, 3000, &pieces, until);
        assert!(!pieces.exists());
    }
    // A chunk that a failing disk damaged is made again.
    let parts = project.path("pieces.npz.parts");
    let chunk = fs::read_dir(&parts).unwrap().next().unwrap().unwrap().path();
    fs::write(&chunk, &fs::read(&chunk).unwrap()[..40]).unwrap();
    let report = make(&simulator, 3000, &pieces).unwrap();
    assert!(report.reused > 0 && report.reused < 3000, "{report:?}");
    assert!(bytes == fs::read(&pieces).unwrap(), "the resumed set differs");
    assert!(!parts.exists(), "chunks are left behind");

    let grown = project.path("grown.npz");
    for (n, reused) in [(10, 0), (1100, 10), (1100, 1100), (3000, 1100)] {
        assert_eq!(make(&simulator, n, &grown).unwrap().reused, reused);
        if n == 1100 {
            let (part, all) =
                (Simulations::read(&grown).unwrap(), Simulations::read(&whole).unwrap());
            assert_eq!(part.x, all.x.slice(ndarray::s![..1078, ..]));
        }
    }
    assert!(bytes == fs::read(&grown).unwrap(), "the extended set differs");
}

#[test]
fn workers_and_batches_change_nothing() {
    let body = "[ $((index % 50)) -ne 3 ] || exit 1";
    let mut tables = Vec::new();
    for settings in ["workers = 1", "workers = 3", "workers = 2\nbatch = 3", "batch = 1"] {
        let project = Project::new(&format!("data_dim = 2\n{settings}"), &script(body));
        let batch = project.open().simulate(400, 9).unwrap();
        tables.push((batch.simulations, batch.indices));
    }
    assert!(tables.iter().all(|table| *table == tables[0]));
    assert_eq!(tables[0].1.len(), 392);
}

#[test]
fn tasks_make_sets_too() {
    let AnySimulator::Task(task) = AnySimulator::open("two_moons").unwrap() else { panic!() };
    let project = project();
    let (whole, pieces) = (project.path("whole.npz"), project.path("pieces.npz"));
    make(&task, 5000, &whole).unwrap();
    interrupt(&task, 5000, &pieces, 1024);
    make(&task, 4000, &pieces).unwrap();
    make(&task, 5000, &pieces).unwrap();
    assert!(fs::read(&whole).unwrap() == fs::read(&pieces).unwrap());
    let direct = freeform_simulators::simulate(task.simulator(), 5000, 5).unwrap().simulations;
    assert_eq!(Simulations::read(&whole).unwrap(), direct);
}

#[test]
fn other_sets_are_not_touched() {
    let project = project();
    let (simulator, path) = (project.open(), project.path("set.npz"));
    make(&simulator, 100, &path).unwrap();
    let error = make(&simulator, 60, &path).unwrap_err().to_string();
    assert!(error.contains("holds 100 simulations already, more than 60"), "{error}");
    let task = AnySimulator::open("two_moons").unwrap();
    let error = make(task.source(), 200, &path).unwrap_err().to_string();
    assert!(error.contains("not of \"two_moons\"") && error.contains("--overwrite"), "{error}");
    // The program has changed: its simulations no longer belong together.
    fs::write(project.path("simulator.sh"), script("rate=$rate")).unwrap();
    let error = make(&simulator, 200, &path).unwrap_err().to_string();
    assert!(error.contains("before it was changed"), "{error}");
    let foreign = project.path("foreign.npz");
    Simulations::read(&path).unwrap().write(&foreign).unwrap();
    let error = make(&simulator, 200, &foreign).unwrap_err().to_string();
    assert!(error.contains("was not made by"), "{error}");
}

#[test]
fn failures_are_remembered_over_interruptions() {
    let project = project();
    let (simulator, path) = (project.open(), project.path("set.npz"));
    interrupt(&simulator, 1000, &path, 300);
    let report = make(&simulator, 1000, &path).unwrap();
    assert_eq!((report.failures.requested, report.failures.non_finite), (1000, 20));
    let again = make(&simulator, 1000, &path).unwrap();
    assert_eq!((again.failures.non_finite, again.rows), (20, 980));
    assert_eq!(again.failures.first.unwrap().index, 3);
}
