//! `freeform particles systems`.

use super::{Failure, Output, failures};
use freeform_particles::space::latent_normalizer;
use freeform_particles::system::dof;
use freeform_particles::{SYSTEMS, by_name};

const EXAMPLES: &str = "\
Examples:
  freeform particles systems
  freeform particles systems --json

Entropy is ln Z + <u>: no model's mean -log q over the target is lower. The published tables leave the
latent normaliser out; their lowest possible figure stands beside it.";

/// Options of `freeform particles systems`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {}

pub(super) fn run(_: &Args, output: &Output) -> Result<(), Failure> {
    let mut text = format!(
        "{:<6} {:>9} {:>4} {:>8} {:>10} {:>10} {:>9} {:>12}  {}\n",
        "system",
        "particles",
        "dims",
        "degrees",
        "ln Z",
        "mean u",
        "entropy",
        "as published",
        "from"
    );
    let mut rows = Vec::new();
    for name in SYSTEMS {
        let system = by_name(name).map_err(|error| failures::of_system(&error))?;
        let (particles, dims, degrees) = (system.particles(), system.dims(), dof(&*system));
        let truth = system.truth();
        let published = truth.map(|t| t.entropy() - latent_normalizer(degrees));
        text += &format!("{name:<6} {particles:>9} {dims:>4} {degrees:>8}");
        if let (Some(truth), Some(published)) = (truth, published) {
            text += &format!(
                " {:>10.3} {:>10.3} {:>9.3} {published:>12.3}  {}",
                truth.ln_z,
                truth.mean_energy,
                truth.entropy(),
                truth.source
            );
        }
        text.push('\n');
        rows.push(serde_json::json!({
            "system": name, "particles": particles, "dims": dims, "degrees_of_freedom": degrees,
            "ln_z": truth.map(|t| t.ln_z), "ln_z_error": truth.map(|t| t.ln_z_error),
            "mean_energy": truth.map(|t| t.mean_energy),
            "mean_energy_error": truth.map(|t| t.mean_energy_error),
            "entropy": truth.map(|t| t.entropy()), "published_convention": published,
        }));
    }
    output.result(&rows, &text)
}
