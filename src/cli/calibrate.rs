//! `freeform calibrate`.

use super::device::DeviceArg;
use super::{Failure, Output};
use crate::run::{
    Calibration, CalibrationJob, Source, Workplace, announce, calibrate, open_origin, own,
};
use freeform_inference::Model;
use freeform_inference::Posterior;
use freeform_simulators::Simulations;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  freeform calibrate runs/two_moons
  freeform calibrate model --task project/simulator.toml -n 500
  freeform calibrate model --simulations held-out.npz

Simulation-based calibration: the true parameters of fresh simulations, ranked among posterior draws,
are uniform if the posterior is right on average. Expected coverage: the share of true parameters in
the highest-density region of each credible level. Writes calibration.json and
plots/calibration.svg into the model's folder.";

/// Options of `freeform calibrate`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The model's folder.
    model: PathBuf,
    /// Benchmark task, or your own simulator.toml, to simulate [default: the one it was trained on].
    #[arg(long, conflicts_with = "simulations")]
    task: Option<String>,
    /// Simulations that the model was not trained on (.npz with theta and x), θ from its prior.
    #[arg(long, value_name = "FILE")]
    simulations: Option<PathBuf>,
    /// Fresh simulations.
    #[arg(short = 'n', long, value_name = "N", default_value_t = 1000, value_parser = super::count::count)]
    count: usize,
    /// Seed of simulations and draws; that of the training plus one million by default.
    #[arg(long)]
    seed: Option<u64>,
    #[command(flatten)]
    device: DeviceArg,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let interrupt = output.interrupt_flag()?;
    let model = Model::load(&args.model)?;
    let _own = own(&args.model)?;
    // Never the simulations of the training.
    let seed = args.seed.unwrap_or(model.training.seed.wrapping_add(1_000_000));
    let simulations = match &args.simulations {
        Some(path) => Simulations::read(path)?.without_non_finite(),
        None => {
            let fix = "add --task, or --simulations";
            let simulator = open_origin(&model.training, args.task.as_deref(), fix)?;
            announce(&simulator, output.reporter);
            let folder = args.model.join("calibration");
            let (interrupt, reporter) = (&*interrupt, output.reporter);
            let at = Workplace { folder: &folder, overwrite: false, interrupt, reporter };
            let name = args.task.as_deref().unwrap_or_default();
            Source::simulated(name, &simulator, args.count, seed, &at)?.simulations
        }
    };
    let (theta_dim, data_dim) = (model.theta_dim(), model.data_dim());
    let (dim, width) = (simulations.parameter_dim(), simulations.data_dim());
    if (dim, width) != (theta_dim, data_dim) {
        return Err(Failure::usage(&format!(
            "the simulations have {dim} parameters and {width} data, the model {theta_dim} and \
             {data_dim}"
        )));
    }
    let posterior = Posterior::new(model, args.device.open()?);
    let job = CalibrationJob {
        posterior: &posterior,
        simulations: &simulations,
        seed,
        folder: &args.model,
        interrupt: &interrupt,
        reporter: output.reporter,
    };
    let calibration = calibrate(&job)?;
    output.result(&calibration, &text(&calibration, args))
}

fn text(calibration: &Calibration, args: &Args) -> String {
    let mut text = format!("{:<20} {:>6} {:>8}\n", "parameter", "chi2", "p");
    for ranks in &calibration.parameters {
        let test = &ranks.test;
        text += &format!("{:<20} {:>6.1} {:>8.4}\n", ranks.name, test.chi_square, test.p_value);
    }
    let verdict = if calibration.calibrated { "uniform" } else { "not uniform" };
    text += &format!(
        "ranks of {} simulations are {verdict} (p {:.4} over all parameters); coverage is off by at \
         most {:.3}\nlook at {}",
        calibration.simulations,
        calibration.p_value,
        calibration.coverage_deviation,
        args.model.join("plots/calibration.svg").display()
    );
    text
}
