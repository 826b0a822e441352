//! `freeform reference`, and the options of verbs that compare with reference draws.

use super::interrupt::prompt_interrupt_flag;
use super::observation::ObservationArg;
use super::run::{Observations, parse_observations};
use super::{Failure, Output};
use clap::ValueEnum;
use freeform_benchmark::{ReferenceSource, ReferenceStore, import_released};
use freeform_simulators::{ArrayError, Task, write_table};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  freeform reference slcp --observation 3 -n 10000 --seed 1 --out ref.npy
  freeform reference two_moons --observation x.csv --out ref.npy
  freeform reference import sbibm-1.1.0-py2.py3-none-any.whl

Draws are kept in the user's cache folder (FREEFORM_CACHE names another): a second use is instant.";

/// Options of `freeform reference`.
#[derive(clap::Args)]
#[command(
    after_help = EXAMPLES, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true
)]
pub(super) struct Args {
    #[command(subcommand)]
    other: Option<Other>,
    #[command(flatten)]
    draw: Option<Draw>,
    #[command(flatten)]
    reference: ReferenceArgs,
}

#[derive(clap::Subcommand)]
enum Other {
    /// Take the released draws from the benchmark's Python package, for --reference released.
    Import {
        /// A downloaded sbibm wheel, or the folder of the installed package.
        #[arg(value_name = "WHEEL_OR_DIR")]
        package: PathBuf,
    },
    /// C2ST of our draws against the released ones, 10,000 against 10,000: ½ where both are right.
    Compare(Compare),
}

#[derive(clap::Args)]
pub(super) struct Compare {
    /// Benchmark tasks [default: all ten].
    #[arg(long, value_name = "TASK,…", value_delimiter = ',')]
    pub(super) tasks: Vec<String>,
    /// Observations, e.g. 1-10 or 1,4,7.
    #[arg(long, default_value = "1-10", value_parser = parse_observations)]
    pub(super) observations: Observations,
}

#[derive(clap::Args)]
struct Draw {
    /// Benchmark task.
    task: String,
    /// Number of an official observation, or a file with observed data (.npy, .csv).
    #[arg(long, value_name = "NUMBER|FILE")]
    observation: ObservationArg,
    /// Number of draws.
    #[arg(short = 'n', long, default_value_t = 10_000, value_parser = super::simulate::count)]
    draws: usize,
    /// Seed of native draws [default: 1].
    #[arg(long)]
    seed: Option<u64>,
    /// Output file (.npy or .csv), one draw a row.
    #[arg(long)]
    out: PathBuf,
}

/// Whose reference draws, and whether to keep them.
#[derive(clap::Args)]
pub(super) struct ReferenceArgs {
    /// Reference draws: made here from the exact posterior, or the benchmark's released files.
    #[arg(long = "reference", value_enum, default_value = "native")]
    source: SourceArg,
    /// Neither read nor write the cache of reference draws.
    #[arg(long)]
    no_cache: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SourceArg {
    Native,
    Released,
}

impl ReferenceArgs {
    pub(super) fn source(&self) -> ReferenceSource {
        match self.source {
            SourceArg::Native => ReferenceSource::Native,
            SourceArg::Released => ReferenceSource::Released,
        }
    }

    /// The options given, other than the default, as a user writes them.
    pub(super) fn given(&self) -> Vec<&'static str> {
        let released = self.source == SourceArg::Released;
        let all = [(released, "--reference released"), (self.no_cache, "--no-cache")];
        all.into_iter().filter(|(given, _)| *given).map(|(_, name)| name).collect()
    }

    /// The user's store; none with --no-cache, without which imported draws cannot be had.
    pub(super) fn store(&self) -> Result<ReferenceStore, Failure> {
        match (self.no_cache, self.source) {
            (false, _) => Ok(ReferenceStore::of_user()),
            (true, SourceArg::Native) => Ok(ReferenceStore::none()),
            (true, SourceArg::Released) => Err(Failure::usage(
                &"--no-cache and --reference released exclude each other: the released draws are \
                  kept in the cache",
            )),
        }
    }
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    match (&args.other, &args.draw) {
        (Some(Other::Import { package }), _) => import(package, output),
        (Some(Other::Compare(args)), _) => super::reference_compare::run(args, output),
        (None, Some(draw)) => self::draw(draw, &args.reference, output),
        (None, None) => Err(Failure::usage(&"name a task, or `import`")),
    }
}

fn import(package: &std::path::Path, output: &Output) -> Result<(), Failure> {
    let found = import_released(package, &ReferenceStore::of_user())?;
    let mut text = String::new();
    for imported in &found {
        text += &format!("{:<24} {} observations\n", imported.task, imported.observations.len());
    }
    let value: Vec<_> = found
        .iter()
        .map(|f| serde_json::json!({ "task": f.task, "observations": f.observations }))
        .collect();
    output.result(&value, &text)
}

fn draw(args: &Draw, reference: &ReferenceArgs, output: &Output) -> Result<(), Failure> {
    let task = Task::by_name(&args.task)?;
    // Before minutes of sampling, not after.
    let extension = args.out.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
    if !matches!(extension.as_deref(), Some("npy" | "csv")) {
        let (path, expected) = (args.out.clone(), ".npy or .csv");
        return Err(Failure::usage(&ArrayError::UnknownExtension { path, expected }));
    }
    let (store, stop) = (reference.store()?, prompt_interrupt_flag(output)?);
    let draws = match (reference.source(), args.observation.number()) {
        (ReferenceSource::Released, _) if args.seed.is_some() => {
            return Err(Failure::usage(
                &"--seed is of native draws: released ones are as they are",
            ));
        }
        (ReferenceSource::Released, Some(number)) => store.released(&task, number, args.draws)?,
        (ReferenceSource::Released, None) => {
            return Err(Failure::usage(
                &"--reference released knows official observations only: give --observation 1 to 10",
            ));
        }
        (ReferenceSource::Native, _) => {
            let x = args.observation.load(Some(task.name()))?;
            store.native(&task, &x, args.draws, args.seed.unwrap_or(1), &stop)?
        }
    };
    draws.remark.iter().for_each(|remark| output.reporter.warn(remark));
    write_table(&args.out, draws.theta.view())?;
    let (path, (n, dim)) = (args.out.display().to_string(), draws.theta.dim());
    let quality = match (&draws.diagnostics, reference.source()) {
        (_, ReferenceSource::Released) => "as released".to_owned(),
        (None, _) => "exact and independent".to_owned(),
        (Some(d), _) => {
            format!("R-hat {:.4}, {:.0} effective draws behind them", d.r_hat, d.effective_draws)
        }
    };
    let seed = match reference.source() {
        ReferenceSource::Native => Some(args.seed.unwrap_or(1)),
        ReferenceSource::Released => None,
    };
    let value = serde_json::json!({
        "task": task.name(), "draws": n, "theta_dim": dim, "seed": seed, "out": path,
        "reference": reference.source().name(), "diagnostics": draws.diagnostics,
    });
    output.result(&value, &format!("{path}: {n} draws of {dim} parameters, {quality}"))
}
