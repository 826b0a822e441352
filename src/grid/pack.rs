//! Runs of a sweep trained in step.

use super::claim::Claim;
use super::{GridError, Layout, PlanEntry, shared};
use crate::run::{Existing, Reporter, TrainJob, train_together};
use std::sync::atomic::AtomicBool;

/// Trains those runs of a pack that nobody is at; their models are in their folders afterwards.
///
/// # Errors
/// [`GridError`] of the first run that failed.
pub(super) fn train_pack(
    layout: &Layout,
    plan: &[PlanEntry],
    pack: &[&PlanEntry],
    interrupt: &AtomicBool,
) -> Result<(), GridError> {
    let quiet = Reporter::new(true);
    let (mut claims, mut runs, mut inputs) = (Vec::new(), Vec::new(), Vec::new());
    for &entry in pack {
        let Some(claim) = Claim::take(&layout.claims(), &entry.run)? else { continue };
        claims.push(claim);
        inputs.push(shared::input(layout, plan, entry, interrupt, quiet)?);
        runs.push((entry, entry.overrides()?, layout.run(&entry.run)));
    }
    let Some(engine) = runs.first().map(|(entry, ..)| entry.engine) else { return Ok(()) };
    let jobs = runs.iter().map(|(entry, overrides, folder)| TrainJob {
        preset: entry.preset,
        overrides,
        seed: entry.seed,
        engine,
        folder,
        existing: Existing::Resume,
        interrupt,
        reporter: quiet,
    });
    Ok(train_together(jobs.zip(inputs).collect(), engine)?)
}
