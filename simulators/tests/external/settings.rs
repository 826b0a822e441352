//! `simulator.toml`: what it means, and what is answered to a mistake.

use crate::support::{PRIOR, Project};
use freeform_simulators::{ExternalSettings, ExternalSimulator, Protocol};
use std::time::Duration;

#[test]
fn every_key_is_read() {
    let text = "
        name = \"demo\"
        version = \"2\"
        command = [\"sh\", \"simulator.sh\"]
        data_names = [\"count\", \"time\"]
        observations = \"seen.csv\"
        timeout = 1.5
        workers = 3
        batch = 7
        max_failure_share = 0.25
        environment = { OMP_NUM_THREADS = \"2\" }";
    let project = Project::new(text, "");
    let settings = ExternalSettings::read(project.path("simulator.toml")).unwrap();
    assert_eq!((settings.name.as_str(), settings.version.as_deref()), ("demo", Some("2")));
    assert_eq!(settings.command, ["sh", "simulator.sh"]);
    assert_eq!(settings.data_names, ["count", "time"]);
    assert_eq!(settings.prior.names(), ["rate"]);
    assert_eq!(settings.observations, Some(project.path("seen.csv")));
    assert_eq!(settings.timeout, Duration::from_millis(1500));
    assert_eq!((settings.workers, settings.batch), (Some(3), Some(7)));
    assert_eq!((settings.max_failure_share, settings.protocol), (0.25, Protocol::Lines));
    assert_eq!(settings.environment["OMP_NUM_THREADS"], "2");
}

#[test]
fn mistakes_are_answered_with_the_key_and_the_fix() {
    for (settings, parts) in [
        ("data_dim = 2\ntimeuot = 3", &["\"timeuot\"", "did you mean \"timeout\"?"][..]),
        ("", &["\"data_dim\" is missing"]),
        ("data_dim = 0", &["data_dim = 0", "from 1 to"]),
        ("data_dim = \"two\"", &["data_dim = \"two\"", "whole number"]),
        ("data_dim = 2\ntimeout = 0", &["timeout = 0", "above 0"]),
        ("data_dim = 2\ntimeout = nan", &["timeout = nan", "above 0"]),
        ("data_dim = 2\nworkers = -1", &["workers = -1"]),
        ("data_dim = 2\nmax_failure_share = 1.5", &["max_failure_share = 1.5", "0 to 1"]),
        ("data_dim = 2\ncommand = \"sh simulator.sh\"", &["command = ", "list of texts"]),
        ("data_dim = 2\ncommand = []", &["command = []", "name a program"]),
        ("data_dim = 2\nprotocol = \"http\"", &["protocol = \"http\"", "\"files\""]),
        ("data_dim = 2\nprotocol = \"files\"", &["{theta}"]),
        ("data_dim = 2\ndata_names = [\"a\"]", &["data_names", "data_dim entries"]),
        ("data_dim = 2\nenvironment = { A = 1 }", &["environment", "texts"]),
        ("data_dim = ", &["not valid TOML"]),
    ] {
        let project = Project::new(settings, "");
        let error = ExternalSimulator::open(project.path("")).unwrap_err().to_string();
        for part in parts.iter().chain(&["simulator.toml"]) {
            assert!(error.contains(part), "`{part}` is missing for `{settings}`: {error}");
        }
    }
}

#[test]
fn the_prior_in_the_file_is_checked_like_any_other() {
    let project = Project::new("data_dim = 2", "");
    let path = project.path("simulator.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("high = 1.0", "high = -1.0")).unwrap();
    let error = ExternalSimulator::open(&path).unwrap_err().to_string();
    assert!(error.contains("parameter \"rate\"") && error.contains("high"), "{error}");
    std::fs::write(&path, text.replace(PRIOR, "")).unwrap();
    let error = ExternalSimulator::open(&path).unwrap_err().to_string();
    assert!(error.contains("no parameters"), "{error}");
}

#[test]
fn a_missing_file_is_named() {
    let error = ExternalSimulator::open("nowhere/simulator.toml").unwrap_err().to_string();
    assert!(error.contains("cannot read nowhere/simulator.toml"), "{error}");
}
