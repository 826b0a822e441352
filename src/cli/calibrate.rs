//! `freeform calibrate`.

use super::device::DeviceArg;
use super::fresh::{FreshArgs, open};
use super::lines::lines;
use super::{Failure, Output};
use crate::run::{Calibration, calibrate};
use freeform_simulators::counted;
use std::path::PathBuf;

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
the model's folder. Stopped and started again, it goes on; with a larger -n it goes on from what is there,
and with a smaller one ranks the first of it. `freeform check` uses the same ranks, and looks at more.";

/// Options of `freeform calibrate`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The model's folder.
    model: PathBuf,
    #[command(flatten)]
    fresh: FreshArgs,
    #[command(flatten)]
    device: DeviceArg,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let interrupt = output.interrupt_flag()?;
    let (model, _own) = open(&args.model)?;
    let ready = args.fresh.ready((&args.model, model), &args.device, &interrupt, output)?;
    let calibration = calibrate(&ready.pairs())?;
    output.result(&calibration, &text(&calibration, args))?;
    match (&calibration.calibrated, &calibration.reason) {
        (None, Some(reason)) => Err(output.no_verdict(reason)),
        _ => Ok(()),
    }
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
        "{} ranked, {} left out; p of the ranks over all parameters: {overall}\n\
         coverage is off by at most {:.3}, its 99% band allows {:.3}\n",
        counted(calibration.simulations, "simulation"),
        calibration.left_out,
        calibration.coverage_deviation,
        calibration.coverage_band,
    );
    let verdict = match (&calibration.calibrated, &calibration.reason) {
        (Some(false), Some(reason)) => format!("not calibrated: {reason}"),
        (None, Some(reason)) => format!("no verdict: {reason}"),
        _ => "calibrated: ranks are uniform, coverage stays in its band".to_owned(),
    };
    text += &lines([verdict]);
    text += &format!("\nlook at {}", args.model.join("plots/calibration.svg").display());
    text
}
