//! Sets of simulations on disk: made in chunks, resumed after any interruption, extended later.
//!
//! While a run is under way, finished chunks lie in `OUT.parts/`; the table itself appears at the
//! end, whole. It carries its own description (in the archive's comment), so that a larger run
//! with the same simulator and seed can go on from it. Table and chunks end with a checksum of
//! all their bytes. One process at a time works on a set, which it owns by `OUT.parts/owner`.

mod archive;
mod buffer;
mod checksum;
mod chunk;
mod description;
mod error;
mod job;
mod record;
mod under_way;
mod witness;

pub use archive::{check_set, read_theta_failed};
pub use error::SetError;
pub use job::{SetJob, SetReport, simulate_set};
pub use record::SetRecord;

/// The arrays of a set: θ `[n, D]` and x `[n, C]` of the good simulations, and θ `[m, D]` of the
/// failed ones, in the order of the index.
const ARRAYS: [&str; 3] = ["theta", "x", "theta_failed"];
