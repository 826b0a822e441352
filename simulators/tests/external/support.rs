//! Simulators written for a test, in shell, and the example in Python.

use freeform_simulators::ExternalSimulator;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
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
