//! Running simulators.

mod batch;
mod closure;
mod in_process;
mod noise;
mod precision;
mod proposed;
mod report;
mod rng;
mod set;
mod simulator;
mod source;

pub use batch::{Progress, simulate, simulate_at, simulate_range};
pub use closure::SimulatorFn;
pub use in_process::InProcess;
pub use noise::Noise;
pub use proposed::Proposed;
pub use report::{
    FailureCount, FailureKind, FailureReport, FirstFailure, SimulateError, SimulatedBatch,
};
pub use rng::SimulationRng;
pub use set::{SetError, SetJob, SetRecord, SetReport, check_set, read_theta_failed, simulate_set};
pub use simulator::{SimulationError, Simulator};
pub use source::{DrawTheta, SimulationSource, SourceError};

pub(crate) use batch::table;
pub use precision::Precision;
pub(crate) use source::collect;
