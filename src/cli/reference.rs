//! `freeform reference`.

use super::observation::ObservationArg;
use super::reference_args::ReferenceArgs;
use super::reference_compare::Compare;
use super::table::{TableArgs, TableOut, draws_of};
use super::{Failure, Output};
use crate::run::own;
use freeform_benchmark::{ReferenceSource, ReferenceStore, import_released};
use freeform_simulators::{Task, counted};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  freeform reference slcp --observation 3 -n 10000 --seed 1 --out ref.npy
  freeform reference two_moons --observation x.csv --out ref.npy
  freeform reference import sbibm-1.1.0-py2.py3-none-any.whl

Draws are kept in the user's cache folder (FREEFORM_CACHE names another): a second use is instant.";

const IMPORT_EXAMPLES: &str = "\
Examples:
  pip download --no-deps sbibm==1.1.0
  freeform reference import sbibm-1.1.0-py2.py3-none-any.whl
  freeform reference import .venv/lib/python3.12/site-packages/sbibm";

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
    out: Option<TableOut>,
    #[command(flatten)]
    tables: TableArgs,
    #[command(flatten)]
    reference: ReferenceArgs,
}

#[derive(clap::Subcommand)]
enum Other {
    /// Take the released draws from the benchmark's Python package, for --reference released.
    #[command(after_help = IMPORT_EXAMPLES)]
    Import {
        /// A downloaded sbibm wheel, or the folder of the installed package.
        #[arg(value_name = "WHEEL_OR_DIR")]
        package: PathBuf,
    },
    /// C2ST of our draws against the released ones, 10,000 against 10,000: ½ where both are right.
    Compare(Compare),
}

#[derive(clap::Args)]
struct Draw {
    /// Benchmark task.
    task: String,
    /// Number of an official observation, or a file with observed data (.npy, .npz, or text); of
    /// a file with several observations, one a row, the third is FILE:3.
    #[arg(long, value_name = "NUMBER|FILE[:ROW]")]
    observation: ObservationArg,
    /// Number of draws.
    #[arg(short = 'n', long, default_value_t = 10_000, value_parser = super::count::count)]
    draws: usize,
    /// Seed of native draws [default: 1].
    #[arg(long)]
    seed: Option<u64>,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    match (&args.other, &args.draw, &args.out) {
        (Some(Other::Import { package }), ..) => import(package, output),
        (Some(Other::Compare(args)), ..) => super::reference_compare::run(args, output),
        (None, Some(draw), Some(out)) => self::draw(draw, out, args, output),
        (None, Some(_), None) => Err(Failure::usage(&"add --out FILE, where the draws go")),
        (None, None, _) => Err(Failure::usage(&"name a task, or `import`")),
    }
}

fn import(package: &std::path::Path, output: &Output) -> Result<(), Failure> {
    let store = ReferenceStore::of_user();
    // Two packages at once would leave tables of the one with checksums of the other.
    let own = store.released_folder().as_deref().map(own).transpose()?;
    let found = import_released(package, &store)?;
    drop(own);
    let mut text = String::new();
    for imported in &found {
        text += &format!(
            "{:<24} {}\n",
            imported.task,
            counted(imported.observations.len(), "observation")
        );
    }
    let value: Vec<_> = found
        .iter()
        .map(|f| serde_json::json!({ "task": f.task, "observations": f.observations }))
        .collect();
    output.result(&value, &text)
}

fn draw(args: &Draw, out: &TableOut, all: &Args, output: &Output) -> Result<(), Failure> {
    let reference = &all.reference;
    let own = out.prepare()?;
    let task = Task::by_name(&args.task)?;
    let (store, stop) = (reference.store()?, output.interrupt_flag()?);
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
            let x = args.observation.of_task(&task, &all.tables)?;
            store.native(&task, &x, args.draws, args.seed.unwrap_or(1), &stop)?
        }
    };
    draws.remark.iter().for_each(|remark| output.reporter.warn(remark));
    own.check()?;
    out.write("theta", draws.theta.view())?;
    let (path, (n, dim)) = (out.shown(), draws.theta.dim());
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
    output.result(&value, &format!("{path}: {}, {quality}", draws_of(n, dim)))
}
