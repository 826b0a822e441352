//! `grid plan`, `grid status`, `grid collect`.

use super::super::{Failure, Output};
use super::SweepFolder;
use crate::grid::{BestSettings, SweepStatus, collect, plan, slurm, sweep_status};
use freeform_simulators::counted;
use std::path::PathBuf;

const PLAN_EXAMPLES: &str = "\
Examples:
  freeform grid plan configs/grid/smoke.toml --out runs/smoke
  freeform grid plan edited.toml --out runs/smoke    # adds the runs that are new";

/// Options of `freeform grid plan`.
#[derive(clap::Args)]
#[command(after_help = PLAN_EXAMPLES)]
pub(super) struct PlanArgs {
    /// The sweep.
    #[arg(value_name = "SWEEP.toml")]
    sweep: PathBuf,
    #[command(flatten)]
    folder: SweepFolder,
}

const STATUS_EXAMPLES: &str = "\
Examples:
  freeform grid status --out runs/smoke
  freeform grid status --out runs/smoke --json";

/// Options of `freeform grid status`.
#[derive(clap::Args)]
#[command(after_help = STATUS_EXAMPLES)]
pub(super) struct StatusArgs {
    #[command(flatten)]
    folder: SweepFolder,
}

const COLLECT_EXAMPLES: &str = "\
Examples:
  freeform grid collect --out runs/smoke    # at any moment, from what is finished";

/// Options of `freeform grid collect`.
#[derive(clap::Args)]
#[command(after_help = COLLECT_EXAMPLES)]
pub(super) struct CollectArgs {
    #[command(flatten)]
    folder: SweepFolder,
}

pub(super) fn plan_sweep(args: &PlanArgs, output: &Output) -> Result<(), Failure> {
    let layout = args.folder.layout();
    let planned = plan(&args.sweep, &layout)?;
    let mut text = format!("{}: {}", layout.plan().display(), counted(planned.runs, "run"));
    if planned.added < planned.runs {
        text += &format!(", {} of them new", planned.added);
    }
    if planned.dropped > 0 {
        text += &format!(
            "; {} planned earlier are no longer in the sweep's file and stay in the plan",
            planned.dropped
        );
    }
    output.result(&planned, &text)
}

pub(super) fn status(args: &StatusArgs, output: &Output) -> Result<(), Failure> {
    let (layout, plan) = args.folder.open(output)?;
    let status = sweep_status(&layout, &plan);
    let queue = slurm::queue_of(&layout);
    let SweepStatus { runs, done, failed, running, interrupted, pending, .. } = &status;
    let mut text = format!(
        "{done} of {runs} runs done, {failed} failed, {running} running, {interrupted} \
         interrupted, {pending} not begun\n"
    );
    if let (Some(seconds), true) = (status.mean_training_seconds, *running > 0) {
        let left = (runs - done - failed) as f64 * seconds / *running as f64;
        text += &format!("about {} of training left at this rate\n", duration(left));
    }
    for (index, run, why) in status.failures.iter().take(MOST_FAILURES) {
        text += &format!("  failed: {index} {run}: {why}\n");
    }
    if status.failures.len() > MOST_FAILURES {
        text += &format!("  and {} more failed\n", status.failures.len() - MOST_FAILURES);
    }
    match &queue {
        Ok(None) => {}
        Ok(Some(queue)) => text += &queue.text(),
        Err(error) => text += &format!("warning: {error}\n"),
    }
    let value = serde_json::json!({ "sweep": status, "slurm": queue.ok().flatten() });
    output.result(&value, &text)
}

/// Failures that a status shows.
const MOST_FAILURES: usize = 10;

fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 120.0 => format!("{s:.0} s"),
        s if s < 7200.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

pub(super) fn collect_results(args: &CollectArgs, output: &Output) -> Result<(), Failure> {
    let (layout, plan) = args.folder.open(output)?;
    let collected = collect(&layout, &plan)?;
    let mut text = format!(
        "{:<24} {:>11} {:<15} {:>8} {:>6}  settings\n",
        "task", "simulations", "best by", "NLL", "C2ST"
    );
    for best in &collected.best {
        text += &line(best);
    }
    text += &format!(
        "{} of {} runs are in {}",
        collected.done,
        collected.runs,
        layout.results().display()
    );
    output.result(&collected, &text)
}

fn line(best: &BestSettings) -> String {
    let settings: Vec<String> = best.settings.iter().map(|(k, v)| format!("{k}={v}")).collect();
    format!(
        "{:<24} {:>11} {:<15} {:>8.3} {:>6}  {}\n",
        best.task,
        best.num_simulations,
        best.criterion,
        best.validation_nll,
        best.c2st.map_or("-".to_owned(), |c| format!("{c:.3}")),
        settings.join(" ")
    )
}
