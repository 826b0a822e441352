//! `grid run`, `grid resume`, `grid task`: runs in this process.

use super::super::shell::word;
use super::super::{Failure, Output};
use super::SweepFolder;
use super::submit::{SlurmArgs, submit};
use crate::grid::{
    GridError, Layout, LocalJob, Plan, TaskJob, TaskOutcome, plan, run_local, run_task,
};
use crate::run::RunError;
use freeform_benchmark::ReferenceStore;
use freeform_inference::EngineKind;
use std::path::PathBuf;

const RUN_EXAMPLES: &str = "\
Examples:
  freeform grid run --out runs/smoke
  freeform grid run configs/grid/smoke.toml --out runs/smoke --jobs 4    # plans it first";

/// Options of `freeform grid run`.
#[derive(clap::Args)]
#[command(after_help = RUN_EXAMPLES)]
pub(super) struct RunArgs {
    /// The sweep: planned first, if given.
    #[arg(value_name = "SWEEP.toml")]
    sweep: Option<PathBuf>,
    #[command(flatten)]
    folder: SweepFolder,
    #[command(flatten)]
    here: HereArgs,
}

const RESUME_EXAMPLES: &str = "\
Examples:
  freeform grid resume --out runs/smoke
  freeform grid resume --retry-failed --out runs/smoke
  freeform grid resume --slurm --mem 4G --out runs/smoke";

/// Options of `freeform grid resume`.
#[derive(clap::Args)]
#[command(after_help = RESUME_EXAMPLES)]
pub(super) struct ResumeArgs {
    #[command(flatten)]
    folder: SweepFolder,
    #[command(flatten)]
    here: HereArgs,
    /// Submit to Slurm instead of running here.
    #[arg(long)]
    slurm: bool,
    #[command(flatten)]
    cluster: SlurmArgs,
}

/// How to run here.
#[derive(clap::Args)]
struct HereArgs {
    /// Runs at a time [default: one a thread].
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Try failed runs again.
    #[arg(long)]
    retry_failed: bool,
    #[command(flatten)]
    device: SweepDevice,
    /// Runs trained in step on a GPU: those that share shapes become one stack.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..))]
    pack: u16,
}

const TASK_EXAMPLES: &str = "\
Examples:
  freeform grid task --index 3 --out runs/smoke
  seq 0 7 | xargs -P 4 -I{} freeform --threads 1 grid task --out runs/smoke --index {}";

/// Options of `freeform grid task`.
#[derive(clap::Args)]
#[command(after_help = TASK_EXAMPLES)]
pub(super) struct TaskArgs {
    /// Index of the run in the plan, from 0.
    #[arg(long, value_name = "K")]
    index: usize,
    #[command(flatten)]
    folder: SweepFolder,
    #[command(flatten)]
    device: SweepDevice,
}

/// Where the runs of a sweep are trained.
#[derive(clap::Args)]
struct SweepDevice {
    /// Device instead of the sweep's own: cpu, burn, wgpu, wgpu:1, ...
    #[arg(long, value_name = "DEVICE")]
    device: Option<EngineKind>,
}

impl SweepDevice {
    /// The plan on that device, if one was named; the device of the first run must be there.
    fn applied(&self, mut plan: Plan) -> Result<Plan, Failure> {
        if let Some(device) = self.device {
            plan.entries.iter_mut().for_each(|entry| entry.engine = device);
        }
        if let Some(entry) = plan.entries.first() {
            entry.engine.open()?;
        }
        Ok(plan)
    }
}

pub(super) fn run(args: &RunArgs, output: &Output) -> Result<(), Failure> {
    if let Some(sweep) = &args.sweep {
        plan(sweep, &args.folder.layout())?;
    }
    let (layout, plan) = args.folder.open(output)?;
    here(&args.here, &layout, &plan, output)
}

pub(super) fn resume(args: &ResumeArgs, output: &Output) -> Result<(), Failure> {
    let (layout, plan) = args.folder.open(output)?;
    match args.slurm {
        true => submit(&args.cluster, args.here.retry_failed, &layout, &plan, output),
        false => here(&args.here, &layout, &plan, output),
    }
}

fn here(args: &HereArgs, layout: &Layout, plan: &Plan, output: &Output) -> Result<(), Failure> {
    let interrupt = output.interrupt_flag()?;
    let plan = &args.device.applied(plan.clone())?;
    let job = LocalJob {
        layout,
        plan,
        jobs: args.jobs.map_or_else(rayon::current_num_threads, usize::from),
        pack: args.pack.into(),
        retry_failed: args.retry_failed,
        store: &ReferenceStore::of_user(),
        interrupt: &interrupt,
        reporter: output.reporter,
    };
    let report = run_local(&job)?;
    let folder = layout.root().display();
    match report.failures.len() {
        0 => {
            let done = report.finished + report.known;
            let text = format!(
                "{done} of {} runs are done ({} by this command); next: freeform grid collect \
                 --out {}",
                report.runs,
                report.finished,
                word(layout.root())
            );
            output.result(&report, &text)
        }
        n => {
            let lines: Vec<String> =
                report.failures.iter().map(|(run, why)| format!("{run}: {why}")).collect();
            Err(Failure::failed(&format!(
                "{n} of {} runs failed; `freeform grid resume --retry-failed --out {folder}` tries \
                 them again:\n{}",
                report.runs,
                lines.join("\n")
            )))
        }
    }
}

pub(super) fn task(args: &TaskArgs, output: &Output) -> Result<(), Failure> {
    let (layout, plan) = args.folder.open(output)?;
    let plan = args.device.applied(plan)?;
    let entry = plan.entry(args.index)?;
    let interrupt = output.interrupt_flag()?;
    let job = TaskJob {
        layout: &layout,
        plan: &plan,
        entry,
        store: &ReferenceStore::of_user(),
        interrupt: &interrupt,
        reporter: output.reporter,
    };
    let outcome = run_task(&job).map_err(|error| match error {
        // Here the same command goes on, without --resume.
        GridError::Run(
            RunError::Interrupted { path } | RunError::SimulationInterrupted { path },
        ) => RunError::TableInterrupted { path }.into(),
        other => other,
    })?;
    let run = &entry.run;
    let text = match &outcome {
        TaskOutcome::Finished { mean_c2st: Some(c2st), training_seconds, .. } => {
            format!("{run}: C2ST {c2st:.3}, trained in {training_seconds:.1} s")
        }
        TaskOutcome::Finished { validation_nll, training_seconds, .. } => {
            format!("{run}: validation NLL {validation_nll:.3}, trained in {training_seconds:.1} s")
        }
        TaskOutcome::Known => format!("{run}: done before"),
        TaskOutcome::Busy => format!("{run}: another process is at it"),
    };
    let value = serde_json::json!({ "index": entry.index, "run": run, "result": outcome });
    output.result(&value, &text)
}
