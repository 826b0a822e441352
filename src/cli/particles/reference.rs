//! `freeform particles reference`.

use super::{Failure, Output, failures};
use crate::run::check_room;
use freeform_particles::reference::{Estimate, ReferenceReport};
use freeform_particles::{
    ReferenceSettings, by_name, prepare_positions, sample_reference, write_positions,
};
use freeform_simulators::FileOwnership;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

const EXAMPLES: &str = "\
Examples:
  freeform particles reference dw4 -n 100000 --seed 1 --out dw4.npz
  freeform particles reference lj13 -n 100000 --seed 2 --out lj13.xyz
  freeform particles reference lj55 -n 20000 --replicas 64 --out lj55.npy

Replica exchange between a Gaussian and the target; ln Z by Bennett's acceptance ratio, its error from the
spread of the chains. Positions are zero-centred, rows and particles in random order. An .npz holds x and energy.
After Ctrl-C or a kill the same command goes on.";

/// Swaps between neighbours, as a share of the offers, below which a ladder is warned of.
const FEW_SWAPS: f64 = 0.1;

/// Options of `freeform particles reference`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// A system (`freeform particles systems`).
    #[arg(value_name = "SYSTEM")]
    system: String,
    /// Number of draws.
    #[arg(short = 'n', long, default_value_t = 10_000, value_parser = crate::cli::count::count)]
    draws: usize,
    /// Seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Chains that are independent of each other, and split over threads.
    #[arg(long, default_value_t = 8, value_parser = crate::cli::count::count)]
    chains: usize,
    /// Replicas of a chain [default: the system's].
    #[arg(long, value_parser = crate::cli::count::count)]
    replicas: Option<usize>,
    /// Sweeps between two draws [default: the system's].
    #[arg(long, value_parser = crate::cli::count::count)]
    sweeps: Option<usize>,
    /// Draws' worth of sweeps before the first draw [default: the system's].
    #[arg(long, value_parser = crate::cli::count::count)]
    burn_in: Option<usize>,
    /// Output file: .npz, .npy, .xyz, or text as .csv, .tsv, .txt or .dat.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let stop = output.interrupt_flag()?;
    let system = by_name(&args.system).map_err(|error| failures::of_system(&error))?;
    prepare_positions(&args.out).map_err(failures::of_array)?;
    let (own, shown) = (FileOwnership::of(&args.out)?, args.out.display().to_string());
    let mut sampling = system.sampling();
    sampling.replicas = args.replicas.unwrap_or(sampling.replicas);
    sampling.sweeps = args.sweeps.unwrap_or(sampling.sweeps);
    sampling.burn_in = args.burn_in.unwrap_or(sampling.burn_in);
    let settings =
        ReferenceSettings { draws: args.draws, seed: args.seed, chains: args.chains, sampling };
    check_room("-n, --chains and --replicas: so many draws", settings.numbers(&*system))?;
    let state = own.parts().join("state.safetensors");
    let mut bar = None;
    let found = sample_reference(&*system, &settings, Some(&state), &mut |progress| {
        let bar = bar
            .get_or_insert_with(|| output.reporter.bar("sampling", progress.total, progress.done));
        bar.update(progress.done, || match progress.burnt_in {
            true => String::new(),
            false => "burn-in".to_owned(),
        });
        match stop.load(Ordering::Relaxed) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    if let Some(bar) = bar {
        bar.finish();
    }
    let found = found.map_err(|error| failures::of_reference(&error, &shown))?;
    own.check()?;
    let report = &found.report;
    if !report.mean_energy.value.is_finite() {
        return Err(Failure::failed(&format!(
            "the mean energy of the draws is {}: {} allows none of the states that were found; nothing was written",
            report.mean_energy.value,
            system.name()
        )));
    }
    let least = report.swap_rates.iter().copied().fold(f64::INFINITY, f64::min);
    if least < FEW_SWAPS {
        output.reporter.warn(&format!(
            "neighbours in the ladder took {:.1}% of the offers at least: ln Z and draws may be wrong; add --replicas \
             (now {})",
            100.0 * least, settings.sampling.replicas
        ));
    }
    let more = [("energy", &found.energy[..])];
    write_positions(&args.out, found.x.view(), system.dims(), &more).map_err(failures::of_file)?;
    // It has done its work; left behind, the next command would find all of it done.
    let _ = std::fs::remove_file(&state);
    let value = serde_json::json!({
        "system": system.name(), "draws": args.draws, "seed": args.seed, "out": shown,
        "report": report,
    });
    let text = format!("{shown}: {} draws of {}\n{}", args.draws, system.name(), told(report));
    output.result(&value, &text)
}

fn told(report: &ReferenceReport) -> String {
    let estimate = |e: Estimate| format!("{:.4} ± {:.4}", e.value, e.error);
    let rates = |rates: &[f64]| {
        let least = rates.iter().copied().fold(f64::INFINITY, f64::min);
        let mean = rates.iter().sum::<f64>() / rates.len() as f64;
        format!("{mean:.2} on average, {least:.2} at least")
    };
    let ln_z =
        report.ln_z.map_or("unknown: a gap of the ladder was never crossed".into(), estimate);
    let time = report.autocorrelation_time.map_or("unknown".to_owned(), |t| format!("{t:.2}"));
    format!(
        "ln Z                  {ln_z}\n\
         mean energy           {}\n\
         virial                {} (expected {})\n\
         autocorrelation time  {time} draws\n\
         swaps accepted        {}\n\
         moves accepted        {}",
        estimate(report.mean_energy),
        estimate(report.virial),
        report.degrees_of_freedom,
        rates(&report.swap_rates),
        rates(&report.move_rates),
    )
}
