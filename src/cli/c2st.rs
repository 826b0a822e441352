//! `freeform c2st`.

use super::arguments::{Observations, parse_observations};
use super::reference_args::ReferenceArgs;
use super::scores::{MoreArgs, table};
use super::table::{TableArgs, in_order};
use super::{Failure, Output};
use crate::run::{Evaluation, RunError, TrainResult, evaluate, mean_c2st};
use clap::ValueEnum;
use freeform_benchmark::{C2stSettings, Classifier, c2st, mmd};
use freeform_inference::EngineKind;
use freeform_inference::Model;
use freeform_simulators::{Task, counted};
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
Examples:
  freeform c2st reference.npy samples.npy --classifier mlp --seed 1
  freeform c2st --all runs/two_moons

The accuracy of a classifier that tells the two sets apart, by 5-fold cross-validation: 0.5 where
it cannot, 1 where it always can. X supplies the z-scores; the published tables give the reference
draws as X.";

/// Options of `freeform c2st`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// First set of draws (.npy, .npz with theta, or text); supplies mean and standard deviation.
    #[arg(value_name = "X", required_unless_present = "all", requires = "second")]
    first: Option<PathBuf>,
    /// Second set of draws.
    #[arg(value_name = "Y")]
    second: Option<PathBuf>,
    /// Sample and score the observations of a trained run instead, into its c2st.csv; those it has
    /// are kept.
    #[arg(long, value_name = "RUN_DIR", conflicts_with_all = ["first", "classifier", "seed"])]
    all: Option<PathBuf>,
    /// Observations to score with --all.
    #[arg(long, default_value = "1-10", requires = "all", value_parser = parse_observations)]
    observations: Observations,
    /// The benchmark's multilayer perceptron, or a fast linear classifier.
    #[arg(long, value_enum, default_value = "mlp")]
    classifier: ClassifierArg,
    /// Seed of folds, initial weights and shuffling, and of the rows drawn from the larger set; a
    /// run's own scoring has the run's.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    tables: TableArgs,
    #[command(flatten)]
    more: MoreArgs,
    #[command(flatten)]
    reference: ReferenceArgs,
}

#[derive(Clone, Copy, ValueEnum)]
enum ClassifierArg {
    /// Two hidden layers of 10·D units, as scikit-learn trains them in the published benchmark.
    Mlp,
    /// Logistic regression: sees differences in mean only.
    Logistic,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    match (&args.all, &args.first, &args.second) {
        (Some(folder), ..) => score_run(folder, args, output),
        (None, Some(first), Some(second)) => compare([first, second], args, output),
        // clap has seen to it that the draws are there.
        _ => Err(Failure::usage(&"give two sets of draws, or --all RUN_DIR")),
    }
}

/// Scores a trained run.
fn score_run(folder: &Path, args: &Args, output: &Output) -> Result<(), Failure> {
    let model = Model::load(folder)?;
    let Some(name) = &model.training.task else {
        return Err(Failure::usage(&format!(
            "{}: was not trained on a benchmark task: there is no reference to score against",
            folder.display()
        )));
    };
    if model.training.simulator.is_some() {
        return Err(Failure::usage(&format!(
            "{}: {name} is a simulator of your own, and only benchmark tasks have reference draws; to compare \
             two sets of draws: `freeform c2st X Y`",
            folder.display()
        )));
    }
    let task = Task::by_name(name)?;
    args.observations.0.iter().try_for_each(|&number| task.observation(number).map(drop))?;
    let interrupt = output.interrupt_flag()?;
    let evaluation = Evaluation {
        folder,
        task: &task,
        observations: &args.observations.0,
        more: args.more.metrics(),
        reference: args.reference.source(),
        store: &args.reference.store()?,
        // A run's own scoring has the run's seed: scored twice, it is the same.
        seed: model.training.seed,
        engine: EngineKind::default(),
        interrupt: &interrupt,
        reporter: output.reporter,
    };
    let trained = TrainResult::finished(folder, model);
    let scores = evaluate(&evaluation, &trained).map_err(|error| match error {
        // There is no --resume here: the same command goes on.
        RunError::Interrupted { path } => RunError::TableInterrupted { path },
        other => other,
    })?;
    let value = serde_json::json!({
        "task": task.name(), "out": folder.display().to_string(), "observations": scores,
        "mean_c2st": mean_c2st(&scores),
    });
    output.result(&value, &table(&scores))
}

/// Compares two sets of draws.
fn compare(sets: [&Path; 2], args: &Args, output: &Output) -> Result<(), Failure> {
    let more = args.more.metrics();
    if more.median_distance {
        return Err(Failure::usage(&"--median-distance needs a simulator: use it with --all"));
    }
    if let Some(given) = args.reference.given().first() {
        return Err(Failure::usage(&format!("{given} belongs to --all: here X is the reference")));
    }
    let stop = output.interrupt_flag()?;
    let [x, y] = [args.tables.parameters(sets[0])?, args.tables.parameters(sets[1])?];
    // Columns of the same names are compared with each other.
    let y = match x.names.as_ref().or(x.labels.as_ref()) {
        Some(names) if y.names_among(names).is_some() => in_order(y, names)?,
        _ => {
            if x.names.is_some() != y.names.is_some() {
                output.reporter.warn(
                    "only one of the sets names its columns: they are compared in their order, the first \
                     with the first",
                );
            }
            y.values
        }
    };
    let x = x.values;
    let classifier = match args.classifier {
        ClassifierArg::Mlp => Classifier::Mlp,
        ClassifierArg::Logistic => Classifier::Logistic,
    };
    let settings = C2stSettings { classifier, seed: args.seed, ..C2stSettings::default() };
    let score = c2st(x.view(), y.view(), &settings, &stop)?;
    score.remarks.iter().for_each(|remark| output.reporter.warn(remark));
    let mmd = if more.mmd { Some(mmd(x.view(), y.view(), &stop)?) } else { None };
    let value = serde_json::json!({
        "c2st": score.accuracy, "folds": score.folds, "mmd": mmd, "seed": args.seed,
        "x_rows": x.nrows(), "y_rows": y.nrows(), "rows_compared": score.rows,
        "remarks": score.remarks,
    });
    let mut text = format!("C2ST {:.4}", score.accuracy);
    if x.nrows() != y.nrows() {
        let (larger, all) = if x.nrows() > y.nrows() { ("X", x.nrows()) } else { ("Y", y.nrows()) };
        text += &format!(
            "  ({} each, of {all} in {larger} drawn with the seed)",
            counted(score.rows, "row")
        );
    }
    if let Some(mmd) = mmd {
        text += &format!("\nMMD  {mmd:.5}");
    }
    output.result(&value, &text)
}
