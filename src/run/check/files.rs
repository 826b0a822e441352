//! What a check writes into the model's folder.

use super::pairs::Pair;
use super::{Check, CheckJob};
use crate::run::sealed::{self, Sealed};
use crate::run::{RunError, plot as draw};
use freeform_benchmark::{ChecksPlot, ParameterPanel, checks_plot};
use std::path::Path;

/// The file of the result.
const CHECK: &str = "check.json";
/// Its plot.
const PLOT: &str = "plots/check.svg";

/// Writes everything, `check.json` last.
pub(super) fn write(
    job: &CheckJob,
    names: &[String],
    pairs: &[Pair],
    check: &Check,
) -> Result<(), RunError> {
    let folder = job.pairs.folder;
    check.calibration.write(folder, names)?;
    let theta = &job.pairs.simulations.theta;
    let panel = |(d, name): (usize, _)| ParameterPanel {
        name,
        ecdf: &check.calibration.parameters[d].ecdf,
        recovery: pairs
            .iter()
            .enumerate()
            .map(|(i, pair)| (theta[[i, d]], pair.mean[d], pair.std[d]))
            .collect(),
    };
    let plot = ChecksPlot {
        title: &format!("checks on {} fresh simulations", check.simulations),
        coverage: [&check.calibration.coverage, &check.tarp.coverage],
        band: check.tarp.band,
        parameters: names.iter().map(String::as_str).enumerate().map(panel).collect(),
        envelope: &check.calibration.ecdf_band,
    };
    draw(&folder.join(PLOT), |path| checks_plot(path, &plot))?;
    Ok(sealed::write(&folder.join(CHECK), check)?)
}

/// The check in a model's folder.
pub(crate) enum Found {
    /// None was made.
    Nothing,
    /// One of this model.
    Whole(Box<Check>),
    /// One that says nothing of this model, and why.
    Useless(&'static str),
}

/// Reads the check in the folder of the model of this run.
pub(crate) fn read(folder: &Path, run: Option<&str>) -> Found {
    let value = match Sealed::read(&folder.join(CHECK)) {
        Sealed::Absent => return Found::Nothing,
        Sealed::Damaged => return Found::Useless("is not what was written there"),
        Sealed::Unsealed(value) | Sealed::Whole(value) => value,
    };
    match serde_json::from_value::<Check>(value) {
        Err(_) => Found::Useless("is not of this version"),
        Ok(check) if check.run.is_some() && check.run.as_deref() != run => {
            Found::Useless("is of another model")
        }
        Ok(check) => Found::Whole(Box::new(check)),
    }
}
