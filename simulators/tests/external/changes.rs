//! Programs that are not what they were when their set was begun.

use crate::support::{Project, make, script};
use freeform_simulators::{SetError, SourceError};
use std::time::Duration;

const SETTINGS: &str = "data_dim = 2\n";

/// What a program imports is no part of its command: the first simulation is made again to see.
#[test]
fn a_program_that_changed_unseen_is_said() {
    let body = script(". ./scale.sh\nseed=$((seed % 100 * SCALE))");
    let project = Project::new(SETTINGS, &body);
    let table = project.path("set.npz");
    std::fs::write(project.path("scale.sh"), "SCALE=1\n").unwrap();
    let told = |n: u64| make(&project.open(), n, &table).unwrap().remarks.join("; ");
    assert_eq!(told(40), "");
    assert_eq!(told(40), "");
    assert_eq!(told(60), "");
    std::fs::write(project.path("scale.sh"), "SCALE=3\n").unwrap();
    let said = told(80);
    assert!(said.contains("simulation 0, run again with its seed, gives other numbers"), "{said}");
    // Noise that no seed governs looks the same.
    let body = script("seed=$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')");
    let project = Project::new(SETTINGS, &body);
    let table = project.path("set.npz");
    make(&project.open(), 40, &table).unwrap();
    let said = make(&project.open(), 60, &table).unwrap().remarks.join("; ");
    assert!(said.contains("does not use the SEED"), "{said}");
}

/// Workers that start anew would run the new program under the old one's name.
#[test]
fn a_program_that_is_edited_while_it_runs_gives_no_set() {
    let body = script("sleep 0.02");
    let project = Project::new(SETTINGS, &body);
    let (table, file, old) = (project.path("set.npz"), project.path("simulator.sh"), body.clone());
    let simulator = project.open();
    let editor = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(2));
        std::fs::write(file, old + "# edited\n").unwrap();
    });
    let error = make(&simulator, 400, &table).unwrap_err();
    editor.join().unwrap();
    assert!(matches!(error, SourceError::Set(SetError::ChangedMeanwhile { .. })), "{error}");
    assert!(!table.exists());
    // Put back, it goes on with what was made before.
    std::fs::write(project.path("simulator.sh"), body).unwrap();
    let report = make(&project.open(), 400, &table).unwrap();
    assert!(report.reused > 20 && report.rows == 400, "{} of {}", report.reused, report.rows);
}
