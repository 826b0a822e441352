//! Sets of simulations on disk: made in chunks, resumed after any interruption, extended later.
//!
//! While a run is under way, finished chunks lie in `OUT.parts/`; the table itself appears at the
//! end, whole. It carries its own description (in the archive's comment), so that a larger run
//! with the same simulator and seed can go on from it.

mod archive;
mod chunk;
mod description;
mod error;
mod job;

pub use error::SetError;
pub use job::{SetJob, SetReport, simulate_set};
