//! `freeform sample`.

use super::device::DeviceArg;
use super::observation::ObservationArg;
use super::{Failure, Output};
use freeform_inference::Model;
use freeform_inference::Posterior;
use freeform_simulators::write_table;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  freeform sample model --observation 3 -n 10000 --seed 1 --out samples.npy
  freeform sample model --observation x.csv -n 10000 --out samples.csv";

/// Options of `freeform sample`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Folder of a trained model.
    model: PathBuf,
    /// Number of one of the task's observations, or a file with the observed data (.npy, .csv).
    #[arg(long, value_name = "NUMBER|FILE")]
    observation: ObservationArg,
    /// Number of draws.
    #[arg(short = 'n', long, default_value_t = 10_000, value_parser = super::count::count)]
    draws: usize,
    /// Seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    device: DeviceArg,
    /// Output file (.npy or .csv), one draw a row.
    #[arg(long)]
    out: PathBuf,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let model = Model::load(&args.model)?;
    let x = args.observation.load(model.training.task.as_deref())?;
    let posterior = Posterior::new(model, args.device.open()?);
    let draws = posterior.sample(&x, args.draws, args.seed)?;
    write_table(&args.out, draws.theta.view())?;
    let (path, acceptance) = (args.out.display().to_string(), draws.acceptance);
    let (n, dim) = draws.theta.dim();
    let text = format!(
        "{path}: {n} draws of {dim} parameters, {:.1}% inside the prior",
        100.0 * acceptance
    );
    let value = serde_json::json!({
        "out": path, "draws": n, "theta_dim": dim, "acceptance": acceptance, "seed": args.seed,
    });
    output.result(&value, &text)
}
