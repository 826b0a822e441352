//! `freeform particles train`.

use super::{Failure, Output, failures, off_centre};
use crate::cli::device::DeviceArg;
use crate::run::check_room;
use freeform_particles::training::{Checked, Told, check_training};
use freeform_particles::{About, Model, Preset, TrainSettings, by_name, read_positions, train_on};
use freeform_simulators::Ownership;
use ndarray::Array2;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

const EXAMPLES: &str = "\
Examples:
  freeform particles train dw4 --data dw4.npz --out model
  freeform particles train dw4 --data dw4.npz --preset paper --out table5
  freeform particles train lj13 --data lj13.npz --set steps=20000 --set batch=64 --out model
  freeform particles train dw4 --data dw4.npz --device wgpu --out model    # see `freeform devices`
  freeform particles train dw4 --data dw4.npz --out model --resume     # after Ctrl-C

Settings: layers, width, normalizer (what sums over neighbours are divided by), scale, batch, steps,
optimizer (adam, muon), learning_rate, schedule (constant, one-cycle), beta_start, beta_end, clip, average,
log_det (probe, exact), validate_every, validation (the last rows of the data, which are not trained on).";

/// Options of `freeform particles train`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// A system (`freeform particles systems`).
    #[arg(value_name = "SYSTEM")]
    system: String,
    /// Samples of it: .npz with x, .npy, .xyz, or text; one configuration a row, x1 y1 … x2 y2 ….
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// Move configurations whose centre of mass is not the origin there.
    #[arg(long)]
    center: bool,
    /// Settings to start from: what works on few cores, or the paper's Table 5.
    #[arg(long, value_enum, default_value = "recommended")]
    preset: PresetArg,
    /// Change a setting; may be given several times.
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Seed of weights, batches and probes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    device: DeviceArg,
    /// Folder of the model.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Go on with an interrupted training of the same settings, if there is one.
    #[arg(long, conflicts_with = "overwrite")]
    resume: bool,
    /// Replace an unfinished training that is there, and, at the end, a model.
    #[arg(long)]
    overwrite: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum PresetArg {
    /// What works on few cores.
    Recommended,
    /// Table 5 of Draxler, Sorrenson et al. 2024.
    Paper,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let stop = output.interrupt_flag()?;
    let system = by_name(&args.system).map_err(|error| failures::of_system(&error))?;
    let (x, energies) =
        read_positions(&args.data, &*system, off_centre(args.center)).map_err(failures::of_file)?;
    let preset = match args.preset {
        PresetArg::Recommended => Preset::Recommended,
        PresetArg::Paper => Preset::Paper,
    };
    let mut settings = preset.settings(system.particles(), x.nrows());
    for assignment in &args.set {
        settings.set(assignment).map_err(|error| Failure::usage(&format!("--set {error}")))?;
    }
    let engine = args.device.open()?;
    let numbers = settings.numbers(engine, system.particles(), system.dims(), x.nrows());
    check_room("--set layers, width and batch: such a training", numbers)?;
    let (folder, shown) = (&args.out, args.out.display().to_string());
    // Before anything is made or replaced.
    check_training(&settings, x.view(), system.dims())
        .map_err(|error| failures::of_training(&error, &shown))?;
    std::fs::create_dir_all(folder)
        .map_err(|e| Failure::failed(&format!("cannot create {shown}: {e}")))?;
    let own = Ownership::of_folder(folder)?;
    let state = folder.join("checkpoint.safetensors");
    if let Some(done) = finished(args, &state, &settings, &x)? {
        let told = done.about.checks.last().map(|check| line(check, None)).unwrap_or_default();
        let value =
            serde_json::json!({"out": shown, "finished": true, "last": done.about.checks.last()});
        return output.result(&value, &format!("{shown}: trained already\n{told}"));
    }
    make_room(args, folder, &state)?;
    let held_out = &energies[energies.len().saturating_sub(settings.validation)..];
    let mean_energy = held_out.iter().sum::<f64>() / held_out.len() as f64;
    // With the rows' own mean energy, whose noise is in their NLL too.
    let entropy = system.truth().map(|truth| truth.ln_z + mean_energy);
    let mut bar = output.reporter.bar("training", settings.steps, 0);
    let mut checks: Vec<Checked> = recalled(folder);
    let (mut first, mut at) = (true, 0);
    let mut tell = |told: Told| {
        match told {
            Told::Step { step, report } => {
                if std::mem::take(&mut first) {
                    bar.skip(step - 1);
                    checks.retain(|check| check.step < step);
                }
                at = step;
                bar.update(step, || format!("loss {:.3}", report.loss));
            }
            Told::Checking(done, rows) => {
                bar.note(at, &format!("validating, {done} of {rows} rows"));
            }
            Told::Checked(check) => {
                checks.retain(|before| before.step < check.step);
                bar.line(&line(check, entropy));
                checks.push(*check);
                // Only for people and for going on: the training itself does not need it.
                let _ = std::fs::write(metrics(folder), lines(&checks));
            }
            Told::Part => {}
        }
        match stop.load(Ordering::Relaxed) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    };
    let (data, dims) = (x.view(), system.dims());
    let trained = train_on(engine, &settings, data, dims, args.seed, Some(&state), &mut tell);
    bar.finish();
    let trained = trained.map_err(|error| failures::of_training(&error, &shown))?;
    own.check()?;
    let (named, identity) =
        About::system_of(&args.system, &*system).map_err(|error| Failure::failed(&error))?;
    let about = About {
        system: named,
        identity,
        settings,
        seed: args.seed,
        rows: x.nrows(),
        skipped: trained.skipped,
        engines: trained.engines,
        checks,
    };
    let model = Model { flow: trained.flow, about };
    model.save(folder).map_err(|error| failures::of_model(&error))?;
    let _ = std::fs::remove_file(&state);
    if trained.skipped > 0 {
        let skipped = trained.skipped;
        output.reporter.warn(&format!(
            "{skipped} steps had no finite gradient and were left out; where ten followed one another, the \
             training went on from earlier weights at half the learning rate"
        ));
    }
    let last = model.about.checks.last();
    if last.is_some_and(|check| !check.nll.is_finite()) {
        output.reporter.warn(
            "the last validation found no density: the model is of no use; lower learning_rate, or raise \
             beta_start and beta_end",
        );
    }
    let value = serde_json::json!({
        "out": shown, "system": args.system, "rows": x.nrows(), "seed": args.seed,
        "weights": model.flow.weights.len(), "skipped": trained.skipped,
        "engines": model.about.engines, "last": last,
        "settings": model.about.settings,
    });
    let told = last.map(|check| line(check, entropy)).unwrap_or_default();
    output.result(&value, &format!("{shown}: {} weights\n{told}", model.flow.weights.len()))
}

/// The model that is there, where the training was to go on and this is what would come of it.
fn finished(
    args: &Args,
    state: &Path,
    settings: &TrainSettings,
    x: &Array2<f64>,
) -> Result<Option<Model>, Failure> {
    if !args.resume || state.exists() || !Model::file(&args.out).exists() {
        return Ok(None);
    }
    let model = Model::load(&args.out).map_err(|error| failures::of_model(&error))?;
    let About { settings: then, seed, rows, .. } = &model.about;
    let same = then == settings && *seed == args.seed && *rows == x.nrows();
    Ok(same.then_some(model))
}

/// Refuses to replace what is there, or removes it where that is asked for.
fn make_room(args: &Args, folder: &Path, state: &Path) -> Result<(), Failure> {
    let shown = folder.display();
    if args.overwrite {
        // A model stays until the new one takes its place.
        let files = [state.to_owned(), metrics(folder)];
        files.iter().for_each(|file| drop(std::fs::remove_file(file)));
        return Ok(());
    }
    // A kill between the model and the end leaves both.
    if Model::file(folder).exists() && !(args.resume && state.exists()) {
        let other =
            if args.resume { ", of other settings, another seed or other data" } else { "" };
        return Err(Failure::usage(&format!(
            "{shown} holds a trained model{other}: choose another folder, or add --overwrite"
        )));
    }
    match (state.exists(), args.resume) {
        (true, false) => Err(Failure::usage(&format!(
            "{shown} holds an unfinished training: add --resume to go on, or --overwrite to start anew"
        ))),
        _ => Ok(()),
    }
}

fn metrics(folder: &Path) -> PathBuf {
    folder.join("metrics.jsonl")
}

fn lines(checks: &[Checked]) -> String {
    let line = |check| serde_json::to_string(check).unwrap_or_default() + "\n";
    checks.iter().map(line).collect()
}

fn recalled(folder: &Path) -> Vec<Checked> {
    let text = std::fs::read_to_string(metrics(folder)).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn line(check: &Checked, entropy: Option<f64>) -> String {
    let solved = match check.solved {
        1.0 => String::new(),
        share => format!(" ({:.1}% solved)", 100.0 * share),
    };
    let distance = entropy.map(|h| format!(" KL {:.4}", check.nll - h)).unwrap_or_default();
    format!(
        "step {}: loss {:.3}, validation NLL {:.4}{solved}{distance}, encoder's {:.4}, \
         reconstruction {:.2e}",
        check.step, check.loss, check.nll, check.encoder_nll, check.reconstruction
    )
}
