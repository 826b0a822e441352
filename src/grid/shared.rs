//! Simulations shared between the runs of a sweep: made once, for the largest budget.

use super::entry::RunSource;
use super::lines::short_hash;
use super::plan::table_identity;
use super::{GridError, Layout, PlanEntry, claim::Claim};
use crate::run::{
    Reporter, RunError, SimulatorRecord, TrainingInput, Workplace, all_failed, make_set,
    set_warnings,
};
use freeform_simulators::{
    AnySimulator, FirstLine, Missing, OwnershipError, Prior, SetError, SimulationSource,
    Simulations, SourceError, read_theta_failed, write_bytes_atomically,
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
    let (table, shaped) = Simulations::read_table(&path, prior.names(), FirstLine::Auto)?;
    let simulator = task.as_deref().map(AnySimulator::open).transpose()?;
    // A table of one's own: as the settings of the run say.
    let missing = match &simulator {
        Some(simulator) => simulator.missing(),
        None => entry.overrides()?.missing().unwrap_or_default(),
    };
    let usable = table.usable_rows(missing).len();
    // Those of a part of the set are not known.
    let theta_failed = theta_failed.filter(|_| usable <= entry.simulations);
    let table = first_usable(table, entry.simulations, missing);
    let theta_failed = all_failed(theta_failed, &table, missing);
    let rows = table.usable_rows(missing);
    let (simulations, theta_from) = (table.rows(&rows), None);
    let rows = Some(rows);
    let layout = simulator.as_ref().and_then(AnySimulator::layout);
    let layout = layout.or(shaped);
    let simulator = match &simulator {
        Some(simulator) => SimulatorRecord::of(simulator)?,
        None => None,
    };
    let warnings = Vec::new();
    Ok(TrainingInput {
        simulations,
        prior,
        task,
        simulator,
        data_names: None,
        table: Some(path),
        layout,
        missing,
        masks: None,
        theta_from,
        theta_failed,
        local: None,
        rows,
        warnings,
    })
}

/// The first rows, as many as hold `n` usable ones: with them the failed ones among these.
fn first_usable(table: Simulations, n: usize, missing: Missing) -> Simulations {
    match table.usable_rows(missing).get(n) {
        Some(beyond) => table.first(*beyond),
        None => table,
    }
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
            let at = Workplace::fresh(&folder, interrupt, quiet);
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
            write_bytes_atomically(&count_file(path), count_text(self.most).as_bytes())?;
        }
    }
}

/// `set.npz.count` says how many simulations the set was made for, failed ones included, with a
/// checksum that those of earlier versions lack. One that is damaged counts as none: the set is then
/// looked at anew, and found complete.
fn count_file(path: &Path) -> PathBuf {
    path.with_extension("npz.count")
}

fn made(path: &Path) -> usize {
    let text = std::fs::read_to_string(count_file(path)).unwrap_or_default();
    if path.exists() { read_count(&text).unwrap_or(0) } else { 0 }
}

fn count_text(count: usize) -> String {
    format!("{count} {}", short_hash(&count.to_string()))
}

fn read_count(text: &str) -> Option<usize> {
    let count = text.split_once(' ').map_or(text, |(count, _)| count);
    let is_old = count == text;
    let count = count.parse().ok()?;
    (is_old || text == count_text(count)).then_some(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_flipped_bit_changes_a_count() {
        let text = count_text(900);
        assert_eq!((read_count(&text), read_count("900")), (Some(900), Some(900)));
        for (at, bit) in (0..text.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let flipped = String::from_utf8(bytes).ok().and_then(|text| read_count(&text));
            assert_eq!(flipped, None, "byte {at}, bit {bit}");
        }
    }
}
