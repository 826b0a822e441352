//! Several processes at work on one range of simulations, delivered in order.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::batch::{Batch, Verdict};
use super::files::FileRunner;
use super::runner::{Runner, settle};
use super::start::Start;
use super::worker::LineRunner;
use super::{ExternalError, ExternalSettings, Protocol};
use crate::simulation::{SourceError, table};
use crate::{FailureKind, FailureReport, FirstFailure, Precision, SimulatedBatch, Simulations};

/// Time that a batch should take: long beside its overhead, short beside a checkpoint.
const TARGET: Duration = Duration::from_millis(50);
/// Largest batch unless the settings say otherwise: of lines, and of rows of a file.
const MOST_LINES: usize = 1000;
const MOST_ROWS: usize = 100;
/// Simulations at the beginning that are batches of their own.
const TRIED_ALONE: u64 = 8;
/// How far the fastest worker may be ahead of the slowest, in simulations.
const WINDOW: u64 = 1 << 16;

/// One call to [`run`].
pub(super) struct Job<'a> {
    pub(super) settings: &'a ExternalSettings,
    pub(super) workers: usize,
    pub(super) precision: Precision,
    pub(super) seed: u64,
    pub(super) range: Range<u64>,
    /// Provides the parameters of a simulation.
    pub(super) draw: &'a (dyn Fn(u64, &mut [f64]) + Sync),
    pub(super) stop: &'a AtomicBool,
}

/// Where the next batch begins, and how far the run has been delivered.
struct Queue {
    next: u64,
    delivered: u64,
    closed: bool,
}

type Finished = Result<Batch, ExternalError>;

/// Runs the range and passes consecutive batches on, in order.
///
/// # Errors
/// [`SourceError`]: a program that cannot be started, an interruption, or the sink's own.
pub(super) fn run(
    job: &Job<'_>,
    sink: &mut dyn FnMut(SimulatedBatch) -> Result<(), SourceError>,
) -> Result<(), SourceError> {
    let queue = Queue { next: job.range.start, delivered: job.range.start, closed: false };
    let queue = Mutex::new(queue);
    let moved = Condvar::new();
    thread::scope(|scope| {
        let (sender, finished) = channel();
        // No more than there is work for, nor than the system gives.
        let most = (job.range.end - job.range.start).min(job.workers as u64);
        for started in 0..most {
            let (sender, queue, moved) = (sender.clone(), &queue, &moved);
            let worker = move || work(job, queue, moved, &sender);
            match thread::Builder::new().spawn_scoped(scope, worker) {
                Err(source) if started == 0 => return Err(no_thread(job, source).into()),
                Err(_) => break,
                Ok(_) => {}
            }
        }
        drop(sender);
        let result = deliver(job, &queue, &moved, &finished, sink);
        // On an error the others are still at work.
        lock(&queue).closed = true;
        moved.notify_all();
        result
    })
}

fn no_thread(job: &Job<'_>, source: std::io::Error) -> ExternalError {
    let (command, folder) = (job.settings.command.join(" "), job.settings.folder().to_owned());
    ExternalError::Start { command, folder, source }
}

fn lock(queue: &Mutex<Queue>) -> MutexGuard<'_, Queue> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One worker's loop.
fn work(job: &Job<'_>, queue: &Mutex<Queue>, moved: &Condvar, sender: &Sender<Finished>) {
    let settings = job.settings;
    let stop = || job.stop.load(Ordering::Relaxed) || lock(queue).closed;
    let mut runner: Box<dyn Runner + '_> = match settings.protocol {
        Protocol::Lines => Box::new(LineRunner::new(settings)),
        Protocol::Files => Box::new(FileRunner::new(settings)),
    };
    let mut size = match settings.protocol {
        Protocol::Lines => 1,
        Protocol::Files => settings.batch.unwrap_or(MOST_ROWS),
    };
    while let Some(range) = take(job, queue, moved, size) {
        let dims = (settings.prior.dim(), settings.data_names.len());
        let mut batch =
            Batch::new(job.precision, job.seed, range, dims, settings.missing, job.draw);
        let started = Instant::now();
        let message = match settle(&mut *runner, &mut batch, &stop) {
            Ok(true) => {
                if settings.protocol == Protocol::Lines {
                    size = next_size(size, &batch, started.elapsed(), settings.batch);
                }
                Ok(batch)
            }
            Ok(false) => return,
            Err(error) => Err(error),
        };
        let failed = message.is_err();
        if sender.send(message).is_err() || failed {
            return;
        }
    }
}

/// Batches grow until one takes about [`TARGET`].
fn next_size(size: usize, batch: &Batch, took: Duration, limit: Option<usize>) -> usize {
    let each = took.as_secs_f64() / batch.len() as f64;
    let fitting = (TARGET.as_secs_f64() / each.max(1e-9)) as usize;
    fitting.min(2 * size).min(limit.unwrap_or(MOST_LINES)).max(1)
}

/// The next batch's indices, or `None` when the work is over.
fn take(job: &Job<'_>, queue: &Mutex<Queue>, moved: &Condvar, size: usize) -> Option<Range<u64>> {
    let mut queue = lock(queue);
    while !queue.closed && queue.next > queue.delivered + WINDOW {
        let waited = moved.wait_timeout(queue, TARGET);
        queue = waited.unwrap_or_else(PoisonError::into_inner).0;
    }
    let left = job.range.end - queue.next;
    // The first ones are tried alone, so that a program that cannot work is soon found out.
    let size = if queue.next - job.range.start < TRIED_ALONE { 1 } else { size };
    if queue.closed || left == 0 || job.stop.load(Ordering::Relaxed) {
        return None;
    }
    // Towards the end, smaller batches keep all workers busy to the last.
    let fair = left.div_ceil(2 * job.workers as u64);
    let start = queue.next;
    queue.next += (size as u64).min(fair).min(left);
    Some(start..queue.next)
}

/// Puts finished batches in order and passes them on.
fn deliver(
    job: &Job<'_>,
    queue: &Mutex<Queue>,
    moved: &Condvar,
    finished: &Receiver<Finished>,
    sink: &mut dyn FnMut(SimulatedBatch) -> Result<(), SourceError>,
) -> Result<(), SourceError> {
    let mut waiting = BTreeMap::new();
    let mut next = job.range.start;
    let mut start = Start::new(job);
    while next < job.range.end {
        let Ok(batch) = finished.recv() else {
            // All workers ended before the work did: only a stop does that.
            return Err(SourceError::Interrupted);
        };
        let batch = batch?;
        waiting.insert(batch.start, batch);
        while let Some(batch) = waiting.remove(&next) {
            next += batch.len() as u64;
            for batch in start.pass(finish(batch), next == job.range.end)? {
                sink(batch)?;
            }
        }
        lock(queue).delivered = next;
        moved.notify_all();
    }
    Ok(())
}

/// The batch as a table of its good rows and an account of the others.
fn finish(batch: Batch) -> SimulatedBatch {
    let mut failures = FailureReport { requested: batch.len(), ..FailureReport::default() };
    let (mut theta, mut x, mut indices) = (Vec::new(), Vec::new(), Vec::new());
    let mut failed = Vec::new();
    for (row, verdict) in batch.verdicts.iter().enumerate() {
        let index = batch.start + row as u64;
        let (kind, message) = match verdict {
            Some(Verdict::Good) => {
                indices.push(index);
                theta.extend_from_slice(batch.theta_row(row));
                x.extend_from_slice(batch.x_row(row));
                continue;
            }
            Some(Verdict::Failed(kind, message)) => (*kind, message.clone()),
            None => (FailureKind::Crash, "no answer".to_owned()),
        };
        let theta = batch.theta_row(row).to_vec();
        failed.extend_from_slice(&theta);
        failures.record(kind, FirstFailure { index, theta, message });
    }
    let rows = indices.len();
    let simulations = Simulations {
        theta: table(theta, rows, batch.parameter_dim),
        x: table(x, rows, batch.data_dim),
    };
    let theta_failed = table(failed, batch.verdicts.len() - rows, batch.parameter_dim);
    SimulatedBatch { simulations, indices, theta_failed, failures, noise: batch.noise }
}
