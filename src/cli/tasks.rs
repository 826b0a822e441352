//! `freeform tasks`.

use super::{Failure, Output};
use freeform_simulators::{Task, task_names};
use serde::Serialize;

/// Options of `freeform tasks`.
#[derive(clap::Args)]
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
    for name in task_names() {
        let task = Task::by_name(name)?;
        let (parameters, data) = (task.prior().dim(), task.simulator().data_dim());
        rows.push(Row { name: task.name(), parameters, data, description: task.description() });
    }
    let mut text = format!("{:<24} {:>5} {:>5}  description\n", "task", "θ dim", "x dim");
    for Row { name, parameters, data, description } in &rows {
        text += &format!("{name:<24} {parameters:>5} {data:>5}  {description}\n");
    }
    output.result(&rows, &text)
}
