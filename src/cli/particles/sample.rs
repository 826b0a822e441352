//! `freeform particles sample`.

use super::opened;
use super::weighing::{Drawing, told, warn};
use super::{Failure, Output, failures};
use freeform_particles::{Model, prepare_positions, write_positions};
use freeform_simulators::FileOwnership;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  freeform particles sample model -n 10000 --seed 1 --out draws.npz
  freeform particles sample model -n 100 --out draws.xyz
  freeform particles sample model -n 10000 --no-weights --out draws.npz

An .npz holds x, log_q, energy and log_weight = -energy - log_q; other tables hold x. The few draws that the encoder
leads from to another z with the same x have log_weight = -inf, so that no x counts twice. With --no-weights an .npz
holds x and energy: one pass a draw, where a density takes as many more as there are degrees of freedom.";

/// Options of `freeform particles sample`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Folder of a model.
    #[arg(value_name = "MODEL_DIR")]
    model: PathBuf,
    /// Number of draws.
    #[arg(short = 'n', long, default_value_t = 10_000, value_parser = crate::cli::count::count)]
    draws: usize,
    /// Seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Positions and energies alone, without densities: much faster where there are many particles.
    #[arg(long)]
    no_weights: bool,
    /// Output file: .npz, .npy, .xyz, or text as .csv, .tsv, .txt or .dat.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let stop = output.interrupt_flag()?;
    let model = Model::load(&args.model).map_err(|error| failures::of_model(&error))?;
    let system = opened(&model.about, output)?;
    prepare_positions(&args.out).map_err(failures::of_array)?;
    let own = FileOwnership::of(&args.out)?;
    let drawing = Drawing {
        flow: &model.flow,
        system: &*system,
        seed: args.seed,
        count: args.draws,
        stop: &stop,
        output,
    };
    if args.no_weights {
        let (x, energy) = drawing.positions()?;
        own.check()?;
        let more = [("energy", &energy[..])];
        write_positions(&args.out, x.view(), system.dims(), &more).map_err(failures::of_file)?;
        let shown = args.out.display().to_string();
        let value = serde_json::json!({"out": shown, "draws": args.draws, "seed": args.seed});
        let text =
            format!("{shown}: {} draws of {}, without weights\n", args.draws, model.about.system);
        return output.result(&value, &text);
    }
    let drawn = drawing.weighed()?;
    let more =
        [("log_q", &drawn.log_q[..]), ("energy", &drawn.energy), ("log_weight", &drawn.log_weight)];
    own.check()?;
    write_positions(&args.out, drawn.x.view(), system.dims(), &more).map_err(failures::of_file)?;
    let (weighed, energy) = drawn.weighed();
    warn(&weighed, output);
    let shown = args.out.display().to_string();
    let value = serde_json::json!({
        "out": shown, "draws": args.draws, "seed": args.seed, "weights": weighed, "energy": energy,
        "folded": drawn.folded, "second_codes": drawn.second_share(),
    });
    let text = format!("{shown}: {} draws of {}\n", args.draws, model.about.system);
    output.result(&value, &(text + &told(&drawn, &weighed, &energy)))
}
