//! A sweep on one machine.

#[cfg(feature = "burn")]
use super::pack::train_pack;
use super::state::failure;
use super::task::is_interruption;
use super::{
    GridError, Layout, Plan, PlanEntry, RunState, TaskJob, TaskOutcome, run_task, state_of,
};
use crate::run::{Bar, Reporter, RunError};
use freeform_benchmark::ReferenceStore;
use freeform_simulators::write_bytes_atomically;
use serde::Serialize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

/// Between two looks at the stop file, and at runs that somebody else is at.
const LOOK: Duration = Duration::from_secs(1);

/// A sweep to bring to its end here.
pub struct LocalJob<'a> {
    /// The sweep's folder.
    pub layout: &'a Layout,
    /// Its plan.
    pub plan: &'a Plan,
    /// Runs at a time; results do not depend on it.
    pub jobs: usize,
    /// Runs whose flows are trained in step on an engine that can (Burn's).
    pub pack: usize,
    /// Whether failed runs are tried again.
    pub retry_failed: bool,
    /// Where reference draws are kept.
    pub store: &'a ReferenceStore,
    /// Set by a signal or a stop file: stop, every run with a checkpoint.
    pub interrupt: &'a AtomicBool,
    /// Who tells the user.
    pub reporter: Reporter,
}

/// How the sweep stands at the end.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LocalReport {
    /// Runs in the plan.
    pub runs: usize,
    /// Finished by this call.
    pub finished: usize,
    /// Finished before, or by another runner.
    pub known: usize,
    /// Failed: name and why.
    pub failures: Vec<(String, String)>,
}

/// Runs everything that is not done. A run that fails does not stop the others; what another runner
/// is at is waited for.
///
/// # Errors
/// [`RunError::TableInterrupted`], or a folder that cannot be written.
pub fn run_local(job: &LocalJob) -> Result<LocalReport, GridError> {
    // An order to stop was for runners of its own time.
    let _ = std::fs::remove_file(job.layout.stop());
    let mut report = LocalReport { runs: job.plan.entries.len(), ..LocalReport::default() };
    let mut open = Vec::new();
    for entry in &job.plan.entries {
        match state_of(job.layout, &job.plan.sweep, entry) {
            RunState::Done => report.known += 1,
            RunState::Failed if !job.retry_failed => {
                let why = failure(&job.layout.run(&entry.run)).unwrap_or_default();
                report.failures.push((entry.run.clone(), why));
            }
            _ => open.push(entry),
        }
    }
    if report.known > 0 {
        job.reporter.say(&format!("{} of {} runs are done already", report.known, report.runs));
    }
    let settled = report.known + report.failures.len();
    let mut bar = job.reporter.bar("runs", report.runs, settled);
    for pack in packs(&open, job.pack) {
        pretrain(job, pack);
        work(job, pack, &mut report, &mut bar);
    }
    bar.finish();
    match job.interrupt.load(Ordering::Relaxed) {
        true => {
            Err(RunError::TableInterrupted { path: job.layout.root().display().to_string() }.into())
        }
        false => Ok(report),
    }
}

/// Runs that are trained together: all of them, where nothing is trained in step.
fn packs<'a>(open: &'a [&'a PlanEntry], pack: usize) -> Vec<&'a [&'a PlanEntry]> {
    let mut packs = Vec::new();
    for alike in open.chunk_by(|a, b| a.engine == b.engine) {
        match alike[0].engine.is_burn() {
            true => packs.extend(alike.chunks(pack.max(1))),
            false => packs.push(alike),
        }
    }
    packs
}

/// Trains a pack's runs in step, where the engine can. What fails here is left to the runs
/// themselves, which go on from where they are and report by name.
#[cfg(feature = "burn")]
fn pretrain(job: &LocalJob, pack: &[&PlanEntry]) {
    let Some(engine) = pack.first().map(|entry| entry.engine) else { return };
    if engine.is_burn() && !job.interrupt.load(Ordering::Relaxed) {
        let _ = train_pack(job.layout, &job.plan.entries, pack, job.interrupt);
    }
}

#[cfg(not(feature = "burn"))]
fn pretrain(_: &LocalJob, _: &[&PlanEntry]) {}

fn work(job: &LocalJob, open: &[&PlanEntry], report: &mut LocalReport, bar: &mut Bar) {
    let (next, running) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let (send, receive) = mpsc::channel();
    std::thread::scope(|scope| {
        let worker = || {
            let (send, next, running) = (send.clone(), &next, &running);
            move || {
                while !job.interrupt.load(Ordering::Relaxed) {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(entry) = open.get(index) else { break };
                    running.fetch_add(1, Ordering::Relaxed);
                    let outcome = run(job, entry);
                    running.fetch_sub(1, Ordering::Relaxed);
                    if send.send((*entry, outcome)).is_err() {
                        break;
                    }
                }
            }
        };
        // As many as the system gives; without any, the work is done here.
        for started in 0..job.jobs.clamp(1, open.len().max(1)) {
            let thread = std::thread::Builder::new().spawn_scoped(scope, worker());
            if thread.is_err() {
                if started == 0 {
                    worker()();
                }
                break;
            }
        }
        drop(send);
        loop {
            match receive.recv_timeout(LOOK) {
                Ok((entry, outcome)) => note(entry, outcome, report, bar),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if job.layout.stop().exists() {
                job.interrupt.store(true, Ordering::Relaxed);
            }
            let (running, failed) = (running.load(Ordering::Relaxed), report.failures.len());
            let settled = report.known + report.finished + failed;
            bar.note(settled, &format!("{running} running, {failed} failed"));
        }
    });
}

/// Runs the entry here, or waits until whoever is at it is done.
fn run(job: &LocalJob, entry: &PlanEntry) -> Result<TaskOutcome, GridError> {
    let LocalJob { layout, plan, store, interrupt, .. } = *job;
    // Many runs at once: each keeps to itself.
    let reporter = Reporter::new(true);
    let task = TaskJob { layout, plan, entry, store, interrupt, reporter };
    loop {
        match run_task(&task)? {
            TaskOutcome::Busy if !interrupt.load(Ordering::Relaxed) => std::thread::sleep(LOOK),
            outcome => return Ok(outcome),
        }
    }
}

fn note(
    entry: &PlanEntry,
    outcome: Result<TaskOutcome, GridError>,
    report: &mut LocalReport,
    bar: &Bar,
) {
    match outcome {
        Ok(TaskOutcome::Finished { mean_c2st, validation_nll, training_seconds }) => {
            report.finished += 1;
            let c2st = mean_c2st.map_or(String::new(), |c2st| format!("C2ST {c2st:.3}, "));
            let (index, run) = (entry.index, &entry.run);
            bar.line(&format!(
                "{index} {run}: {c2st}validation NLL {validation_nll:.3}, trained in \
                 {training_seconds:.1} s"
            ));
        }
        Ok(TaskOutcome::Known) => report.known += 1,
        Ok(TaskOutcome::Busy) => {}
        Err(error) if is_interruption(&error) => {}
        Err(error) => {
            bar.line(&format!("{} {} failed: {error}", entry.index, entry.run));
            report.failures.push((entry.run.clone(), error.to_string()));
        }
    }
}

/// Asks every runner at work on the sweep to stop, wherever it runs.
///
/// # Errors
/// The folder cannot be written.
pub fn request_stop(layout: &Layout) -> std::io::Result<()> {
    write_bytes_atomically(&layout.stop(), b"")
}
