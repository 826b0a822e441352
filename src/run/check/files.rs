//! What a check writes into the model's folder.

use super::pairs::Pair;
use super::{Check, CheckJob};
use crate::run::{RunError, plot as draw};
use freeform_benchmark::{ChecksPlot, ParameterPanel, checks_plot};
use freeform_simulators::write_bytes_atomically;
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
    let text = serde_json::to_string_pretty(check).map_err(std::io::Error::other)?;
    Ok(write_bytes_atomically(&folder.join(CHECK), (text + "\n").as_bytes())?)
}

/// The check in a model's folder, where there is one.
pub(crate) fn read(folder: &Path) -> Option<Check> {
    serde_json::from_slice(&std::fs::read(folder.join(CHECK)).ok()?).ok()
}
