//! Running simulators.

mod batch;
mod report;
mod rng;
mod simulator;

pub use batch::{Progress, simulate, simulate_at, simulate_range};
pub use report::{FailureReport, FirstFailure, SimulateError, SimulatedBatch};
pub use rng::SimulationRng;
pub use simulator::{SimulationError, Simulator};

/// Copies double-precision values into a row of a table.
pub(crate) fn narrow(from: &[f64], to: &mut [f32]) {
    for (value, slot) in from.iter().zip(to) {
        *slot = *value as f32;
    }
}
