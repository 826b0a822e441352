//! Simulations shared between the runs of a sweep: made once, for the largest budget.

use super::plan::{RunSource, short_hash, table_identity};
use super::{GridError, Layout, PlanEntry, claim::Claim};
use crate::run::{
    Reporter, RunError, TrainingInput, Workplace, all_failed, make_set, set_warnings,
};
use freeform_simulators::{
    AnySimulator, FirstLine, OwnershipError, Prior, SetError, SimulationSource, Simulations,
    SourceError, read_theta_failed, write_bytes_atomically,
};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Between two looks at a set that another runner is making.
const WAIT: Duration = Duration::from_millis(200);

/// The first `entry.simulations` rows of the set that it shares with the runs of `entries`; the
/// set is made if it is not there.
pub(super) fn input(
    layout: &Layout,
    entries: &[PlanEntry],
    entry: &PlanEntry,
    interrupt: &AtomicBool,
    reporter: Reporter,
) -> Result<TrainingInput, GridError> {
    let (path, prior, task) = match &entry.source {
        RunSource::Given { file, prior } => {
            let prior = Prior::read(prior)?;
            unchanged(entry, &table_identity(file, &prior)?)?;
            (file.clone(), prior, None)
        }
        RunSource::Task(_) | RunSource::Simulator(_) => {
            let name = entry.source.opens();
            let simulator = AnySimulator::open(&name)?;
            unchanged(entry, &simulator.source().identity())?;
            let same = |e: &&PlanEntry| e.source == entry.source && e.seed == entry.seed;
            let most = entries.iter().filter(same).map(|e| e.simulations).max();
            let set = Set { layout, entry, most: most.unwrap_or(entry.simulations), reporter };
            let path = set.path();
            set.make(&path, simulator.source(), interrupt)?;
            (path, simulator.prior().clone(), Some(name))
        }
    };
    // First, because it verifies the checksum of a set.
    let theta_failed = read_theta_failed(&path).map_err(SourceError::from)?;
    let table = Simulations::read_table(&path, prior.names(), FirstLine::Auto)?;
    let theta_failed = all_failed(theta_failed, &table);
    let table = table.without_non_finite();
    // Those of a part of the set are not known.
    let theta_failed = theta_failed.filter(|_| table.len() <= entry.simulations);
    let simulations = table.first(entry.simulations);
    let (theta_from, warnings) = (None, Vec::new());
    Ok(TrainingInput { simulations, prior, task, theta_from, theta_failed, warnings })
}

/// Refuses a simulator that is not the one planned for.
fn unchanged(entry: &PlanEntry, identity: &str) -> Result<(), GridError> {
    if short_hash(identity) == entry.simulator {
        return Ok(());
    }
    Err(GridError::Sweep {
        path: entry.task.clone(),
        reason: "has changed since the sweep was planned; plan it again, which adds the new runs"
            .to_owned(),
    })
}

struct Set<'a> {
    layout: &'a Layout,
    entry: &'a PlanEntry,
    /// Largest budget that the plan has for it.
    most: usize,
    reporter: Reporter,
}

impl Set<'_> {
    fn name(&self) -> String {
        format!("{}-{}-seed{}", self.entry.task, self.entry.simulator, self.entry.seed)
            .replace(std::path::MAIN_SEPARATOR, "_")
    }

    fn path(&self) -> PathBuf {
        self.layout.simulations().join(self.name() + ".npz")
    }

    /// Brings the set to the largest budget, or waits for whoever is doing so.
    fn make(
        &self,
        path: &Path,
        source: &dyn SimulationSource,
        interrupt: &AtomicBool,
    ) -> Result<(), GridError> {
        loop {
            if made(path) >= self.most {
                return Ok(());
            }
            if interrupt.load(Ordering::Relaxed) {
                return Err(RunError::Interrupted { path: path.display().to_string() }.into());
            }
            let Some(_claim) = Claim::take(&self.layout.claims(), &self.name())? else {
                std::thread::sleep(WAIT);
                continue;
            };
            if made(path) >= self.most {
                return Ok(());
            }
            let folder = self.layout.simulations();
            std::fs::create_dir_all(&folder)?;
            self.reporter.say(&format!("simulating {} {} times", self.entry.task, self.most));
            let quiet = Reporter::new(true);
            let at = Workplace { folder: &folder, overwrite: false, interrupt, reporter: quiet };
            let report = match make_set(source, self.most, self.entry.seed, path, &at) {
                // A lost node's claim may be void a moment before its ownership of the set is.
                Err(RunError::Source(SourceError::Set(SetError::Ownership(
                    OwnershipError::Taken { .. },
                )))) => {
                    std::thread::sleep(WAIT);
                    continue;
                }
                other => other?,
            };
            for warning in set_warnings(&report) {
                self.reporter.warn(&warning);
            }
            write_bytes_atomically(&count_file(path), self.most.to_string().as_bytes())?;
        }
    }
}

/// `set.npz.count` says how many simulations the set was made for, failed ones included.
fn count_file(path: &Path) -> PathBuf {
    path.with_extension("npz.count")
}

fn made(path: &Path) -> usize {
    let count = || std::fs::read_to_string(count_file(path)).ok()?.trim().parse().ok();
    if path.exists() { count().unwrap_or(0) } else { 0 }
}
