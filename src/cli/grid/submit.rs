//! `grid submit`, `grid cancel`.

use super::super::{Failure, Output};
use super::SweepFolder;
use crate::grid::slurm::{SubmitOptions, cancel_jobs, submit as submit_sweep};
use crate::grid::{Layout, Plan, request_stop};
use freeform_simulators::counted;

const SUBMIT_EXAMPLES: &str = "\
Examples:
  freeform grid submit --out runs/paper --dry-run
  freeform grid submit --out runs/paper --max-running 100 --time 1:00:00 --partition cpu
  freeform grid submit --out runs/paper --sbatch-line=--qos=long";

/// Options of `freeform grid submit`.
#[derive(clap::Args)]
#[command(after_help = SUBMIT_EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    folder: SweepFolder,
    /// Try failed runs again.
    #[arg(long)]
    retry_failed: bool,
    #[command(flatten)]
    cluster: SlurmArgs,
}

const CANCEL_EXAMPLES: &str = "\
Examples:
  freeform grid cancel --out runs/smoke";

/// Options of `freeform grid cancel`.
#[derive(clap::Args)]
#[command(after_help = CANCEL_EXAMPLES)]
pub(super) struct CancelArgs {
    #[command(flatten)]
    folder: SweepFolder,
}

/// What to ask of Slurm; each wins over the sweep's own `[resources]`.
#[derive(clap::Args)]
pub(super) struct SlurmArgs {
    /// Slurm: most runs at a time, in each array.
    #[arg(long, value_name = "N", value_parser = super::super::count::count)]
    max_running: Option<usize>,
    /// Slurm: time limit of a run, e.g. 1:00:00.
    #[arg(long)]
    time: Option<String>,
    /// Slurm: memory of a run, e.g. 2G.
    #[arg(long, value_name = "MEM")]
    mem: Option<String>,
    /// Slurm: cores of a run.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    cpus_per_task: Option<u16>,
    /// Slurm: partition.
    #[arg(long)]
    partition: Option<String>,
    /// Slurm: account.
    #[arg(long)]
    account: Option<String>,
    /// Slurm: a further option, e.g. --sbatch-line=--qos=long (repeatable).
    #[arg(long = "sbatch-line", value_name = "OPTION", allow_hyphen_values = true)]
    sbatch_line: Vec<String>,
    /// Slurm: print the job scripts; write and submit nothing.
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let (layout, plan) = args.folder.open(output)?;
    submit(&args.cluster, args.retry_failed, &layout, &plan, output)
}

pub(super) fn submit(
    args: &SlurmArgs,
    retry_failed: bool,
    layout: &Layout,
    plan: &Plan,
    output: &Output,
) -> Result<(), Failure> {
    let options = SubmitOptions {
        max_running: args.max_running,
        time: args.time.clone(),
        memory: args.mem.clone(),
        cpus: args.cpus_per_task,
        partition: args.partition.clone(),
        account: args.account.clone(),
        lines: args.sbatch_line.clone(),
        retry_failed,
        dry_run: args.dry_run,
    };
    let submission = submit_sweep(layout, plan, &options)?;
    let mut text = submission.scripts.join("\n");
    for array in &submission.arrays {
        text += &format!("array {}: {}\n", array.job, counted(array.indices.len(), "run"));
    }
    match &submission.collect {
        Some(job) => text += &format!("job {job} collects the results when they end\n"),
        None if submission.scripts.is_empty() => {
            text += "nothing to submit: every run is done or queued\n"
        }
        None => {}
    }
    if submission.queued > 0 {
        text += &format!("{} queued already\n", counted(submission.queued, "run"));
    }
    output.result(&submission, &text)
}

pub(super) fn cancel(args: &CancelArgs, output: &Output) -> Result<(), Failure> {
    let (layout, _) = args.folder.open(output)?;
    request_stop(&layout)?;
    let arrays = cancel_jobs(&layout)?;
    let text = format!(
        "runners at work on {} stop within seconds; {arrays} Slurm arrays cancelled",
        layout.root().display()
    );
    output.result(&serde_json::json!({ "cancelled_arrays": arrays }), &text)
}
