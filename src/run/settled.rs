//! Settings held against a simulator before it is asked for anything, which may be dear.

use super::{RunError, Source};
use freeform_inference::training::check_layout;
use freeform_inference::{Overrides, Preset, Problem};
use freeform_simulators::AnySimulator;

impl Source {
    /// Refuses settings that are none, or that do not fit what will be simulated.
    ///
    /// # Errors
    /// The settings', by key, value and fix; an unknown task.
    pub fn check_settings(&self, preset: Preset, overrides: &Overrides) -> Result<(), RunError> {
        match self {
            Self::Task { name, simulations } => {
                check_settings(&AnySimulator::open(name)?, *simulations, (preset, overrides))
            }
            Self::File { .. } => Ok(()),
        }
    }
}

/// Refuses settings that are none, or that do not fit so many simulations of a simulator.
pub(super) fn check_settings(
    simulator: &AnySimulator,
    simulations: usize,
    (preset, overrides): (Preset, &Overrides),
) -> Result<(), RunError> {
    let problem = Problem::of_source(simulator.source(), simulations);
    let config = overrides.resolve(preset, &problem)?;
    Ok(check_layout(problem.context_dim, &config.transform)?)
}
