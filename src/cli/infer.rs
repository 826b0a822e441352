//! `freeform infer`.

use super::observation::ObservationArg;
use super::settings::SettingsArgs;
use super::table::TableArgs;
use super::{Failure, Output};
use crate::report::record_command;
use crate::run::{Inferred, RoundsJob, infer_in_rounds};
use freeform_simulators::AnySimulator;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  freeform infer lotka_volterra --observation 1 --simulations 10000 --out inferred
  freeform infer project/simulator.toml --observation x.csv --simulations 2000 --out inferred
  freeform sample inferred --observation x.csv -n 100000 --out samples.npy

For one observation and a slow simulator: rounds simulate where the posterior so far says. Stopped or
killed at any moment, the same command goes on and ends in the same files. The folder is a model like any
other, valid for that observation; beside it are samples.npy (10,000 draws), plots/, and, in rounds/, the
proposals, simulations and model of each round.";

/// Options of `freeform infer`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Benchmark task, or your own simulator.toml.
    task: String,
    /// Number of one of its observations, or a file with the observed data (.npy, .npz, or text); of a
    /// file with several observations, one a row, the third is FILE:3.
    #[arg(long, value_name = "NUMBER|FILE[:ROW]")]
    observation: ObservationArg,
    /// Simulations of all rounds together.
    #[arg(
        short = 'n', long, value_name = "N", default_value_t = 10_000,
        value_parser = super::count::count
    )]
    simulations: usize,
    /// How many rounds; `auto`: as many as suit the simulations, fewer where the posterior stands still.
    #[arg(long, value_name = "auto|R", default_value = "auto", value_parser = rounds)]
    rounds: Rounds,
    /// Folder for everything.
    #[arg(long)]
    out: PathBuf,
    /// Seed of everything random.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Replace the inference in the output folder.
    #[arg(long)]
    overwrite: bool,
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(flatten)]
    tables: TableArgs,
}

#[derive(Clone, Copy, Debug)]
struct Rounds(Option<usize>);

fn rounds(text: &str) -> Result<Rounds, String> {
    match text {
        "auto" => Ok(Rounds(None)),
        number => match number.parse::<usize>() {
            Ok(count @ 1..=MOST_ROUNDS) => Ok(Rounds(Some(count))),
            _ => Err(format!("is neither `auto` nor a number from 1 to {MOST_ROUNDS}")),
        },
    }
}

/// More of them make folders with three digits, and no posterior better.
const MOST_ROUNDS: usize = 99;

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let interrupt = output.interrupt_flag()?;
    let overrides = args.settings.overrides()?;
    let simulator = AnySimulator::open(&args.task)?;
    let x = args.observation.of_simulator(&simulator, &args.tables)?;
    let expected = simulator.source().data_dim();
    if x.len() != expected {
        return Err(Failure::failed(&format!(
            "{} has {} numbers, a simulation of {} {expected}: give the observed data in the order of the \
             simulator's",
            args.observation,
            x.len(),
            args.task
        )));
    }
    if let Some((column, value)) = x.iter().enumerate().find(|(_, v)| !v.is_finite()) {
        return Err(Failure::failed(&format!(
            "{}: {} is {value}: an observation's numbers must be finite",
            args.observation,
            simulator.layout().unwrap_or_default().column(column)
        )));
    }
    let job = RoundsJob {
        name: &args.task,
        simulator: &simulator,
        x: &x,
        budget: args.simulations,
        rounds: args.rounds.0,
        preset: args.settings.preset(),
        overrides: &overrides,
        seed: args.seed,
        engine: args.settings.device.open()?,
        folder: &args.out,
        overwrite: args.overwrite,
        interrupt: &interrupt,
        reporter: output.reporter,
    };
    let inferred = infer_in_rounds(&job)?;
    inferred.warnings.iter().for_each(|warning| output.reporter.warn(warning));
    record_command(&args.out, "infer", &super::command())?;
    let value = serde_json::json!({
        "out": args.out.display().to_string(), "budget": inferred.budget, "spent": inferred.spent,
        "effective": inferred.effective, "rounds": inferred.rounds, "warnings": inferred.warnings,
    });
    output.result(&value, &text(args, simulator.prior().names(), &inferred))
}

/// Rounds, then parameters, as two small tables.
fn text(args: &Args, names: &[String], inferred: &Inferred) -> String {
    let mut text = String::from("round  simulations  trained on  of the prior  accepted   moved\n");
    for round in &inferred.rounds {
        let moved = round.moved.map_or("-".to_owned(), |moved| format!("{moved:.2}"));
        text += &format!(
            "{:>5}  {:>11}  {:>10}  {:>12.1e}  {:>7.2}%  {moved:>6}\n",
            round.round,
            round.simulations,
            round.trained_on,
            round.prior_share,
            100.0 * round.acceptance,
        );
    }
    if let Some(last) = inferred.rounds.last() {
        text += "\n";
        for ((name, mean), std) in names.iter().zip(&last.mean).zip(&last.std) {
            text += &format!("{name}: {mean:.4} ± {std:.4}\n");
        }
    }
    let left = inferred.budget - inferred.spent;
    if left > 0 {
        text += &format!(
            "\nthe posterior stands still: {left} of {} simulations are left\n",
            inferred.budget
        );
    }
    text + &format!(
        "\n10000 draws worth {:.0} independent ones in {}; a model valid for {}",
        inferred.effective,
        args.out.join("samples.npy").display(),
        args.observation
    )
}
