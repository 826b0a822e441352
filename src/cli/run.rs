//! `freeform run`: the main job.

use super::arguments::{Observations, parse_observations};
use super::masks::mask;
use super::parameters::in_words;
use super::reference_args::ReferenceArgs;
use super::scores::{MoreArgs, table};
use super::settings::TrainingArgs;
use super::shell::word;
use super::{Failure, Output};
use crate::report::{self, record_command};
use crate::run::{
    Evaluation, Existing, ObservationSummary, Prediction, RunError, Source, TrainJob, Workplace,
    evaluate, mean_c2st, own, predict, train,
};
use freeform_benchmark::ObservationScore;
use freeform_simulators::{AnySimulator, Prior, SimulationSource, Task, counted};
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
Examples:
  freeform run two_moons --simulations 10000 --out runs/two_moons
  freeform run slcp --simulations 10000 --observations 1-3,7 --seed 2 --out runs/slcp
  freeform run slcp --simulations 10000 --out runs/slcp --resume
  freeform run project/simulator.toml --simulations 10000 --out runs/project

The folder then holds config.toml, metrics.jsonl, the model, samples/, plots/, c2st.csv (a benchmark
task) or simulations.npz (your own simulator) and, last, status.json.";

/// Options of `freeform run`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Benchmark task, or your own simulator.toml.
    task: String,
    /// Simulation budget.
    #[arg(
        short = 'n', long, value_name = "N", default_value_t = 10_000,
        value_parser = budget
    )]
    simulations: usize,
    /// Observations to sample (and, of a benchmark task, to score), e.g. 1-10 or 1,4,7 [default:
    /// all].
    #[arg(long, value_parser = parse_observations)]
    observations: Option<Observations>,
    /// Folder for everything.
    #[arg(long)]
    out: PathBuf,
    #[command(flatten)]
    more: MoreArgs,
    #[command(flatten)]
    reference: ReferenceArgs,
    #[command(flatten)]
    training: TrainingArgs,
}

/// The number of simulations, which other verbs take a file of.
fn budget(text: &str) -> Result<usize, String> {
    super::count::count(text).map_err(|reason| match std::path::Path::new(text).extension() {
        Some(_) => format!(
            "is the number of simulations to make here, e.g. 10000; to learn from those in a file: \
             freeform train --simulations {text} --prior prior.toml --out model"
        ),
        None => reason,
    })
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let interrupt = output.interrupt_flag()?;
    let overrides = args.training.settings.overrides()?;
    let simulator = AnySimulator::open(&args.task)?.with_missing(overrides.missing());
    if let AnySimulator::External(_) = &simulator {
        refuse_scoring(args)?;
    }
    let store = args.reference.store()?;
    let observations = observations(args, &simulator)?;
    let (seed, engine, reporter) =
        (args.training.seed, args.training.settings.device.open()?, output.reporter);
    let source = Source::Task { name: args.task.clone(), simulations: args.simulations };
    source.check_settings(args.training.settings.preset(), &overrides)?;
    let _own = own(&args.out)?;
    let existing = args.training.existing();
    let overwrite = existing == Existing::Overwrite;
    let at = Workplace {
        folder: &args.out,
        overwrite,
        missing: overrides.missing(),
        interrupt: &interrupt,
        reporter,
    };
    if overwrite || !args.out.join("config.toml").exists() {
        reporter.say(&format!("simulating {} {} times", args.task, args.simulations));
    }
    let mut input = source.load(seed, &at)?;
    let observed = observed(&simulator, &observations)?;
    let from = args.training.masks_from.as_deref();
    mask(&mut input, &overrides, (from, &observed), seed, reporter)?;
    let job = TrainJob {
        preset: args.training.settings.preset(),
        overrides: &overrides,
        seed,
        engine,
        folder: &args.out,
        existing,
        interrupt: &interrupt,
        reporter,
    };
    let trained = train(&job, input)?;
    let (folder, observations) = (args.out.as_path(), observations.as_slice());
    let interrupt = &*interrupt;
    match &simulator {
        AnySimulator::Task(task) => {
            let evaluation = Evaluation {
                folder,
                task,
                observations,
                reference: args.reference.source(),
                store: &store,
                more: args.more.metrics(),
                seed,
                engine,
                interrupt,
                reporter,
            };
            let scores = evaluate(&evaluation, &trained)?;
            write_report(folder)?;
            report_scores(args, &scores, trained.seconds, output)
        }
        AnySimulator::External(program) => {
            let prediction =
                Prediction { folder, program, observations, seed, engine, interrupt, reporter };
            let summaries = predict(&prediction, &trained);
            // Of worthless draws too.
            if let Ok(_) | Err(RunError::Worthless { .. }) = &summaries {
                write_report(folder)?;
            }
            let summaries = summaries?;
            summarise(args, program.prior(), &summaries, trained.seconds, output)
        }
    }
}

/// One page about the run.
fn write_report(folder: &Path) -> Result<(), Failure> {
    record_command(folder, "run", &super::command())?;
    report::report(folder)?;
    Ok(())
}

/// A simulator of one's own has no exact posterior to score against.
fn refuse_scoring(args: &Args) -> Result<(), Failure> {
    let mut given = args.more.given();
    given.extend(args.reference.given());
    if given.is_empty() {
        return Ok(());
    }
    Err(Failure::usage(&format!(
        "{} measure{} against the reference draws of a benchmark task, and {} is a simulator of your \
         own: leave {} out",
        given.join(" and "),
        if given.len() > 1 { "" } else { "s" },
        args.task,
        if given.len() > 1 { "them" } else { "it" },
    )))
}

/// The observations asked for, all of which exist.
fn observations(args: &Args, simulator: &AnySimulator) -> Result<Vec<usize>, Failure> {
    let count = match simulator {
        AnySimulator::Task(_) => Task::OBSERVATIONS,
        AnySimulator::External(program) => program.observation_count()?,
    };
    let Some(Observations(asked)) = &args.observations else {
        return Ok((1..=count).collect());
    };
    // The simulator itself says what is wrong with a number that it does not know.
    asked
        .iter()
        .filter(|&&number| number > count)
        .try_for_each(|&number| simulator.observation(number).map(drop))?;
    Ok(asked.clone())
}

/// What was observed, by a simulator of one's own.
fn observed(simulator: &AnySimulator, numbers: &[usize]) -> Result<Vec<Vec<f64>>, Failure> {
    match simulator {
        AnySimulator::Task(_) => Ok(Vec::new()),
        program => numbers.iter().map(|number| Ok(program.observation(*number)?)).collect(),
    }
}

fn summarise(
    args: &Args,
    prior: &Prior,
    summaries: &[ObservationSummary],
    training_seconds: f64,
    output: &Output,
) -> Result<(), Failure> {
    let mut text = String::new();
    for summary in summaries {
        text += &format!("observation {}\n", summary.num_observation);
        text += &format!(
            "  {:.1}% of draws inside the prior, worth {:.0} independent ones ({} different)\n",
            100.0 * summary.acceptance,
            summary.effective,
            summary.distinct
        );
        let moments = summary.mean.iter().copied().zip(summary.std.iter().copied());
        for (name, words) in in_words(prior.names(), moments, &summary.probabilities) {
            text += &format!("  {name:<20} {words}\n");
        }
    }
    text += &format!(
        "{} with {}, trained in {training_seconds:.1} s summed over the flows; ",
        args.task,
        counted(args.simulations, "simulation")
    );
    text += &match summaries {
        [] => format!("next: freeform sample {} --observation FILE", word(&args.out)),
        _ => format!("look at {}", args.out.join("plots").display()),
    };
    let value = serde_json::json!({
        "task": args.task, "simulations": args.simulations, "seed": args.training.seed,
        "observations": summaries, "training_seconds": training_seconds,
        "out": args.out.display().to_string(),
    });
    output.result(&value, &text)
}

fn report_scores(
    args: &Args,
    scores: &[ObservationScore],
    training_seconds: f64,
    output: &Output,
) -> Result<(), Failure> {
    let mean = mean_c2st(scores);
    let mut text = table(scores) + "\n";
    text += &format!(
        "{} with {}, trained in {training_seconds:.1} s summed over the flows; look at {}",
        args.task,
        counted(args.simulations, "simulation"),
        args.out.join("plots").display(),
    );
    let value = serde_json::json!({
        "task": args.task, "simulations": args.simulations, "seed": args.training.seed,
        "mean_c2st": mean, "observations": scores, "training_seconds": training_seconds,
        "out": args.out.display().to_string(),
    });
    output.result(&value, &text)
}
