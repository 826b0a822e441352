//! `freeform log-prob`.

use super::device::DeviceArg;
use super::lines::lines;
use super::observation::{ObservationArg, place, with_advice};
use super::table::{TableArgs, TableOut, outside_prior};
use super::{Failure, Output};
use freeform_inference::{Asking, Model, Posterior};
use ndarray::ArrayView2;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  freeform log-prob model --theta samples.npy --observation 3 --out lp.npy

Writes log p(θ | x) of each row of theta [n, D], shape [n, 1]; -inf outside the prior's support. An
.npz holds it as log_prob.";

/// Options of `freeform log-prob`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Folder of a trained model.
    model: PathBuf,
    /// Parameters, one set a row (.npy, .npz with theta, or text).
    #[arg(long, value_name = "FILE")]
    theta: PathBuf,
    /// Number of one of the task's observations, or a file with the observed data (.npy, .npz, or
    /// text); of a file with several observations, one a row, the third is FILE:3.
    #[arg(long, value_name = "NUMBER|FILE[:ROW]")]
    observation: ObservationArg,
    /// Benchmark task, or simulator.toml, whose observations the numbers mean [default: the one that
    /// the model was trained on].
    #[arg(long)]
    task: Option<String>,
    /// Seed of the draws that estimate the mass outside the prior.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Answer even where the answer is worth next to nothing: for an observation far from everything
    /// simulated.
    #[arg(long)]
    anyway: bool,
    #[command(flatten)]
    device: DeviceArg,
    #[command(flatten)]
    tables: TableArgs,
    #[command(flatten)]
    out: TableOut,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let interrupt = output.interrupt_flag()?;
    let own = args.out.prepare()?;
    let model = Model::load(&args.model)?;
    let task = args.task.as_deref();
    let x = args.observation.load(&model, task, &args.tables)?;
    args.observation.file().map_or(Ok(()), |file| args.out.spare(file))?;
    args.out.spare(&args.theta)?;
    let theta = args.tables.parameters_named(&args.theta, model.prior.names())?;
    if let Some(((row, column), value)) = theta.indexed_iter().find(|(_, v)| v.is_nan()) {
        return Err(Failure::failed(&format!(
            "{}: row {}, column {} is {value}: parameters must be numbers",
            args.theta.display(),
            row + 1,
            column + 1
        )));
    }
    let posterior = Posterior::new(model, args.device.open()?);
    let asking = Asking { anyway: args.anyway, ..Asking::until(&interrupt) };
    let answer = posterior.log_prob_as(&theta.view(), &x, args.seed, &asking);
    let answer = answer.map_err(|error| with_advice(error, "gives its densities"))?;
    answer.warnings().iter().for_each(|warning| output.reporter.warn(warning));
    if let Some(beyond) = outside_prior(&posterior.model().prior, theta.view(), "parameters") {
        output.reporter.warn(&format!(
            "{beyond}, where the log-density is -inf: are they in the prior's order and units?"
        ));
    }
    let log_prob = &answer.values;
    let table = ArrayView2::from_shape((log_prob.len(), 1), log_prob);
    own.check()?;
    args.out.write("log_prob", table.map_err(|e| Failure::failed(&e))?)?;
    let finite: Vec<f64> = log_prob.iter().copied().filter(|v| v.is_finite()).collect();
    let mean = (!finite.is_empty()).then(|| finite.iter().sum::<f64>() / finite.len() as f64);
    let (path, rows, inside) = (args.out.shown(), log_prob.len(), finite.len());
    let shown = mean.map_or("none finite".to_owned(), |m| format!("mean {m:.4}"));
    let value = serde_json::json!({
        "out": path, "rows": rows, "finite": inside, "mean": mean,
        "acceptance": answer.acceptance, "effective": answer.effective,
        "distance": answer.distance, "standing": answer.standing, "warnings": answer.warnings(),
    });
    let constant = format!(
        "their constant rests on {:.0} effective draws of the flows, of which {:.1}% lie inside the prior",
        answer.effective,
        100.0 * answer.acceptance
    );
    let head = [format!("{path}: {rows} log-densities, {inside} finite, {shown}"), constant];
    let place = place(answer.distance.as_ref(), answer.standing.as_ref());
    let text = lines(head.into_iter().chain(place));
    output.result(&value, &text)
}
