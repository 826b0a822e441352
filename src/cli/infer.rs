//! `freeform infer`.

mod asked;

use super::observation::{ObservationArg, with_advice};
use super::parameters::in_words;
use super::settings::SettingsArgs;
use super::table::TableArgs;
use super::{Failure, Output};
use crate::report::{add_command, record_command, report};
use crate::run::{Inferred, RoundsJob, RunError, infer_in_rounds, moved_in_words, share_in_words};
use asked::Asked;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  freeform infer lotka_volterra --observation 1 --simulations 10000 --out inferred
  freeform infer project/simulator.toml --observation x.csv --simulations 2000 --out inferred
  freeform sample inferred --observation x.csv -n 100000 --out samples.npy
  freeform infer --from inferred --simulations 4000           # more rounds
  freeform infer --from model --observation x.csv --simulations 5000 --out inferred

For one observation and a slow simulator: rounds simulate where the posterior so far says. Stopped or
killed at any moment, the same command goes on and ends in the same files. The folder is a model like any
other, valid for that observation; beside it are samples.npy (10,000 draws), plots/, and, in rounds/, the
proposals, simulations and model of each round.";

/// Options of `freeform infer`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Benchmark task, or your own simulator.toml.
    #[arg(required_unless_present = "from")]
    task: Option<String>,
    /// Number of one of its observations, or a file with the observed data (.npy, .npz, or text); of a
    /// file with several observations, one a row, the third is FILE:3.
    #[arg(long, value_name = "NUMBER|FILE[:ROW]", required_unless_present = "from")]
    observation: Option<ObservationArg>,
    /// Simulations of all rounds together [default: 10000].
    #[arg(
        short = 'n', long, value_name = "N", value_parser = super::count::count
    )]
    simulations: Option<usize>,
    /// How many rounds; `auto`: as many as suit the simulations, fewer where the posterior stands still.
    #[arg(long, value_name = "auto|R", default_value = "auto", value_parser = rounds)]
    rounds: Rounds,
    /// Folder of a finished inference, which is given more rounds until --simulations are made in all (R is
    /// then the number of these); or of a model, whose simulations are the first round.
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    /// Folder for everything.
    #[arg(long, required_unless_present = "from")]
    out: Option<PathBuf>,
    /// Seed of everything random [default: 1].
    #[arg(long)]
    seed: Option<u64>,
    /// Go on where the first round finds the observation far from everything simulated, and end with exit
    /// code 0 whatever the draws are worth.
    #[arg(long)]
    anyway: bool,
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
    let asked = Asked::of(args)?;
    let job = RoundsJob {
        name: &asked.name,
        simulator: &asked.simulator,
        x: &asked.x,
        plan: asked.plan.clone(),
        stop_early: asked.stop_early,
        preset: asked.preset,
        overrides: &asked.overrides,
        seed: asked.seed,
        engine: asked.engine,
        folder: &asked.out,
        first: asked.first.as_deref(),
        overwrite: args.overwrite,
        anyway: args.anyway,
        interrupt: &interrupt,
        reporter: output.reporter,
    };
    let inferred = infer_in_rounds(&job);
    // Of worthless draws too.
    if let Ok(_) | Err(RunError::Worthless { .. }) = &inferred {
        match asked.goes_on {
            true => add_command(&asked.out, "infer", &super::command())?,
            false => record_command(&asked.out, "infer", &super::command())?,
        }
        report(&asked.out)?;
    }
    let inferred = inferred.map_err(|error| match error {
        RunError::Posterior(error) => with_advice(error, "goes on"),
        worthless @ RunError::Worthless { .. } => {
            let mut failure = Failure::from(worthless);
            failure.message += " (--anyway takes them for an answer)";
            failure
        }
        other => other.into(),
    })?;
    inferred.warnings.iter().for_each(|warning| output.reporter.warn(warning));
    let value = serde_json::json!({
        "out": asked.out.display().to_string(), "budget": inferred.budget, "spent": inferred.spent,
        "effective": inferred.effective, "rounds": inferred.rounds, "warnings": inferred.warnings,
    });
    output.result(&value, &text(&asked, &inferred))
}

/// Rounds, then parameters, as two small tables.
fn text(asked: &Asked, inferred: &Inferred) -> String {
    let names = asked.simulator.prior().names();
    let mut text = String::from("round  simulations  trained on  of the prior  accepted   moved\n");
    for round in &inferred.rounds {
        let moved = moved_in_words(round.moved);
        text += &format!(
            "{:>5}  {:>11}  {:>10}  {:>12}  {:>7.2}%  {moved:>6}\n",
            round.round,
            round.simulations,
            round.trained_on,
            share_in_words(round.prior_share),
            100.0 * round.acceptance,
        );
    }
    if let Some(last) = inferred.rounds.last() {
        text += "\n";
        let moments = last.mean.iter().copied().zip(last.std.iter().copied());
        for (name, words) in in_words(names, moments, &last.probabilities) {
            text += &format!("{name}: {}\n", words.trim_start());
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
        asked.out.join("samples.npy").display(),
        asked.observation
    )
}
