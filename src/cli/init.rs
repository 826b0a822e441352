//! `freeform init`.

use super::shell::word;
use super::{Failure, Output};
use crate::run::own;
use clap::ValueEnum;
use freeform_simulators::write_bytes_atomically;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const EXAMPLES: &str = "\
Examples:
  freeform init project
  freeform init project --language shell
  cd project && freeform run simulator.toml --simulations 2000 --config config.toml --out run";

/// Options of `freeform init`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Folder for the project; files that are there already are never replaced.
    folder: PathBuf,
    /// What the simulator is written in.
    #[arg(long, value_enum, default_value_t)]
    language: Language,
}

/// The projects to start from: the repository's examples.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Language {
    /// Python with numpy, a long-lived worker.
    #[default]
    Python,
    /// A shell script, a long-lived worker.
    Shell,
    /// R, a long-lived worker.
    R,
    /// Python with numpy, started for each batch, with `.npy` files in and out.
    Files,
}

/// Name of the simulator's file, its text, its settings, and its observation.
type Template = (&'static str, &'static str, &'static str, &'static str);

macro_rules! template {
    ($folder:literal, $program:literal) => {
        (
            $program,
            include_str!(concat!("../../examples/", $folder, "/", $program)),
            include_str!(concat!("../../examples/", $folder, "/simulator.toml")),
            include_str!(concat!("../../examples/", $folder, "/observed.csv")),
        )
    };
}

const README: &str = include_str!("../../examples/project/README.md");
const CONFIG: &str = include_str!("../../examples/project/config.toml");
const LINES: &str = "
The simulator reads one simulation a line, `INDEX SEED θ1 θ2 …`, and answers `INDEX x1 x2 …` or
`INDEX error MESSAGE`; an empty line ends a batch, after which all answers must be out. A simulator
that draws all its randomness from SEED gives the same table however it is run.";
const FILES: &str = "
The program is run once a batch: it reads parameters `[k, D]` and seeds `[k]` from `.npy` files and
writes data `[k, C]` to a third. A simulator that draws row i from seed i gives the same table
however it is run.";

impl Language {
    fn template(self) -> Template {
        match self {
            Self::Python => template!("python_sir", "simulator.py"),
            Self::Shell => template!("shell_gaussian", "simulator.sh"),
            Self::R => template!("r_linear", "simulator.R"),
            Self::Files => template!("files_linear", "simulator.py"),
        }
    }

    /// What must be installed, in words, and a command that fails where it is not.
    fn needs(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Python | Self::Files => {
                ("python3 with numpy (pip install numpy)", &["python3", "-c", "import numpy"])
            }
            Self::Shell => ("sh and awk", &["sh", "-c", "awk 'BEGIN { exit }'"]),
            Self::R => ("R, with Rscript on the PATH", &["Rscript", "--version"]),
        }
    }

    fn protocol(self) -> &'static str {
        match self {
            Self::Files => FILES,
            _ => LINES,
        }
    }
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let folder = &args.folder;
    let (program, code, settings, observed) = args.language.template();
    let protocol = args.language.protocol();
    let (needs, probe) = args.language.needs();
    let readme = README.replace("{{PROGRAM}}", program).replace("{{PROTOCOL}}", protocol);
    let readme = readme.replace("{{NEEDS}}", needs);
    let files = [
        (program, code),
        ("simulator.toml", settings),
        ("observed.csv", observed),
        ("config.toml", CONFIG),
        ("README.md", &readme),
    ];
    let _own = own(folder)?;
    if let Some((name, _)) = files.iter().find(|(name, _)| folder.join(name).exists()) {
        return Err(Failure::failed(&format!(
            "{} is there already and is not replaced; choose another folder",
            folder.join(name).display()
        )));
    }
    for (name, text) in files {
        write_bytes_atomically(&folder.join(name), text.as_bytes())?;
    }
    if !works(probe) {
        output.reporter.warn(&format!("{program} needs {needs}, which was not found here"));
    }
    let names = files.map(|(name, _)| name);
    let shown = folder.display().to_string();
    let value = serde_json::json!({ "folder": shown, "files": names, "needs": needs });
    output.result(&value, &next_steps(folder, program, needs))
}

/// Whether the command succeeds.
fn works(command: &[&str]) -> bool {
    let mut probe = Command::new(command[0]);
    probe.args(&command[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    probe.status().is_ok_and(|status| status.success())
}

fn next_steps(folder: &Path, program: &str, needs: &str) -> String {
    let (folder, place) = (folder.display(), word(folder));
    format!(
        "{folder}: {program}, simulator.toml, observed.csv, config.toml, README.md\n\n\
         {program} needs {needs}.\n\n\
         Next:\n  cd {place}\n  \
         freeform run simulator.toml --simulations 2000 --config config.toml --out run"
    )
}
