//! The options that every training verb shares.

use super::Failure;
use crate::config::{Overrides, Preset};
use crate::engine::EngineKind;
use crate::run::Existing;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The settings themselves, beside the seed.
#[derive(clap::Args)]
pub(super) struct SettingsArgs {
    /// Settings to start from.
    #[arg(long, value_enum, default_value_t)]
    pub(super) preset: Preset,
    /// TOML file whose keys replace the preset's.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// One setting, e.g. --set training.max_epochs=50 (repeatable; wins over --config).
    #[arg(long = "set", value_name = "SECTION.KEY=VALUE")]
    set: Vec<String>,
    /// Who does the arithmetic.
    #[arg(long, value_enum, default_value_t)]
    pub(super) engine: EngineKind,
}

/// Settings of one training in a folder of its own.
#[derive(clap::Args)]
pub(super) struct TrainingArgs {
    #[command(flatten)]
    pub(super) settings: SettingsArgs,
    /// Seed of everything random.
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    /// Go on with the run in the output folder.
    #[arg(long, conflicts_with = "overwrite")]
    resume: bool,
    /// Replace the run in the output folder.
    #[arg(long)]
    overwrite: bool,
}

impl SettingsArgs {
    /// File and single settings together.
    pub(super) fn overrides(&self) -> Result<Overrides, Failure> {
        let mut overrides = match &self.config {
            Some(path) => Overrides::read(path)?,
            None => Overrides::default(),
        };
        for assignment in &self.set {
            overrides.set(assignment)?;
        }
        Ok(overrides)
    }
}

impl TrainingArgs {
    /// What to do with a folder in use.
    pub(super) fn existing(&self) -> Existing {
        match (self.resume, self.overwrite) {
            (true, _) => Existing::Resume,
            (_, true) => Existing::Overwrite,
            _ => Existing::Refuse,
        }
    }
}

/// A flag that the first SIGINT or SIGTERM sets; a second one ends the program at once.
pub(super) fn interrupt_flag() -> Result<Arc<AtomicBool>, Failure> {
    let flag = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        // Order matters: the shutdown looks at the flag before the second line sets it.
        signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&flag))?;
        signal_hook::flag::register(signal, Arc::clone(&flag))?;
    }
    Ok(flag)
}
