//! A set while it is being made.

use std::path::Path;
use std::time::{Duration, Instant};

use super::SetError;
use super::archive::{Parts, write};
use super::buffer::Buffer;
use super::chunk::{Chunk, clear};
use super::description::{Description, Origin};
use super::job::{SetJob, SetReport, belongs};
use super::witness::Witness;
use crate::files::FileOwnership;
use crate::simulation::source::check_share;
use crate::simulation::{FailureKind, FailureReport, Noise, SimulateError, SourceError};

/// Work that a kill can cost: this, or a hundredth of the time spent so far, and one batch.
const FLUSH_EVERY: Duration = Duration::from_millis(500);
const FLUSH_AT_MOST: Duration = Duration::from_secs(4);
/// Numbers kept in memory between two writes.
const LARGEST: usize = 1 << 22;

/// Whether so many simulations crashed or timed out that another cause than their parameters is
/// likely, which may be gone: they are tried again.
fn is_suspect(report: &FailureReport, share: f64) -> bool {
    let broke = report.kinds.iter();
    let broke = broke.filter(|k| matches!(k.kind, FailureKind::Crash | FailureKind::Timeout));
    let count: usize = broke.map(|kind| kind.count).sum();
    count as f64 > share * report.requested as f64
}

/// A set under way: chunks that follow each other, then a buffer.
pub(super) struct Run<'a> {
    job: &'a SetJob<'a>,
    origin: Origin,
    folder: &'a Path,
    owner: &'a FileOwnership,
    base: Option<Description>,
    chunks: Vec<Chunk>,
    /// Chunks of an earlier call that lie further on.
    pub ahead: Vec<Chunk>,
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
    pub fn new(
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

    pub fn report(self) -> SetReport {
        let Self { rows, reused, failures, noise, remarks, .. } = self;
        SetReport { rows, reused, failures, noise, remarks, precision: self.origin.precision }
    }

    /// Simulates whatever no chunk holds.
    pub fn fill(&mut self) -> Result<(), SourceError> {
        let mut compared = false;
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
            if !std::mem::replace(&mut compared, true) {
                self.compare()?;
            }
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
            self.check_unchanged()?;
            self.chunks.push(Chunk::write(self.folder, &self.buffer, &self.origin)?);
            self.buffer = Buffer::new(self.buffer.end);
        }
        self.flushed = Instant::now();
        Ok(())
    }

    /// Puts the table together.
    pub fn finish(mut self) -> Result<SetReport, SourceError> {
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
        let seen = (self.witness(), &self.failures);
        let description = Description::new(&self.origin, whole, self.rows, failed, seen);
        self.owner.check().map_err(SetError::from)?;
        if self.buffer.end > self.buffer.start {
            self.check_unchanged()?;
        }
        write(self.job.path, &parts, description)?;
        clear(self.folder, self.job.n)?;
        Ok(self.report())
    }

    /// What was simulated since the program's files were looked at last may be of either program.
    fn check_unchanged(&self) -> Result<(), SetError> {
        match self.origin.is_still(self.job.source) {
            true => Ok(()),
            false => Err(SetError::ChangedMeanwhile { path: self.job.path.to_owned() }),
        }
    }

    /// The first good simulation of all.
    fn witness(&self) -> Option<Witness> {
        let there = self.base.iter().chain(self.chunks.iter().map(|chunk| &chunk.description));
        there
            .filter_map(|known| known.witness.clone())
            .next()
            .or_else(|| self.buffer.witness.clone())
    }

    /// Whether the first simulation of an earlier call, made again, is what it was; a remark where not.
    fn compare(&mut self) -> Result<(), SourceError> {
        let ahead = || self.ahead.iter().find_map(|chunk| chunk.description.witness.clone());
        let Some(witness) = self.witness().or_else(ahead) else { return Ok(()) };
        let how = (self.origin.precision, self.job.seed);
        if !witness.stands(self.job.source, how, self.job.stop)? {
            self.remarks.push(format!(
                "simulation {}, run again with its seed, gives other numbers than those that {} holds of it: \
                 either the program does not use the SEED that it is given, or something that it uses has \
                 changed since, and the set is of both",
                witness.index,
                self.job.path.display()
            ));
        }
        Ok(())
    }

    /// How many failed simulations there are, if the parameters of all of them are known.
    fn known_failures(&self) -> Option<u64> {
        let tail = self.buffer.end - self.buffer.start - self.buffer.rows;
        let parts = self.base.iter().chain(self.chunks.iter().map(|chunk| &chunk.description));
        parts.map(Description::known_failures).try_fold(tail, |sum, known| Some(sum + known?))
    }
}
