//! Sets on disk: the same bytes however they came about.

use crate::support::{Project, failing_project, interrupt, make, script};
use freeform_simulators::{
    AnySimulator, FailureReport, SetJob, SimulationSource, Simulations, read_theta_failed,
    simulate_set,
};
use std::fs;
use std::sync::atomic::AtomicBool;

#[test]
fn interrupted_and_extended_sets_equal_an_uninterrupted_one() {
    let project = failing_project();
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
    let project = failing_project();
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
    let project = failing_project();
    let (simulator, path) = (project.open(), project.path("set.npz"));
    make(&simulator, 100, &path).unwrap();
    let error = make(&simulator, 60, &path).unwrap_err().to_string();
    assert!(error.contains("holds more simulations already, 100, than 60"), "{error}");
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
    let project = failing_project();
    let (simulator, path) = (project.open(), project.path("set.npz"));
    interrupt(&simulator, 1000, &path, 300);
    let report = make(&simulator, 1000, &path).unwrap();
    assert_eq!((report.failures.requested, report.failures.non_finite), (1000, 20));
    let again = make(&simulator, 1000, &path).unwrap();
    assert_eq!((again.failures.non_finite, again.rows), (20, 980));
    assert_eq!(again.failures.first.unwrap().index, 3);
}

#[test]
fn the_parameters_of_failed_simulations_are_kept_through_everything() {
    let project = failing_project();
    let (simulator, path) = (project.open(), project.path("set.npz"));
    let theta = simulator.settings().prior.sample_n(5, 1000);
    for n in [1, 20, 300, 1000] {
        if n == 1000 {
            interrupt(&simulator, n, &path, 700);
        }
        make(&simulator, n, &path).unwrap();
        let failed: Vec<usize> = (3..n as usize).step_by(50).collect();
        let expected = theta.select(ndarray::Axis(0), &failed);
        assert_eq!(read_theta_failed(&path).unwrap(), Some(expected), "n = {n}");
        assert_eq!(Simulations::read(&path).unwrap().len(), n as usize - failed.len());
    }
}

/// Whoever comes second is refused, and told by whom; what the first one makes is not touched.
#[test]
fn one_at_a_time_works_on_a_set() {
    let project = failing_project();
    let (simulator, path) = (project.open(), project.path("set.npz"));
    let attempt = |seed: u64, overwrite: bool| {
        let (stop, progress) = (AtomicBool::new(false), |_, _: &FailureReport| {});
        let (source, path): (&dyn SimulationSource, _) = (&simulator, path.as_path());
        let (n, stop, progress) = (300, &stop, &progress);
        simulate_set(&SetJob { source, n, seed, path, overwrite, stop, progress })
    };
    let refused = std::cell::RefCell::new(Vec::new());
    let stop = AtomicBool::new(false);
    let progress = |_, _: &FailureReport| {
        for (seed, overwrite) in [(5, false), (6, false), (6, true)] {
            refused.borrow_mut().push(attempt(seed, overwrite).unwrap_err().to_string());
        }
    };
    let (source, path): (&dyn SimulationSource, _) = (&simulator, path.as_path());
    let (n, seed, overwrite, stop, progress) = (300, 5, false, &stop, &progress);
    simulate_set(&SetJob { source, n, seed, path, overwrite, stop, progress }).unwrap();
    assert!(refused.borrow().len() >= 3);
    for error in refused.borrow().iter() {
        let process = format!("process {} on ", std::process::id());
        for part in ["set.npz is in use", &process, "choose another name"] {
            assert!(error.contains(part), "`{part}` is missing in: {error}");
        }
    }
    let error = attempt(6, false).unwrap_err().to_string();
    assert!(error.contains("holds simulations with seed 5, not 6"), "{error}");
    assert!(!project.path("set.npz.parts").exists());
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_simulated() {
    let project = Project::new("data_dim = 2", "echo started >> log\n");
    let simulator = project.open();
    for (n, name, parts) in [
        (
            1 << 50,
            "set.npz",
            &["1125899906842624 simulations", "(-n)", "54.0 PB on disk", "ask for"][..],
        ),
        (10, "set.csv", &["set.csv", ".npz"]),
        (10, "set", &[".npz"]),
    ] {
        let error = make(&simulator, n, &project.path(name)).unwrap_err().to_string();
        for part in parts {
            assert!(error.contains(part), "`{part}` is missing in: {error}");
        }
    }
    assert!(!project.path("log").exists());
}
