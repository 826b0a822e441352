//! `freeform settings`.

use super::settings::PresetArg;
use super::{Failure, Output};
use freeform_inference::Problem;
use freeform_simulators::{AnySimulator, Missing, counted};

const EXAMPLES: &str = "\
Examples:
  freeform settings                                  # every key, its default and its meaning
  freeform settings --task slcp -n 10000 > config.toml
  freeform train --task slcp -n 10000 --config config.toml --out model
  freeform train --task slcp -n 10000 --set training.max_epochs=50 --out model

Defaults depend on the budget and on the numbers of parameters and data. A --config may hold any part
of what is printed: what it does not mention follows the preset.";

/// Options of `freeform settings`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Settings to show.
    #[arg(long, value_enum, default_value_t)]
    preset: PresetArg,
    /// Simulation budget that the defaults are for.
    #[arg(
        short = 'n', long = "budget", value_name = "N", default_value_t = 10_000,
        value_parser = super::count::count
    )]
    budget: usize,
    /// Benchmark task, or your own simulator.toml, that the defaults are for [default: two
    /// parameters and two data].
    #[arg(long)]
    task: Option<String>,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let problem = match &args.task {
        Some(name) => Problem::of_source(AnySimulator::open(name)?.source(), args.budget),
        None => Problem {
            simulations: args.budget,
            theta_dim: 2,
            context_dim: 2,
            layout: None,
            missing: Missing::Failed,
        },
    };
    let Problem { theta_dim, context_dim, .. } = problem;
    let config = args.preset.preset().config(&problem);
    let settings: Vec<_> = config
        .described()
        .into_iter()
        .map(|s| serde_json::json!({ "key": s.key, "default": s.value, "meaning": s.meaning }))
        .collect();
    let head = format!(
        "# The settings of {} for {}, {} and {context_dim} data.\n",
        args.preset.preset().name(),
        counted(args.budget, "simulation"),
        counted(theta_dim, "parameter"),
    );
    output.result(&settings, &(head + &config.described_toml()))
}
