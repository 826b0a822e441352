//! `freeform particles`: Boltzmann generators.

mod evaluate;
mod failures;
mod histograms;
mod reference;
mod sample;
mod systems;
mod train;
mod weighing;

use super::{Failure, Output};
use freeform_particles::{About, OffCentre, SYSTEMS, System};

const EXAMPLES: &str = "\
Examples:
  freeform particles systems
  freeform particles reference dw4 -n 100000 --seed 1 --out dw4.npz
  freeform particles train dw4 --data dw4.npz --out model
  freeform particles sample model -n 10000 --seed 1 --out draws.npz
  freeform particles evaluate model --data test.npz --out evaluation

A flow of E(n)-equivariant networks learns the Boltzmann distribution of a system of particles from samples;
its draws come with exact densities, and are reweighed to the target.";

/// Options of `freeform particles`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// List the systems, with what is known of them.
    Systems(systems::Args),
    /// Draw from a system's Boltzmann distribution by replica exchange; ln Z comes with it.
    Reference(reference::Args),
    /// Train a flow on samples.
    Train(train::Args),
    /// Draw from a trained flow, with densities and weights.
    Sample(sample::Args),
    /// Judge a flow: exact densities at test samples, weights of its draws, energies.
    Evaluate(evaluate::Args),
}

/// The system of a model; that a program is run is said first.
fn opened(about: &About, output: &Output) -> Result<Box<dyn System + Send>, Failure> {
    if !SYSTEMS.contains(&about.system.as_str()) {
        output.reporter.tell(&format!("running the program of {}", about.system));
    }
    about.open().map_err(|error| failures::of_system(&error))
}

/// What `--center` says.
fn off_centre(center: bool) -> OffCentre {
    if center { OffCentre::Move } else { OffCentre::Refuse }
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    match &args.verb {
        Verb::Systems(args) => systems::run(args, output),
        Verb::Reference(args) => reference::run(args, output),
        Verb::Train(args) => train::run(args, output),
        Verb::Sample(args) => sample::run(args, output),
        Verb::Evaluate(args) => evaluate::run(args, output),
    }
}
