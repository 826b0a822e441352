//! `freeform sample`.

use super::device::DeviceArg;
use super::lines::lines;
use super::observation::{ObservationArg, place, with_advice};
use super::table::{TableArgs, TableOut, draws_of};
use super::{Failure, Output};
use crate::run::check_room;
use freeform_inference::{Asking, DrawProgress, Model, Posterior};
use std::path::PathBuf;
use std::sync::Mutex;

const EXAMPLES: &str = "\
Examples:
  freeform sample model --observation 3 -n 10000 --seed 1 --out samples.npy
  freeform sample model --observation x.csv -n 10000 --out samples.csv
  freeform sample model --observation many.npy:3 --out samples.npy    # row 3 of [m, C]

The output has one draw a row, [n, D]; an .npz holds it as theta.";

/// Options of `freeform sample`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Folder of a trained model.
    model: PathBuf,
    /// Number of one of the task's observations, or a file with the observed data (.npy, .npz, or
    /// text); of a file with several observations, one a row, the third is FILE:3.
    #[arg(long, value_name = "NUMBER|FILE[:ROW]")]
    observation: ObservationArg,
    /// Benchmark task, or simulator.toml, whose observations the numbers mean [default: the one that
    /// the model was trained on].
    #[arg(long)]
    task: Option<String>,
    /// Number of draws.
    #[arg(short = 'n', long, default_value_t = 10_000, value_parser = super::count::count)]
    draws: usize,
    /// Seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Write draws even where they are worth next to nothing: of an observation far from everything
    /// simulated, or a few points repeated.
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
    // A corrected draw is chosen among several.
    let each =
        if model.training.correction.is_some() { model.config.posterior.proposals } else { 1 };
    let numbers = [args.draws, each, model.theta_dim()].map(|n| n as u128).iter().product();
    check_room(&format!("-n {}: so many draws", args.draws), numbers)?;
    let posterior = Posterior::new(model, args.device.open()?);
    let bar = Mutex::new(output.reporter.bar("drawing", args.draws, 0));
    let progress = |at: DrawProgress| {
        let Ok(mut bar) = bar.lock() else { return };
        let share = at.accepted as f64 / at.wanted as f64;
        let inside = 100.0 * at.accepted as f64 / at.drawn as f64;
        bar.update((share * args.draws as f64) as usize, || {
            format!("{inside:.2}% of {} inside the prior", at.drawn)
        });
    };
    let asking =
        Asking { anyway: args.anyway, progress: Some(&progress), ..Asking::until(&interrupt) };
    let draws = posterior.sample_as(&x, args.draws, args.seed, &asking);
    if let Ok(bar) = bar.lock() {
        bar.finish();
    }
    let draws = draws.map_err(|error| with_advice(error, "gives its draws"))?;
    draws.warnings().iter().for_each(|warning| output.reporter.warn(warning));
    own.check()?;
    args.out.write_draws(&posterior.model().prior, draws.theta.view())?;
    let (path, acceptance) = (args.out.shown(), draws.acceptance);
    let (n, dim) = draws.theta.dim();
    let worth = format!(
        "{:.1}% inside the prior, worth {:.0} independent ones ({} different){}",
        100.0 * acceptance,
        draws.effective,
        draws.distinct,
        shape(draws.pareto_k),
    );
    let head = [format!("{path}: {}", draws_of(n, dim)), worth];
    let place = place(draws.distance.as_ref(), draws.standing.as_ref());
    let edges = draws.edges.as_ref().map(ToString::to_string);
    let probabilities = posterior.model().prior.probabilities(draws.theta.view());
    let categories =
        probabilities.iter().map(|own| format!("{}: {}", own.parameter, own.in_words()));
    let text = lines(head.into_iter().chain(categories).chain(place).chain(edges));
    let value = serde_json::json!({
        "out": path, "draws": n, "theta_dim": dim, "acceptance": acceptance, "seed": args.seed,
        "effective": draws.effective, "distinct": draws.distinct, "proposals": draws.proposals,
        "pareto_k": draws.pareto_k, "truncated": draws.truncated, "distance": draws.distance, "standing": draws.standing,
        "edges": draws.edges, "probabilities": probabilities, "warnings": draws.warnings(),
    });
    output.result(&value, &text)
}

/// The shape of the weights' tail, in words.
fn shape(pareto_k: Option<f64>) -> String {
    match pareto_k {
        None => String::new(),
        Some(k) if k > 0.7 => format!(", Pareto k {k:.2} (above 0.7: the weights' tail is heavy)"),
        Some(k) => format!(", Pareto k {k:.2}"),
    }
}
