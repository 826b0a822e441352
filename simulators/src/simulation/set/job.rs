//! Making, resuming and extending a set.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use super::SetError;
use super::archive::{Parts, describe, write};
use super::chunk::{Buffer, Chunk, clear, clear_abandoned};
use super::description::{Description, Origin};
use crate::prepare_simulations_output;
use crate::simulation::source::check_share;
use crate::simulation::{FailureReport, Precision, SimulateError, SimulationSource, SourceError};

/// Work that a kill can cost: this, or a hundredth of the time spent so far.
const FLUSH_EVERY: Duration = Duration::from_millis(500);
const FLUSH_AT_MOST: Duration = Duration::from_secs(60);
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
    /// Of its numbers: double, unless an earlier version began it.
    pub precision: Precision,
}

/// Brings the set at `job.path` to `job.n` simulations. What an earlier call with the same
/// simulator and seed left, finished or not, is used; the table is the same, byte for byte, as
/// that of one uninterrupted call, provided that the simulator draws from its seeds alone.
///
/// # Errors
/// [`SourceError`]; all finished simulations are kept for the next call.
pub fn simulate_set(job: &SetJob<'_>) -> Result<SetReport, SourceError> {
    if job.n == 0 {
        return Err(SimulateError::Nothing.into());
    }
    prepare_simulations_output(job.path).map_err(SetError::from)?;
    let mut origin = Origin::new(job.source, job.seed);
    let folder = parts_folder(job.path);
    if job.overwrite {
        clear(&folder)?;
    }
    let base = if job.overwrite { None } else { describe(job.path)? };
    let base = base.map(|found| belongs(&origin, job.path, found)).transpose()?;
    origin.precision = begun_in(base.as_ref(), &folder)?;
    let covered = base.as_ref().map_or(0, |base| base.end);
    if covered > job.n {
        let (path, asked) = (job.path.to_owned(), job.n);
        return Err(SetError::Larger { path, found: covered, asked }.into());
    }
    let mut run = Run::new(job, origin.clone(), folder, base.as_ref())?;
    let (rows, failures) = (run.rows, run.failures.clone());
    if covered == job.n {
        clear(&run.folder)?;
        let precision = origin.precision;
        return Ok(SetReport { rows, reused: covered, failures, precision });
    }
    let result = run.fill().and_then(|()| run.finish(base.is_some()));
    match result {
        // Another process at work on the same set may have been faster, and have cleared up.
        Err(SourceError::Set(error)) => {
            let report = finished(job, &origin).ok_or(SourceError::Set(error))?;
            clear(&parts_folder(job.path))?;
            Ok(report)
        }
        other => other,
    }
}

/// The finished set, if it is there.
fn finished(job: &SetJob<'_>, origin: &Origin) -> Option<SetReport> {
    let found = belongs(origin, job.path, describe(job.path).ok()??).ok()?;
    let report = || SetReport {
        rows: found.rows,
        reused: job.n,
        failures: found.failures(),
        precision: found.origin.precision,
    };
    (found.end == job.n).then(report)
}

/// `sims.npz` is made in `sims.npz.parts`.
fn parts_folder(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".parts");
    path.with_file_name(name)
}

/// The precision of what is there already, of a finished table first.
fn begun_in(base: Option<&Description>, folder: &Path) -> Result<Precision, SetError> {
    let chunk = || Chunk::list(folder).map(|chunks| Some(chunks.first()?.description.clone()));
    let begun = base.cloned().map_or_else(chunk, |base| Ok(Some(base)))?;
    Ok(begun.map_or_else(Precision::default, |begun| begun.origin.precision))
}

fn belongs(origin: &Origin, path: &Path, found: Description) -> Result<Description, SetError> {
    match origin.difference(&found.origin) {
        None => Ok(found),
        Some(reason) => Err(SetError::foreign(path, reason)),
    }
}

/// A set under way: chunks that follow each other, then a buffer.
struct Run<'a> {
    job: &'a SetJob<'a>,
    origin: Origin,
    folder: PathBuf,
    chunks: Vec<Chunk>,
    /// Chunks of an earlier call that lie further on.
    ahead: Vec<Chunk>,
    buffer: Buffer,
    rows: u64,
    reused: u64,
    failures: FailureReport,
    started: Instant,
    flushed: Instant,
}

impl<'a> Run<'a> {
    fn new(
        job: &'a SetJob<'a>,
        origin: Origin,
        folder: PathBuf,
        base: Option<&Description>,
    ) -> Result<Self, SetError> {
        let start = base.map_or(0, |base| base.end);
        let mut ahead = Chunk::list(&folder)?;
        for chunk in &ahead {
            belongs(&origin, &folder, chunk.description.clone())?;
        }
        // Of another precision are only chunks that a finished table has left behind.
        ahead.retain(|c| {
            let description = &c.description;
            let fits = description.start >= start && description.end <= job.n;
            fits && description.origin.precision == origin.precision
        });
        let now = Instant::now();
        Ok(Self {
            job,
            origin,
            folder,
            chunks: Vec::new(),
            ahead,
            buffer: Buffer::new(start),
            rows: base.map_or(0, |base| base.rows),
            reused: start,
            failures: base.map(Description::failures).unwrap_or_default(),
            started: now,
            flushed: now,
        })
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
            self.chunks.push(Chunk::write(&self.folder, &self.buffer, &self.origin)?);
            self.buffer = Buffer::new(self.buffer.end);
        }
        self.flushed = Instant::now();
        Ok(())
    }

    /// Puts the table together.
    fn finish(self, has_base: bool) -> Result<SetReport, SourceError> {
        if self.rows == 0
            && let Some(first) = self.failures.first
        {
            let requested = self.failures.requested;
            return Err(SimulateError::AllFailed { requested, first }.into());
        }
        let base = has_base.then_some(self.job.path);
        let parts = Parts { base, chunks: &self.chunks, tail: &self.buffer };
        let description =
            Description::new(&self.origin, (0, self.job.n), self.rows, &self.failures);
        write(self.job.path, &parts, description)?;
        clear(&self.folder)?;
        clear_abandoned(self.job.path);
        Ok(SetReport {
            rows: self.rows,
            reused: self.reused,
            failures: self.failures,
            precision: self.origin.precision,
        })
    }
}
