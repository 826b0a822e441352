//! Making, resuming and extending a set.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use super::SetError;
use super::archive::{Parts, describe, write};
use super::buffer::Buffer;
use super::chunk::{Chunk, clear};
use super::description::{Description, Origin};
use crate::files::{FileOwnership, free_space, human_bytes};
use crate::prepare_simulations_output;
use crate::simulation::source::check_share;
use crate::simulation::{
    FailureKind, FailureReport, Noise, Precision, SimulateError, SimulationSource, SourceError,
};

/// Work that a kill can cost: this, or a hundredth of the time spent so far, and one batch.
const FLUSH_EVERY: Duration = Duration::from_millis(500);
const FLUSH_AT_MOST: Duration = Duration::from_secs(4);
/// Numbers kept in memory between two writes.
const LARGEST: usize = 1 << 22;

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

fn belongs(origin: &Origin, path: &Path, found: Description) -> Result<Description, SetError> {
    match origin.difference(&found.origin) {
        None => Ok(found),
        Some(reason) => Err(SetError::foreign(path, reason)),
    }
}

/// Whether so many simulations crashed or timed out that another cause than their parameters is
/// likely, which may be gone: they are tried again.
fn is_suspect(report: &FailureReport, share: f64) -> bool {
    let broke = report.kinds.iter();
    let broke = broke.filter(|k| matches!(k.kind, FailureKind::Crash | FailureKind::Timeout));
    let count: usize = broke.map(|kind| kind.count).sum();
    count as f64 > share * report.requested as f64
}

/// A set under way: chunks that follow each other, then a buffer.
struct Run<'a> {
    job: &'a SetJob<'a>,
    origin: Origin,
    folder: &'a Path,
    owner: &'a FileOwnership,
    base: Option<Description>,
    chunks: Vec<Chunk>,
    /// Chunks of an earlier call that lie further on.
    ahead: Vec<Chunk>,
    buffer: Buffer,
    rows: u64,
    reused: u64,
    failures: FailureReport,
    noise: Noise,
    remarks: Vec<String>,
    started: Instant,
    flushed: Instant,
}

impl<'a> Run<'a> {
    fn new(
        job: &'a SetJob<'a>,
        origin: Origin,
        folder: &'a Path,
        owner: &'a FileOwnership,
        base: Option<Description>,
    ) -> Result<Self, SetError> {
        let start = base.as_ref().map_or(0, |base| base.end);
        let listing = Chunk::list(folder)?;
        let mut remarks = Vec::new();
        if listing.damaged > 0 {
            remarks.push(format!(
                "{} of the chunks in {} are damaged; their simulations are made again",
                listing.damaged,
                folder.display()
            ));
        }
        if listing.unchecked > 0 || base.as_ref().is_some_and(|base| !base.has_checksum()) {
            remarks.push(format!(
                "{}: what an earlier version made has no checksum and is used without that check",
                job.path.display()
            ));
        }
        let mut ahead = listing.chunks;
        for chunk in &ahead {
            belongs(&origin, folder, chunk.description.clone())?;
        }
        let fits = |found: &Description| {
            let precision = found.origin.precision == origin.precision;
            // Of another precision are only chunks that a finished table has left behind.
            precision && found.start >= start && found.end <= job.n
        };
        ahead.retain(|chunk| fits(&chunk.description));
        let (share, before) = (job.source.max_failure_share(), ahead.len());
        ahead.retain(|chunk| !is_suspect(&chunk.description.failures(), share));
        if ahead.len() < before {
            remarks.push("simulations that crashed or timed out are tried again".to_owned());
        }
        let now = Instant::now();
        Ok(Self {
            job,
            origin,
            folder,
            owner,
            chunks: Vec::new(),
            ahead,
            buffer: Buffer::new(start),
            rows: base.as_ref().map_or(0, |base| base.rows),
            reused: start,
            failures: base.as_ref().map(Description::failures).unwrap_or_default(),
            base,
            noise: Noise::default(),
            remarks,
            started: now,
            flushed: now,
        })
    }

    fn report(self) -> SetReport {
        let Self { rows, reused, failures, noise, remarks, .. } = self;
        SetReport { rows, reused, failures, noise, remarks, precision: self.origin.precision }
    }

    /// Simulates whatever no chunk holds.
    fn fill(&mut self) -> Result<(), SourceError> {
        while self.buffer.end < self.job.n {
            let position = self.buffer.end;
            // Of two that start here, the longer one; those that overlap what we have are of no use.
            self.ahead.retain(|chunk| chunk.description.start >= position);
            let here = |chunk: &Chunk| chunk.description.start == position;
            if let Some(at) = self.ahead.iter().rposition(here) {
                self.flush()?;
                let chunk = self.ahead.remove(at);
                self.reused += chunk.description.end - position;
                self.rows += chunk.description.rows;
                self.failures.merge(chunk.description.failures());
                self.buffer = Buffer::new(chunk.description.end);
                self.chunks.push(chunk);
                continue;
            }
            let next = self.ahead.iter().map(|chunk| chunk.description.start).min();
            let range = position..next.unwrap_or(self.job.n);
            let (source, job, precision) = (self.job.source, self.job, self.origin.precision);
            (job.progress)(position, &self.failures);
            let result =
                source.run(precision, job.seed, range, job.stop, &mut |batch| self.take(batch));
            if let Err(error) = result {
                // The first error is the one to tell, but no work should be lost with it.
                let kept = self.flush();
                return Err(if kept.is_err() {
                    kept.map_or_else(Into::into, |()| error)
                } else {
                    error
                });
            }
        }
        Ok(())
    }

    fn take(&mut self, batch: crate::SimulatedBatch) -> Result<(), SourceError> {
        self.noise.merge(&batch.noise);
        self.rows += batch.simulations.len() as u64;
        self.failures.merge(batch.failures.clone());
        self.buffer.push(batch);
        check_share(self.job.source, &self.failures, self.job.n)?;
        let patience = (self.started.elapsed() / 100).clamp(FLUSH_EVERY, FLUSH_AT_MOST);
        if self.flushed.elapsed() >= patience || self.buffer.numbers() >= LARGEST {
            self.flush()?;
        }
        (self.job.progress)(self.buffer.end, &self.failures);
        Ok(())
    }

    /// Writes the buffer out, if there is anything in it.
    fn flush(&mut self) -> Result<(), SetError> {
        if self.buffer.end > self.buffer.start {
            self.owner.check()?;
            self.chunks.push(Chunk::write(self.folder, &self.buffer, &self.origin)?);
            self.buffer = Buffer::new(self.buffer.end);
        }
        self.flushed = Instant::now();
        Ok(())
    }

    /// Puts the table together.
    fn finish(mut self) -> Result<SetReport, SourceError> {
        if self.rows == 0
            && let Some(first) = self.failures.first
        {
            let requested = self.failures.requested;
            return Err(SimulateError::AllFailed { requested, first }.into());
        }
        let base = self.base.as_ref().map(|base| (self.job.path, base.failed_rows.is_some()));
        let failed = self.known_failures();
        if failed.is_none() {
            self.remarks.push(format!(
                "{}: an earlier version did not keep the parameters of failed simulations, so the \
                 set has none",
                self.job.path.display()
            ));
        }
        let parts = Parts { base, chunks: &self.chunks, tail: &self.buffer };
        let whole = (0, self.job.n);
        let description = Description::new(&self.origin, whole, self.rows, failed, &self.failures);
        self.owner.check().map_err(SetError::from)?;
        write(self.job.path, &parts, description)?;
        clear(self.folder, self.job.n)?;
        Ok(self.report())
    }

    /// How many failed simulations there are, if the parameters of all of them are known.
    fn known_failures(&self) -> Option<u64> {
        let tail = self.buffer.end - self.buffer.start - self.buffer.rows;
        let parts = self.base.iter().chain(self.chunks.iter().map(|chunk| &chunk.description));
        parts.map(Description::known_failures).try_fold(tail, |sum, known| Some(sum + known?))
    }
}
