//! Simulators written for a test, in shell, and the example in Python.

use freeform_simulators::{
    ExternalSimulator, FailureReport, SetJob, SetReport, SimulationSource, SourceError,
    simulate_set,
};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;

pub const PRIOR: &str =
    "[[parameter]]\nname = \"rate\"\ndistribution = \"uniform\"\nlow = 0.0\nhigh = 1.0\n";

/// A folder with `simulator.toml` (these settings, a prior on [0, 1]) and `simulator.sh`.
pub struct Project(TempDir);

impl Project {
    pub fn new(settings: &str, script: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let command = if settings.contains("command") {
            ""
        } else {
            "command = [\"sh\", \"simulator.sh\"]\n"
        };
        let text = format!("{command}{settings}\n{PRIOR}");
        fs::write(folder.path().join("simulator.toml"), text).unwrap();
        fs::write(folder.path().join("simulator.sh"), script).unwrap();
        Self(folder)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn open(&self) -> ExternalSimulator {
        ExternalSimulator::open(self.0.path()).unwrap()
    }
}

/// Answers x = (seed mod 1000, θ), after `body`, which may use $index, $seed, $rate.
pub fn script(body: &str) -> String {
    format!(
        "while read -r index seed rate; do\n[ -n \"$index\" ] || continue\n{body}\n\
         echo \"$index $((seed % 1000)) $rate\"\ndone\n"
    )
}

/// The folder of an example.
pub fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(name)
}

/// Whether the program runs; says so, loudly, if a test has to be left out.
pub fn have(program: &str, arguments: &[&str]) -> bool {
    let mut probe = Command::new(program);
    probe.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    let found = probe.status().is_ok_and(|status| status.success());
    if !found {
        // Written past the test harness, which would keep it to itself.
        let needs = format!("\n*** SKIPPED: this test needs `{program} {}`\n", arguments.join(" "));
        std::io::stderr().write_all(needs.as_bytes()).unwrap();
    }
    found
}

pub fn have_numpy() -> bool {
    have("python3", &["-c", "import numpy"])
}

/// Brings the set at `path` to `n` simulations of seed 5.
pub fn make(source: &dyn SimulationSource, n: u64, path: &Path) -> Result<SetReport, SourceError> {
    let (stop, progress) = (AtomicBool::new(false), |_, _: &FailureReport| {});
    let job =
        SetJob { source, n, seed: 5, path, overwrite: false, stop: &stop, progress: &progress };
    simulate_set(&job)
}

/// The same, stopped once `until` simulations are done.
pub fn interrupt(source: &dyn SimulationSource, n: u64, path: &Path, until: u64) {
    let stop = AtomicBool::new(false);
    let progress = |done, _: &FailureReport| stop.store(done >= until, Ordering::Relaxed);
    let job =
        SetJob { source, n, seed: 5, path, overwrite: false, stop: &stop, progress: &progress };
    let error = simulate_set(&job).unwrap_err();
    assert!(matches!(error, SourceError::Interrupted), "{error}");
}

/// Fails now and then, so that rows and indices differ.
pub fn failing_project() -> Project {
    let body = "[ $((index % 50)) -ne 3 ] || { echo \"$index nan 0\"; continue; }";
    Project::new("data_dim = 2", &script(body))
}
