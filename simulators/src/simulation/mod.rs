//! Running simulators.

mod batch;
mod noise;
mod report;
mod rng;
mod set;
mod simulator;
mod source;

pub use batch::{Progress, simulate, simulate_at, simulate_range};
pub use noise::Noise;
pub use report::{
    FailureCount, FailureKind, FailureReport, FirstFailure, SimulateError, SimulatedBatch,
};
pub use rng::SimulationRng;
pub use set::{SetError, SetJob, SetReport, check_set, read_theta_failed, simulate_set};
pub use simulator::{SimulationError, Simulator};
pub use source::{SimulationSource, SourceError};

pub(crate) use batch::table;
pub(crate) use source::collect;

/// Copies double-precision values into a row of a table.
pub(crate) fn narrow(from: &[f64], to: &mut [f32]) {
    for (value, slot) in from.iter().zip(to) {
        *slot = *value as f32;
    }
}
