//! `freeform c2st`.

use super::{Failure, Output};
use clap::ValueEnum;
use freeform_benchmark::{C2stSettings, Classifier, c2st};
use freeform_simulators::read_table;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Example:
  freeform c2st reference.npy samples.npy --classifier mlp --seed 1

The accuracy of a classifier that tells the two sets apart, by 5-fold cross-validation: 0.5 where
it cannot, 1 where it always can. X supplies the z-scores; the published tables give the reference
draws as X.";

/// Options of `freeform c2st`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// First set of draws (.npy, .csv); supplies mean and standard deviation.
    #[arg(value_name = "X")]
    first: PathBuf,
    /// Second set of draws.
    #[arg(value_name = "Y")]
    second: PathBuf,
    /// The benchmark's multilayer perceptron, or a fast linear classifier.
    #[arg(long, value_enum, default_value = "mlp")]
    classifier: ClassifierArg,
    /// Seed of folds, initial weights and shuffling.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Clone, Copy, ValueEnum)]
enum ClassifierArg {
    /// Two hidden layers of 10·D units, as scikit-learn trains them in the published benchmark.
    Mlp,
    /// Logistic regression: sees differences in mean only.
    Logistic,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let (x, y) = (read_table(&args.first)?, read_table(&args.second)?);
    let classifier = match args.classifier {
        ClassifierArg::Mlp => Classifier::Mlp,
        ClassifierArg::Logistic => Classifier::Logistic,
    };
    let settings = C2stSettings { classifier, seed: args.seed, ..C2stSettings::default() };
    let score = c2st(x.view(), y.view(), &settings)?;
    let value = serde_json::json!({
        "c2st": score.accuracy, "folds": score.folds, "seed": args.seed,
        "x_rows": x.nrows(), "y_rows": y.nrows(),
    });
    output.result(&value, &format!("C2ST {:.4}", score.accuracy))
}
