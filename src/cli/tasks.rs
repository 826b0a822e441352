//! `freeform tasks`.

use super::{Failure, Output};
use freeform_simulators::tasks;
use serde::Serialize;

const EXAMPLES: &str = "\
Examples:
  freeform tasks
  freeform tasks --json";

/// Options of `freeform tasks`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {}

#[derive(Serialize)]
struct Row {
    name: &'static str,
    parameters: usize,
    data: usize,
    description: &'static str,
}

pub(super) fn run(_: &Args, output: &Output) -> Result<(), Failure> {
    let mut rows = Vec::new();
    let mut text = format!("{:<24} {:>5} {:>5}  description\n", "task", "θ dim", "x dim");
    for task in tasks() {
        let (parameters, data) = (task.parameter_dim, task.data_dim);
        let (name, description) = (task.name, task.description);
        text += &format!("{name:<24} {parameters:>5} {data:>5}  {description}\n");
        rows.push(Row { name, parameters, data, description });
    }
    output.result(&rows, &text)
}
