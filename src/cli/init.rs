//! `freeform init`.

use super::{Failure, Output};
use clap::ValueEnum;
use freeform_simulators::write_bytes_atomically;
use std::path::{Path, PathBuf};

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
    let readme = README.replace("{{PROGRAM}}", program).replace("{{PROTOCOL}}", protocol);
    let files = [
        (program, code),
        ("simulator.toml", settings),
        ("observed.csv", observed),
        ("config.toml", CONFIG),
        ("README.md", &readme),
    ];
    if let Some((name, _)) = files.iter().find(|(name, _)| folder.join(name).exists()) {
        return Err(Failure::failed(&format!(
            "{} is there already and is not replaced; choose another folder",
            folder.join(name).display()
        )));
    }
    std::fs::create_dir_all(folder)
        .map_err(|e| Failure::failed(&format!("cannot create {}: {e}", folder.display())))?;
    for (name, text) in files {
        write_bytes_atomically(&folder.join(name), text.as_bytes())?;
    }
    let names = files.map(|(name, _)| name);
    let value = serde_json::json!({ "folder": folder.display().to_string(), "files": names });
    output.result(&value, &next_steps(folder, program))
}

fn next_steps(folder: &Path, program: &str) -> String {
    let folder = folder.display();
    format!(
        "{folder}: {program}, simulator.toml, observed.csv, config.toml, README.md\n\n\
         Next:\n  cd {folder}\n  \
         freeform run simulator.toml --simulations 2000 --config config.toml --out run"
    )
}
