//! Making, resuming and extending a set.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::SetError;
use super::archive::describe;
use super::chunk::{Chunk, clear};
use super::description::{Description, Origin};
use super::under_way::Run;
use crate::files::{FileOwnership, free_space, human_bytes};
use crate::prepare_simulations_output;
use crate::simulation::{
    FailureReport, Noise, Precision, SimulateError, SimulationSource, SourceError,
};

/// A set of simulations to be made.
pub struct SetJob<'a> {
    /// What to simulate.
    pub source: &'a dyn SimulationSource,
    /// How many simulations the set should hold, failed ones included.
    pub n: u64,
    /// Seed of the run.
    pub seed: u64,
    /// The table, `.npz`.
    pub path: &'a Path,
    /// Whether to start anew where the name is taken.
    pub overwrite: bool,
    /// Set from outside to stop; what is finished is kept.
    pub stop: &'a AtomicBool,
    /// Told how many simulations are done, and the account of failures.
    pub progress: &'a dyn Fn(u64, &FailureReport),
}

/// A finished set.
#[derive(Clone, Debug, PartialEq)]
pub struct SetReport {
    /// Rows in the table.
    pub rows: u64,
    /// Simulations that were there before this call.
    pub reused: u64,
    /// The account of the whole set.
    pub failures: FailureReport,
    /// What the simulator printed beside its answers during this call.
    pub noise: Noise,
    /// What a user should know, in words: what was damaged, say, and is made anew.
    pub remarks: Vec<String>,
    /// Of its numbers: double, unless an earlier version began it.
    pub precision: Precision,
}

/// Brings the set at `job.path` to `job.n` simulations. What an earlier call with the same
/// simulator and seed left, finished or not, is used; the table is the same, byte for byte, as
/// that of one uninterrupted call, provided that the simulator draws from its seeds alone.
///
/// One process at a time works on a set; another is refused
/// ([`OwnershipError`](crate::OwnershipError)).
///
/// # Errors
/// [`SourceError`]; all finished simulations are kept for the next call.
pub fn simulate_set(job: &SetJob<'_>) -> Result<SetReport, SourceError> {
    if job.n == 0 {
        return Err(SimulateError::Nothing.into());
    }
    prepare_simulations_output(job.path).map_err(SetError::from)?;
    let origin = Origin::new(job.source, job.seed);
    check_room(job, 0, 0)?;
    // `sims.npz` is made in `sims.npz.parts`.
    let owner = FileOwnership::of(job.path).map_err(SetError::from)?;
    make(job, origin, &owner)
}

/// The same, by the owner of the set.
fn make(
    job: &SetJob<'_>,
    mut origin: Origin,
    owner: &FileOwnership,
) -> Result<SetReport, SourceError> {
    let folder = owner.parts();
    if job.overwrite {
        clear(folder, u64::MAX)?;
    }
    let base = if job.overwrite { None } else { describe(job.path)? };
    let base = base.map(|found| belongs(&origin, job.path, found)).transpose()?;
    origin.precision = begun_in(base.as_ref(), folder)?;
    let covered = base.as_ref().map_or(0, |base| base.end);
    if covered > job.n {
        let (path, asked) = (job.path.to_owned(), job.n);
        return Err(SetError::Larger { path, found: covered, asked }.into());
    }
    if covered == job.n {
        clear(folder, job.n)?;
        let run = Run::new(job, origin, folder, owner, base)?;
        return Ok(run.report());
    }
    let mut run = Run::new(job, origin, folder, owner, base)?;
    let there = run.ahead.iter().map(Chunk::bytes).sum();
    check_room(job, covered, there)?;
    run.fill()?;
    run.finish()
}

/// Refuses what cannot fit: the table, and beside it the chunks that are not there yet.
fn check_room(job: &SetJob<'_>, covered: u64, there: u64) -> Result<(), SetError> {
    let columns = job.source.prior().dim() + job.source.data_dim();
    let bytes = |rows: u64| u128::from(rows) * 8 * columns as u128;
    let needed = (bytes(job.n) + bytes(job.n - covered)).saturating_sub(there.into());
    match free_space(job.path) {
        Some(free) if needed > free.into() => Err(SetError::NoRoom {
            path: job.path.to_owned(),
            n: job.n,
            columns,
            needed: human_bytes(needed),
            free: human_bytes(free.into()),
        }),
        _ => Ok(()),
    }
}

/// The precision of what is there already, of a finished table first.
fn begun_in(base: Option<&Description>, folder: &Path) -> Result<Precision, SetError> {
    let chunk = || Chunk::list(folder).map(|found| Some(found.chunks.first()?.description.clone()));
    let begun = base.cloned().map_or_else(chunk, |base| Ok(Some(base)))?;
    Ok(begun.map_or_else(Precision::default, |begun| begun.origin.precision))
}

pub(super) fn belongs(
    origin: &Origin,
    path: &Path,
    found: Description,
) -> Result<Description, SetError> {
    match origin.difference(&found.origin) {
        None => Ok(found),
        Some(reason) => Err(SetError::foreign(path, reason)),
    }
}
