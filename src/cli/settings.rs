//! The options that every training verb shares.

use super::Failure;
use super::count::count;
use super::device::DeviceArg;
use crate::run::Existing;
use clap::ValueEnum;
use freeform_inference::{Overrides, Preset};
use freeform_simulators::DataPart;
use std::path::PathBuf;

/// The settings themselves, beside the seed.
#[derive(clap::Args)]
pub(super) struct SettingsArgs {
    /// Settings to start from.
    #[arg(long, value_enum, default_value_t)]
    preset: PresetArg,
    /// TOML file whose keys replace the preset's; `freeform settings` lists them all.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// One setting, e.g. --set training.max_epochs=50 (repeatable; wins over --config).
    #[arg(long = "set", value_name = "SECTION.KEY=VALUE")]
    set: Vec<String>,
    /// What the numbers of x are to each other: transform.layout in short.
    #[arg(long, value_parser = ["auto", "vector", "series", "set", "image"])]
    layout: Option<String>,
    /// Numbers of one point of a series, of one trial of a set, or of one pixel: transform.channels in
    /// short. Without --layout, which of these it is is found out.
    #[arg(long, value_name = "N", value_parser = count)]
    channels: Option<usize>,
    /// Rows and columns of pixels of an image, as 32x48: transform.shape in short. Arrays `[n, H, W]` and
    /// `[n, H, W, channels]` say it themselves.
    #[arg(long, value_name = "HxW", value_parser = shape)]
    shape: Option<[usize; 2]>,
    /// Parts that x consists of, each with its own layout, in the order of its columns: transform.parts in
    /// short. vector:3 is numbers, series:40x2 and set:40x2 are 40 points or trials of 2 numbers,
    /// image:32x48x3 pixels of 3.
    #[arg(long, value_name = "LAYOUT:SIZE,…", value_delimiter = ',',
          conflicts_with_all = ["layout", "channels", "shape"])]
    parts: Vec<DataPart>,
    /// What a NaN in x means: failed, that the simulation did, or allowed: that the number was not
    /// measured. transform.missing in short.
    #[arg(long, value_parser = ["failed", "allowed"])]
    missing: Option<String>,
    #[command(flatten)]
    pub(super) device: DeviceArg,
}

/// Settings of one training in a folder of its own.
#[derive(clap::Args)]
pub(super) struct TrainingArgs {
    #[command(flatten)]
    pub(super) settings: SettingsArgs,
    /// Observations with gaps: half of the simulations is given the very same, the other half as many
    /// at random. Needs --missing allowed. `freeform run` does so of itself where no simulation has any.
    #[arg(long, value_name = "FILE")]
    pub(super) masks_from: Option<PathBuf>,
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

#[derive(Clone, Copy, Default, ValueEnum)]
pub(super) enum PresetArg {
    /// The most accurate settings we know, from the size of the problem alone.
    #[default]
    Recommended,
    /// ResNet S with ReLU, one probe and a constant β, as the paper describes its benchmark runs.
    Paper,
}

impl PresetArg {
    /// The preset of that name.
    pub(super) fn preset(self) -> Preset {
        match self {
            Self::Recommended => Preset::Recommended,
            Self::Paper => Preset::Paper,
        }
    }
}

impl SettingsArgs {
    /// The preset beneath the settings.
    pub(super) fn preset(&self) -> Preset {
        self.preset.preset()
    }

    /// File and single settings together.
    pub(super) fn overrides(&self) -> Result<Overrides, Failure> {
        let mut overrides = match &self.config {
            Some(path) => Overrides::read(path)?,
            None => Overrides::default(),
        };
        for assignment in &self.set {
            overrides.set(assignment)?;
        }
        if let Some(layout) = &self.layout {
            overrides.set(&format!("transform.layout={layout}"))?;
        }
        if let Some(channels) = self.channels {
            overrides.set(&format!("transform.channels={channels}"))?;
        }
        if let Some([rows, columns]) = self.shape {
            overrides.set(&format!("transform.shape=[{rows}, {columns}]"))?;
        }
        if !self.parts.is_empty() {
            let parts: Vec<String> = self.parts.iter().map(|part| format!("\"{part}\"")).collect();
            overrides.set(&format!("transform.parts=[{}]", parts.join(", ")))?;
        }
        if let Some(missing) = &self.missing {
            overrides.set(&format!("transform.missing={missing}"))?;
        }
        Ok(overrides)
    }
}

/// Rows and columns of pixels, as 32x48.
fn shape(text: &str) -> Result<[usize; 2], String> {
    let sides = text.split_once(['x', 'X', '×']);
    let side = |side: &str| side.trim().parse().ok().filter(|n: &usize| *n > 0);
    let shape = sides.and_then(|(rows, columns)| Some([side(rows)?, side(columns)?]));
    shape.ok_or_else(|| "rows and columns of pixels are written as 32x48".to_owned())
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
