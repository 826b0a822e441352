//! `freeform report`.

use super::{Failure, Output};
use crate::report::report;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  freeform report runs/two_moons

Writes report.html into the folder: one file that loads nothing, light or dark as the reader's system
says, and fit for print. What was run, the posteriors of the run's and of checked observations, the
training, and the checks with a verdict in words and what to do about it. `run`, `infer` and `check` write it too.";

/// Options of `freeform report`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Folder of a trained model or of a run.
    folder: PathBuf,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let path = report(&args.folder)?.display().to_string();
    output.result(&serde_json::json!({ "out": path }), &format!("{path} is written"))
}
