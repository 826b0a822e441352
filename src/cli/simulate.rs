//! `freeform simulate`.

use super::{Failure, Output};
use crate::run::failure_warning;
use freeform_simulators::{Task, simulate};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Example:
  freeform simulate two_moons -n 10000 --seed 1 --out sims.npz

The file holds the arrays theta [n, D] and x [n, C] (numpy.load reads it). Simulation i depends on
the seed and i alone: a longer run begins with the same rows.";

/// Options of `freeform simulate`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Benchmark task.
    task: String,
    /// Number of simulations.
    #[arg(short = 'n', long, value_name = "N", value_parser = super::simulate::count)]
    simulations: usize,
    /// Seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Output file (.npz).
    #[arg(long)]
    out: PathBuf,
}

/// A count of at least 1.
pub(super) fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("must be at least 1".to_owned()),
        Ok(n) => Ok(n),
        Err(_) => Err("is not a whole number".to_owned()),
    }
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let task = Task::by_name(&args.task)?;
    let simulated = simulate(task.simulator(), args.simulations, args.seed)?;
    if let Some(warning) = failure_warning(&simulated.failures) {
        output.reporter.warn(&warning);
    }
    let simulations = simulated.simulations;
    simulations.write(&args.out)?;
    let (rows, dim, data) = (simulations.len(), simulations.theta.ncols(), simulations.x.ncols());
    let path = args.out.display().to_string();
    let value = serde_json::json!({
        "task": task.name(), "simulations": rows, "theta_dim": dim, "x_dim": data,
        "seed": args.seed, "out": path,
    });
    output.result(&value, &format!("{path}: theta [{rows}, {dim}], x [{rows}, {data}]"))
}
