//! `freeform simulate`.

use super::count::count;
use super::table::output_failure;
use super::{Failure, Output};
use crate::run::{Workplace, make_set, set_warnings};
use freeform_simulators::{AnySimulator, Precision, prepare_simulations_output};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  freeform simulate two_moons -n 10000 --seed 1 --out sims.npz
  freeform simulate project/simulator.toml -n 10000 --out sims.npz
  freeform simulate project/simulator.toml -n 20000 --out sims.npz    # 10,000 more

The file holds the arrays theta [n, D] and x [n, C] (numpy.load reads it), and theta_failed [m, D], the
parameters of simulations that failed. Simulation i depends on the seed and i alone: a larger set
begins with the same rows. After Ctrl-C or a crash the same command goes on where it was. One process
at a time works on a set.";

/// Options of `freeform simulate`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Benchmark task, or your own simulator.toml.
    task: String,
    /// Number of simulations: 10000, 1e4 or 10k.
    #[arg(short = 'n', long, value_name = "N", value_parser = count)]
    simulations: usize,
    /// Seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Output file (.npz).
    #[arg(long)]
    out: PathBuf,
    /// Start anew where the output file holds something else.
    #[arg(long)]
    overwrite: bool,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    prepare_simulations_output(&args.out).map_err(output_failure)?;
    let simulator = AnySimulator::open(&args.task)?;
    let interrupt = output.interrupt_flag()?;
    let at = Workplace {
        folder: args.out.parent().unwrap_or(&args.out),
        overwrite: args.overwrite,
        missing: None,
        interrupt: &interrupt,
        reporter: output.reporter,
    };
    let source = simulator.source();
    let report = make_set(source, args.simulations, args.seed, &args.out, &at)?;
    for warning in set_warnings(&report) {
        output.reporter.warn(&warning);
    }
    let (dim, data) = (source.prior().dim(), source.data_dim());
    let (rows, reused, path) = (report.rows, report.reused, args.out.display().to_string());
    let kinds = report.failures.kinds.iter();
    let kinds: Vec<_> =
        kinds.map(|k| serde_json::json!({ "kind": k.kind, "count": k.count })).collect();
    let value = serde_json::json!({
        "task": source.name(), "simulations": rows, "theta_dim": dim, "x_dim": data,
        "seed": args.seed, "out": path, "failed": report.failures.total(), "failures": kinds,
        "reused": reused, "noise_lines": report.noise.lines, "precision": report.precision,
    });
    let known = if reused > 0 { format!(" ({reused} were there)") } else { String::new() };
    let precision = match report.precision {
        Precision::Double => "",
        Precision::Single => ", in single precision, as it was begun",
    };
    let text = format!("{path}: theta [{rows}, {dim}], x [{rows}, {data}]{precision}{known}");
    output.result(&value, &text)
}
