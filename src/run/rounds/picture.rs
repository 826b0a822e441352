//! The posterior by round.

use crate::run::directory::create_folder;
use crate::run::{Plots, RunError, plot, plots_wanted};
use freeform_benchmark::{RoundInterval, rounds_plot};
use freeform_inference::RoundReport;
use std::path::Path;

/// Draws `plots/rounds.svg`: mean and standard deviation of each parameter after every round.
pub(super) fn draw(
    folder: &Path,
    names: &[String],
    rounds: &[RoundReport],
) -> Result<(), RunError> {
    if plots_wanted() == Plots::None {
        return Ok(());
    }
    create_folder(&folder.join("plots"))?;
    let mut simulations = 0;
    let intervals: Vec<RoundInterval> = rounds
        .iter()
        .map(|round| {
            simulations += round.simulations;
            RoundInterval { simulations, mean: round.mean.clone(), std: round.std.clone() }
        })
        .collect();
    Ok(plot(&folder.join("plots/rounds.svg"), |path| rounds_plot(path, names, &intervals))?)
}
