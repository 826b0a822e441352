//! `freeform reference`.

use super::observation::ObservationArg;
use super::{Failure, Output};
use freeform_benchmark::reference_draws;
use freeform_simulators::{Task, write_table};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  freeform reference slcp --observation 3 -n 10000 --seed 1 --out ref.npy
  freeform reference two_moons --observation x.csv --out ref.npy";

/// Options of `freeform reference`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Benchmark task.
    task: String,
    /// Number of an official observation, or a file with observed data (.npy, .csv).
    #[arg(long, value_name = "NUMBER|FILE")]
    observation: ObservationArg,
    /// Number of draws.
    #[arg(short = 'n', long, default_value_t = 10_000, value_parser = super::simulate::count)]
    draws: usize,
    /// Seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Output file (.npy or .csv), one draw a row.
    #[arg(long)]
    out: PathBuf,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let task = Task::by_name(&args.task)?;
    let x = args.observation.load(Some(task.name()))?;
    let draws = reference_draws(&task, &x, args.draws, args.seed)?;
    write_table(&args.out, draws.theta.view())?;
    let (path, (n, dim)) = (args.out.display().to_string(), draws.theta.dim());
    let quality = match &draws.diagnostics {
        None => "exact and independent".to_owned(),
        Some(d) => {
            format!("R-hat {:.4}, {:.0} effective draws behind them", d.r_hat, d.effective_draws)
        }
    };
    let value = serde_json::json!({
        "task": task.name(), "draws": n, "theta_dim": dim, "seed": args.seed, "out": path,
        "diagnostics": draws.diagnostics,
    });
    output.result(&value, &format!("{path}: {n} draws of {dim} parameters, {quality}"))
}
