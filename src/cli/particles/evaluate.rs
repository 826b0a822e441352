//! `freeform particles evaluate`.

use super::histograms::Histograms;
use super::opened;
use super::weighing::{Drawing, piece, shown, told, warn};
use super::{Failure, Output, failures, off_centre};
use crate::run::{Owned, own};
use freeform_particles::generator::{Density, bennett_ln_z, densities, kullback_leibler};
use freeform_particles::reference::Estimate;
use freeform_particles::space::latent_normalizer;
use freeform_particles::{Model, System, read_positions};
use ndarray::{ArrayView2, s};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

const EXAMPLES: &str = "\
Examples:
  freeform particles evaluate model --data test.npz
  freeform particles evaluate model --data test.npz -n 100000 --out evaluation
  freeform particles evaluate model --data test.xyz --rows 200 -n 2000

log q(x) is the decoder's, at the z with g(z) = x that Newton's method finds; beside it stand the encoder's own
density and Algorithm 2 of the paper, which takes z = f(x) and is a density only where g(f(x)) = x. With a known
ln Z, KL(target | model) is in nats. --out keeps evaluation.json and histograms of energies and distances.";

/// Options of `freeform particles evaluate`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Folder of a model.
    #[arg(value_name = "MODEL_DIR")]
    model: PathBuf,
    /// Samples of the target that the model was not trained on.
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// Move configurations whose centre of mass is not the origin there.
    #[arg(long)]
    center: bool,
    /// Only so many of them, the first.
    #[arg(long, value_parser = crate::cli::count::count)]
    rows: Option<usize>,
    /// Draws to weigh; effective numbers of few draws are too good.
    #[arg(short = 'n', long, default_value_t = 100_000, value_parser = crate::cli::count::count)]
    draws: usize,
    /// Seed of the draws.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder for evaluation.json, energies.svg and distances.svg.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let stop = output.interrupt_flag()?;
    let model = Model::load(&args.model).map_err(|error| failures::of_model(&error))?;
    let system = opened(&model.about, output)?;
    let (x, energy) =
        read_positions(&args.data, &*system, off_centre(args.center)).map_err(failures::of_file)?;
    let rows = args.rows.unwrap_or(x.nrows()).min(x.nrows());
    let (x, energy) = (x.slice(s![..rows, ..]), &energy[..rows]);
    let own = args.out.as_deref().map(own).transpose()?;
    let found = of_data(&model, x, &stop, output)?;
    let data = OfData::new(&*system, energy, &found);
    data.warn(output);
    let keep = |value: &Value| keep(args.out.as_deref().zip(own.as_ref()), value);
    let (flow, seed, count) = (&model.flow, args.seed, args.draws);
    let drawing = Drawing { flow, system: &*system, seed, count, stop: &stop, output };
    let drawn = match drawing.weighed() {
        Ok(drawn) => drawn,
        // What the data say is known, and took long.
        Err(failure) => {
            let value = Value::Object(data.value(&*system));
            keep(&value)?;
            output.result(&value, &data.told())?;
            let words = "interrupted while drawing; what was found before is shown";
            let stopped = stop.load(Ordering::Relaxed);
            return Err(if stopped { failures::stopped(&words) } else { failure });
        }
    };
    let (weighed, mean) = drawn.weighed();
    warn(&weighed, output);
    let solved: Vec<f64> = energy
        .iter()
        .zip(&found)
        .filter(|(_, density)| density.is_solved())
        .map(|(u, density)| -u - density.log_q)
        .collect();
    let bennett = bennett_ln_z(&drawn.log_weight, &solved);
    let histograms = Histograms::new(&*system, x, energy, &drawn);
    let [tv_plain, tv_weighed, chi] = histograms.energies();
    let of_draws = serde_json::json!({
        "ln_z_bennett": bennett.map(|f| Estimate { value: f.difference, error: f.error }),
        "weights": weighed, "energy": mean, "folded": drawn.folded, "second_codes": drawn.second_share(),
        "energy_total_variation": tv_plain, "energy_total_variation_reweighted": tv_weighed,
        "energy_chi_squared_reweighted": chi,
    });
    let mut value = data.value(&*system);
    value.extend(of_draws.as_object().cloned().unwrap_or_default());
    let value = Value::Object(value);
    keep(&value)?;
    if let Some(folder) = &args.out {
        histograms.draw(folder)?;
    }
    let mut text = data.told() + &told(&drawn, &weighed, &mean);
    if let Some(found) = bennett {
        let estimate = Estimate { value: found.difference, error: found.error };
        text += &format!("ln Z             {} by Bennett's ratio with the data", shown(estimate));
        text +=
            &system.truth().map(|t| format!(" (known: {:.4})\n", t.ln_z)).unwrap_or("\n".into());
    }
    text += &format!(
        "energies         total variation to the data {tv_plain:.3} of the draws, {tv_weighed:.3} \
         reweighted (chi squared a bin {chi:.2})\n"
    );
    output.result(&value, &text)
}

/// Writes evaluation.json where there is a folder for it.
fn keep(place: Option<(&Path, &Owned)>, value: &Value) -> Result<(), Failure> {
    let Some((folder, own)) = place else { return Ok(()) };
    own.check()?;
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    freeform_simulators::write_bytes_atomically(&folder.join("evaluation.json"), text.as_bytes())
        .map_err(|error| Failure::failed(&error))
}

/// Densities at the data, piece by piece.
fn of_data(
    model: &Model,
    x: ArrayView2<'_, f64>,
    stop: &AtomicBool,
    output: &Output,
) -> Result<Vec<Density>, Failure> {
    /// Newton's steps that a row takes, about.
    const STEPS: usize = 3;
    let mut bar = output.reporter.bar("densities", x.nrows(), 0);
    let mut found = Vec::with_capacity(x.nrows());
    let piece = piece(&model.flow, (1 + STEPS) * (1 + model.flow.spec.dof()));
    for rows in x.axis_chunks_iter(ndarray::Axis(0), piece) {
        if stop.load(Ordering::Relaxed) {
            bar.finish();
            return Err(failures::stopped(&"interrupted; nothing was written"));
        }
        found.extend(densities(&model.flow, &rows.iter().copied().collect::<Vec<_>>()));
        bar.update(found.len(), String::new);
    }
    bar.finish();
    Ok(found)
}

/// What the data say of the model.
struct OfData {
    rows: usize,
    solved: f64,
    nll: Option<Estimate>,
    encoder: Estimate,
    approximate: Estimate,
    kl: Option<Estimate>,
    kl_encoder: Option<Estimate>,
    reconstruction: f64,
    /// ⟨u⟩ of the rows.
    energy: f64,
    /// What published figures leave out.
    normalizer: f64,
}

impl OfData {
    fn new(system: &dyn System, energy: &[f64], found: &[Density]) -> Self {
        let mean = |of: &dyn Fn(&Density) -> f64| {
            Estimate::of(&found.iter().map(of).filter(|v| v.is_finite()).collect::<Vec<_>>())
        };
        let ln_z = system.truth().map(|truth| truth.ln_z);
        let (mut solved_energy, mut solved) = (Vec::new(), Vec::new());
        for (u, density) in energy.iter().zip(found).filter(|(_, density)| density.is_solved()) {
            solved_energy.push(*u);
            solved.push(density.log_q);
        }
        let encoder: Vec<f64> = found.iter().map(|density| density.encoder).collect();
        let dof = freeform_particles::system::dof(system);
        Self {
            rows: found.len(),
            solved: solved.len() as f64 / found.len() as f64,
            nll: (!solved.is_empty()).then(|| mean(&|d| -d.log_q)),
            encoder: mean(&|d| -d.encoder),
            approximate: mean(&|d| -d.approximate),
            kl: ln_z
                .filter(|_| !solved.is_empty())
                .map(|ln_z| kullback_leibler(&solved_energy, &solved, ln_z)),
            kl_encoder: ln_z.map(|ln_z| kullback_leibler(energy, &encoder, ln_z)),
            reconstruction: mean(&|d| d.reconstruction).value / dof as f64,
            energy: energy.iter().sum::<f64>() / energy.len() as f64,
            normalizer: latent_normalizer(dof),
        }
    }

    fn warn(&self, output: &Output) {
        if self.solved < 0.999 {
            output.reporter.warn(&format!(
                "g(z) = x was solved at {:.1}% of the rows: NLL and KL are of these, and too good; \
                 train longer or with a larger beta",
                100.0 * self.solved
            ));
        }
        if let Some(kl) = self.kl.filter(|kl| kl.value < -5.0 * kl.error - 0.01) {
            output.reporter.warn(&format!(
                "KL is {:.2} ± {:.2}, and no density's is below 0: the rows are not draws of this system (their mean \
                 energy is {:.4}); look at their units and at the order of their coordinates, x1 y1 … x2 y2 …",
                kl.value, kl.error, self.energy
            ));
        }
        let apart = self.nll.map_or(0.0, |nll| (nll.value - self.approximate.value).abs());
        if apart > 0.1 {
            output.reporter.warn(&format!(
                "Algorithm 2's figure is {apart:.2} nats from the NLL: the decoder does not invert the \
                 encoder well, and that figure is no density's"
            ));
        }
    }

    fn value(&self, system: &dyn System) -> Map<String, Value> {
        let value = serde_json::json!({
            "system": system.name(), "rows": self.rows, "solved": self.solved,
            "nll": self.nll, "nll_encoder": self.encoder, "nll_algorithm_2": self.approximate,
            "nll_published_convention": self.nll.map(|e| e.value - self.normalizer),
            "kl": self.kl, "kl_encoder": self.kl_encoder, "reconstruction": self.reconstruction,
            "ln_z_true": system.truth().map(|t| t.ln_z),
        });
        value.as_object().cloned().unwrap_or_default()
    }

    fn told(&self) -> String {
        let maybe = |e: Option<Estimate>| e.map_or("unknown".to_owned(), shown);
        let published = self.nll.map_or(f64::NAN, |nll| nll.value - self.normalizer);
        let mut text = format!(
            "NLL              {} over {} rows, {:.1}% of them solved\n\
             as published     {published:.4} (without the latent normaliser {:.4})\n",
            maybe(self.nll),
            self.rows,
            100.0 * self.solved,
            self.normalizer,
        );
        if self.kl.is_some() {
            text += &format!("KL(target|model) {} nats\n", maybe(self.kl));
        }
        text + &format!(
            "encoder's NLL    {}, KL {}\n\
             Algorithm 2      {}\n\
             reconstruction   {:.2e} a degree of freedom\n",
            shown(self.encoder),
            maybe(self.kl_encoder),
            shown(self.approximate),
            self.reconstruction,
        )
    }
}
