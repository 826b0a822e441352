//! `freeform grid`: sweeps.

mod local;
mod report;
mod submit;

use super::{Failure, Output};
use crate::grid::{Layout, Plan};
use clap::Subcommand;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  freeform grid plan configs/grid/smoke.toml --out runs/smoke
  freeform grid run --out runs/smoke
  freeform grid status --out runs/smoke
  freeform grid collect --out runs/smoke

On a Slurm cluster:
  freeform grid submit --out runs/smoke --time 1:00:00 --max-running 100
With any other scheduler, K from 0 to the number of runs less one:
  freeform grid task --index K --out runs/smoke

Every verb can be interrupted at any moment and started again.";

/// Options of `freeform grid`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Write the sweep's plan: every run, with its index. Nothing is simulated or trained.
    Plan(report::PlanArgs),
    /// Run everything that is not done, here, on all cores.
    Run(local::RunArgs),
    /// Run one entry of the plan: what any scheduler calls.
    Task(local::TaskArgs),
    /// Submit everything that is neither done nor queued to Slurm.
    Submit(submit::Args),
    /// Say how far the sweep is.
    Status(report::StatusArgs),
    /// Go on with what is missing, here or on Slurm.
    Resume(local::ResumeArgs),
    /// Stop the sweep's runners, and take its jobs from Slurm's queue.
    Cancel(submit::CancelArgs),
    /// Write results.csv, best.csv and the figure.
    Collect(report::CollectArgs),
}

/// The sweep's folder.
#[derive(clap::Args)]
pub(super) struct SweepFolder {
    /// The sweep's folder.
    #[arg(long, value_name = "SWEEP_DIR")]
    out: PathBuf,
}

impl SweepFolder {
    fn layout(&self) -> Layout {
        Layout::new(&self.out)
    }

    fn open(&self, output: &Output) -> Result<(Layout, Plan), Failure> {
        let layout = self.layout();
        let plan = Plan::read(&layout)?;
        if plan.is_unchecked {
            output.reporter.say(&format!(
                "{} was planned by an earlier version, without checksums: it is used unchecked",
                layout.root().display()
            ));
        }
        Ok((layout, plan))
    }
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    match &args.verb {
        Verb::Plan(args) => report::plan_sweep(args, output),
        Verb::Run(args) => local::run(args, output),
        Verb::Task(args) => local::task(args, output),
        Verb::Submit(args) => submit::run(args, output),
        Verb::Status(args) => report::status(args, output),
        Verb::Resume(args) => local::resume(args, output),
        Verb::Cancel(args) => submit::cancel(args, output),
        Verb::Collect(args) => report::collect_results(args, output),
    }
}
