//! `freeform calibrate`.

use super::device::DeviceArg;
use super::table::TableArgs;
use super::{Failure, Output};
use crate::run::{
    Calibration, CalibrationJob, RunError, Source, Workplace, announce, calibrate, open_origin, own,
};
use freeform_inference::Model;
use freeform_inference::Posterior;
use freeform_simulators::{AnySimulator, SetError, Simulations, SourceError};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

const EXAMPLES: &str = "\
Examples:
  freeform calibrate runs/two_moons
  freeform calibrate model --task project/simulator.toml -n 500
  freeform calibrate model --simulations held-out.npz

Simulation-based calibration: the true parameters of fresh simulations, ranked among posterior draws,
are uniform if the posterior is right on average. Expected coverage: the share of true parameters in
the highest-density region of each credible level. Calibrated means that the ranks of every parameter
are uniform and that the coverage stays in the 99% band of the whole curve; fewer than 100 simulations
are no evidence either way, and exit code 1. Writes calibration.json and plots/calibration.svg into
the model's folder. Stopped and started again, it goes on; with a larger -n it goes on from what is there, and\nwith a smaller one ranks the first of it.";

/// Options of `freeform calibrate`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The model's folder.
    model: PathBuf,
    /// Benchmark task, or your own simulator.toml, to simulate [default: the one it was trained on].
    #[arg(long, conflicts_with = "simulations")]
    task: Option<String>,
    /// Simulations that the model was not trained on, θ from its prior: .npz with theta and x, or
    /// text with named columns.
    #[arg(long, value_name = "FILE")]
    simulations: Option<PathBuf>,
    /// Fresh simulations.
    #[arg(
        short = 'n', long, value_name = "N", default_value_t = 1000, conflicts_with = "simulations",
        value_parser = super::count::count
    )]
    count: usize,
    /// Seed of simulations and draws; that of the training plus one million by default.
    #[arg(long)]
    seed: Option<u64>,
    #[command(flatten)]
    tables: TableArgs,
    #[command(flatten)]
    device: DeviceArg,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let interrupt = output.interrupt_flag()?;
    let model = Model::load(&args.model)?;
    let _own = own(&args.model)?;
    // Never the simulations of the training.
    let seed = args.seed.unwrap_or(model.training.seed.wrapping_add(1_000_000));
    let (simulations, left_out) = simulations(args, &model, seed, &interrupt, output)?;
    let (theta_dim, data_dim) = (model.theta_dim(), model.data_dim());
    let (dim, width) = (simulations.parameter_dim(), simulations.data_dim());
    if (dim, width) != (theta_dim, data_dim) {
        return Err(Failure::usage(&format!(
            "the simulations have {dim} parameters and {width} data, the model {theta_dim} and \
             {data_dim}"
        )));
    }
    let engine = args.device.open()?;
    let posterior = Posterior::new(model, engine);
    let job = CalibrationJob {
        posterior: &posterior,
        simulations: &simulations,
        left_out,
        seed,
        engine,
        folder: &args.model,
        interrupt: &interrupt,
        reporter: output.reporter,
    };
    let calibration = calibrate(&job)?;
    output.result(&calibration, &text(&calibration, args))?;
    match (&calibration.calibrated, &calibration.reason) {
        (None, Some(reason)) => Err(Failure::with_result(reason)),
        (Some(false), Some(reason)) => {
            output.reporter.warn(&format!("not calibrated: {reason}"));
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Those to rank, all of them finite, and how many were left out, which the user is told.
fn simulations(
    args: &Args,
    model: &Model,
    seed: u64,
    interrupt: &AtomicBool,
    output: &Output,
) -> Result<(Simulations, usize), Failure> {
    let reporter = output.reporter;
    let Some(path) = &args.simulations else {
        let fix = "add --task, or --simulations";
        let simulator = open_origin(&model.training, args.task.as_deref(), fix)?;
        announce(&simulator, reporter);
        let folder = args.model.join("calibration");
        // Another seed's simulations, and those of its ranks, are kept beside these.
        let folder = args.seed.map_or(folder.clone(), |seed| folder.join(format!("seed-{seed}")));
        let at = Workplace { folder: &folder, overwrite: false, interrupt, reporter };
        let name = args.task.as_deref().unwrap_or_default();
        let input = match Source::simulated(name, &simulator, args.count, seed, &at) {
            // A larger calibration was made before: its first simulations are these.
            Err(RunError::Source(SourceError::Set(SetError::Larger { found, .. }))) => {
                return first_of(args, &simulator, (found, seed), &at, output);
            }
            // Of another simulator, or of this one before it was changed: made by this verb alone.
            Err(RunError::Source(SourceError::Set(SetError::Foreign { .. }))) => {
                let anew = Workplace { overwrite: true, ..at };
                Source::simulated(name, &simulator, args.count, seed, &anew)?
            }
            other => other?,
        };
        input.warnings.iter().for_each(|warning| reporter.warn(warning));
        let left_out = args.count.saturating_sub(input.simulations.len());
        return Ok((input.simulations, left_out));
    };
    let all = args.tables.simulations(path, model.prior.names())?;
    let (rows, left_out) = (all.len(), all.non_finite_rows());
    let shown = path.display();
    if left_out == rows {
        return Err(Failure::failed(&format!(
            "{shown}: none of {rows} simulations is finite: nothing to rank"
        )));
    }
    if left_out > 0 {
        reporter.warn(&format!(
            "{shown}: {left_out} of {rows} simulations are not finite and are \
             left out"
        ));
    }
    Ok((all.without_non_finite(), left_out))
}

/// The first usable simulations of a set that was made for a larger calibration; with them is said what
/// failed in all of it.
fn first_of(
    args: &Args,
    simulator: &AnySimulator,
    (found, seed): (u64, u64),
    at: &Workplace<'_>,
    output: &Output,
) -> Result<(Simulations, usize), Failure> {
    let name = args.task.as_deref().unwrap_or_default();
    let input = Source::simulated(name, simulator, found as usize, seed, at)?;
    input.warnings.iter().for_each(|warning| output.reporter.warn(warning));
    let left_out = (found as usize).saturating_sub(input.simulations.len());
    let n = args.count.min(input.simulations.len());
    output.reporter.say(&format!("{n} of {found} simulations that are there already are ranked"));
    Ok((input.simulations.first(n), left_out))
}

fn text(calibration: &Calibration, args: &Args) -> String {
    let mut text = format!("{:<20} {:>6} {:>8}\n", "parameter", "chi2", "p");
    for ranks in &calibration.parameters {
        let test = &ranks.test;
        let p_value = test.p_value.map_or("-".to_owned(), |p| format!("{p:.4}"));
        text += &format!("{:<20} {:>6.1} {p_value:>8}\n", ranks.name, test.chi_square);
    }
    let overall = calibration.p_value.map_or("none".to_owned(), |p| format!("{p:.4}"));
    text += &format!(
        "{} simulations ranked, {} left out; p of the ranks over all parameters: {overall}; coverage \
         is off by at most {:.3}, its 99% band allows {:.3}\n",
        calibration.simulations,
        calibration.left_out,
        calibration.coverage_deviation,
        calibration.coverage_band,
    );
    text += &match (&calibration.calibrated, &calibration.reason) {
        (Some(false), Some(reason)) => format!("not calibrated: {reason}"),
        (None, Some(reason)) => format!("no verdict: {reason}"),
        _ => "calibrated: ranks are uniform, coverage stays in its band".to_owned(),
    };
    text += &format!("\nlook at {}", args.model.join("plots/calibration.svg").display());
    text
}
