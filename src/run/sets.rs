//! Sets of simulations on disk, made for runs.

use super::directory::{CONFIG, OTHER_RUN};
use super::{RunError, Workplace};
use freeform_simulators::{
    FailureReport, SetJob, SetRecord, SetReport, SimulationSource, SourceError, simulate_set,
};
use std::path::Path;

/// Makes, resumes or extends the set of simulations at `path`, with progress.
///
/// # Errors
/// [`RunError`]; what is finished is kept for the next call.
pub fn make_set(
    source: &dyn SimulationSource,
    n: usize,
    seed: u64,
    path: &Path,
    at: &Workplace<'_>,
) -> Result<SetReport, RunError> {
    let bar = at.reporter.counter("simulating", n);
    let progress = |done: u64, failures: &FailureReport| bar.update(done, failures.total());
    let job = SetJob {
        source,
        n: n as u64,
        seed,
        path,
        overwrite: at.overwrite,
        stop: at.interrupt,
        progress: &progress,
    };
    let result = simulate_set(&job);
    bar.finish();
    match result {
        Err(SourceError::Interrupted) => {
            Err(RunError::SimulationInterrupted { path: path.display().to_string() })
        }
        other => Ok(other?),
    }
}

/// Refuses to give a run's folder other simulations than its run has.
pub(super) fn not_of_others(at: &Workplace<'_>, set: &Path, n: usize) -> Result<(), RunError> {
    if at.overwrite || !at.folder.join(CONFIG).exists() {
        return Ok(());
    }
    let record = SetRecord::read(set).map_err(SourceError::from)?;
    match record.map(|record| record.simulations()).filter(|found| *found != n as u64) {
        None => Ok(()),
        Some(found) => Err(RunError::Occupied {
            path: at.folder.display().to_string(),
            differs: Some(format!("of {found} simulations, not {n}")),
            fix: OTHER_RUN,
        }),
    }
}
