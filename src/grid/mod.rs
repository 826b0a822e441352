//! Sweeps: many trainings described by one file, run on one machine or by any scheduler.
//!
//! A [`Sweep`] is planned into a [`Plan`]: a frozen list of runs, entry k of which is all that a
//! scheduler needs to name. Each run has a folder of its own in the sweep's; what lies on disk says
//! how far the sweep is, so that it can be stopped anywhere and gone on with from anywhere.
//!
//! Runs are deterministic and files appear whole, hence two processes at the same run do no harm.
//! Claims (see [`claim`]) keep them from wasting time on it.

mod axis;
mod best;
pub mod claim;
mod collect;
mod entry;
mod error;
mod grammar;
mod layout;
mod lines;
#[cfg(feature = "burn")]
mod pack;
mod plan;
mod runner;
mod seal;
mod shared;
pub mod slurm;
mod state;
mod sweep;
mod task;

pub use best::BestSettings;
pub use collect::{Collected, collect};
pub use entry::PlanEntry;
pub use error::GridError;
pub use layout::Layout;
pub use plan::{Plan, Planned, plan};
pub use runner::{LocalJob, LocalReport, request_stop, run_local};
pub use state::{RunState, SweepStatus, state_of, sweep_status};
pub use sweep::{Resources, Sweep};
pub use task::{TaskJob, TaskOutcome, run_task};
