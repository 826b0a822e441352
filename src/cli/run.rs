//! `freeform run`: the main job.

use super::settings::{TrainingArgs, interrupt_flag};
use super::{Failure, Output};
use crate::run::{Evaluation, ObservationScore, Source, TrainJob, evaluate, mean_c2st, train};
use freeform_simulators::Task;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  freeform run two_moons --simulations 10000 --out runs/two_moons
  freeform run slcp --simulations 10000 --observations 1-3,7 --seed 2 --out runs/slcp
  freeform run slcp --simulations 10000 --out runs/slcp --resume

The folder then holds config.toml, metrics.jsonl, the model, samples/, plots/, c2st.csv and, last,
status.json.";

/// Options of `freeform run`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Benchmark task.
    task: String,
    /// Simulation budget.
    #[arg(
        short = 'n', long, value_name = "N", default_value_t = 10_000,
        value_parser = super::simulate::count
    )]
    simulations: usize,
    /// Observations to sample and score, e.g. 1-10 or 1,4,7.
    #[arg(long, default_value = "1-10", value_parser = parse_observations)]
    observations: Observations,
    /// Folder for everything.
    #[arg(long)]
    out: PathBuf,
    #[command(flatten)]
    training: TrainingArgs,
}

#[derive(Clone, Debug)]
struct Observations(Vec<usize>);

fn parse_observations(text: &str) -> Result<Observations, String> {
    let number = |part: &str| match part.trim().parse() {
        Ok(n @ 1..=10) => Ok(n),
        _ => Err(format!("`{part}` is not an observation number from 1 to 10")),
    };
    let mut numbers = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        numbers.extend(number(first)?..=number(last)?);
    }
    numbers.sort_unstable();
    numbers.dedup();
    if numbers.is_empty() { Err("is empty".to_owned()) } else { Ok(Observations(numbers)) }
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let overrides = args.training.overrides()?;
    let task = Task::by_name(&args.task)?;
    let interrupt = interrupt_flag()?;
    let (seed, engine, reporter) = (args.training.seed, args.training.engine, output.reporter);
    reporter.say(&format!("simulating {} {} times", task.name(), args.simulations));
    let source = Source::Task { name: args.task.clone(), simulations: args.simulations };
    let input = source.load(seed)?;
    let job = TrainJob {
        preset: args.training.preset,
        overrides: &overrides,
        seed,
        engine,
        folder: &args.out,
        existing: args.training.existing(),
        interrupt: &interrupt,
        reporter,
    };
    let trained = train(&job, input)?;
    let evaluation = Evaluation {
        folder: &args.out,
        task: &task,
        observations: &args.observations.0,
        seed,
        engine,
        interrupt: &interrupt,
        reporter,
    };
    let scores = evaluate(&evaluation, &trained)?;
    report(args, &scores, trained.seconds, output)
}

fn report(
    args: &Args,
    scores: &[ObservationScore],
    training_seconds: f64,
    output: &Output,
) -> Result<(), Failure> {
    let mean = mean_c2st(scores);
    let mut text = "observation   C2ST\n".to_owned();
    for score in scores {
        text += &format!("{:>11}  {:.3}\n", score.num_observation, score.c2st);
    }
    text += &format!("{:>11}  {mean:.3}\n\n", "mean");
    text += &format!(
        "{} with {} simulations, trained in {training_seconds:.1} s; look at {}",
        args.task,
        args.simulations,
        args.out.join("plots").display(),
    );
    let value = serde_json::json!({
        "task": args.task, "simulations": args.simulations, "seed": args.training.seed,
        "mean_c2st": mean, "observations": scores, "training_seconds": training_seconds,
        "out": args.out.display().to_string(),
    });
    output.result(&value, &text)
}
