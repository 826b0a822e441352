//! How far each run of a sweep is, from what lies on disk.

use super::claim::holder_of;
use super::entry::RunSource;
use super::{Layout, Plan, PlanEntry, Sweep};
use crate::run::read_status;
use freeform_simulators::write_bytes_atomically;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    /// Trained and scored.
    Done,
    /// Ended in an error.
    Failed,
    /// Claimed by a runner that lives.
    Running,
    /// Begun, and stopped before its end.
    Interrupted,
    /// Not begun.
    Pending,
}

impl RunState {
    /// Every state.
    pub const ALL: [Self; 5] =
        [Self::Done, Self::Failed, Self::Running, Self::Interrupted, Self::Pending];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Running => "running",
            Self::Interrupted => "interrupted",
            Self::Pending => "pending",
        }
    }
}

/// A sweep in numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SweepStatus {
    /// Runs in the plan.
    pub runs: usize,
    /// Trained and scored.
    pub done: usize,
    /// Ended in an error.
    pub failed: usize,
    /// Claimed by a runner that lives.
    pub running: usize,
    /// Begun, and stopped before their end.
    pub interrupted: usize,
    /// Not begun.
    pub pending: usize,
    /// Mean seconds of training of the finished runs.
    pub mean_training_seconds: Option<f64>,
    /// The failed runs: index, name, why.
    pub failures: Vec<(usize, String, String)>,
}

/// How far one run is.
#[must_use]
pub fn state_of(layout: &Layout, sweep: &Sweep, entry: &PlanEntry) -> RunState {
    let folder = layout.run(&entry.run);
    if is_done(&folder, sweep, entry) {
        RunState::Done
    } else if holder_of(&layout.claims().join(&entry.run)).is_some() {
        RunState::Running
    } else if failure(&folder).is_some() {
        RunState::Failed
    } else if folder.join("config.toml").exists() {
        RunState::Interrupted
    } else {
        RunState::Pending
    }
}

/// Counts the runs by state.
#[must_use]
pub fn sweep_status(layout: &Layout, plan: &Plan) -> SweepStatus {
    let mut status = SweepStatus { runs: plan.entries.len(), ..SweepStatus::default() };
    let mut seconds = 0.0;
    for entry in &plan.entries {
        match state_of(layout, &plan.sweep, entry) {
            RunState::Done => {
                status.done += 1;
                let known = read_status(&layout.run(&entry.run));
                seconds += known.and_then(|s| s["training_seconds"].as_f64()).unwrap_or(0.0);
            }
            RunState::Failed => {
                status.failed += 1;
                let why = failure(&layout.run(&entry.run)).unwrap_or_default();
                status.failures.push((entry.index, entry.run.clone(), why));
            }
            RunState::Running => status.running += 1,
            RunState::Interrupted => status.interrupted += 1,
            RunState::Pending => status.pending += 1,
        }
    }
    status.mean_training_seconds = (status.done > 0).then(|| seconds / status.done as f64);
    status
}

/// Whether the run is finished, with all the observations that the sweep asks for.
pub(super) fn is_done(folder: &Path, sweep: &Sweep, entry: &PlanEntry) -> bool {
    let Some(status) = read_status(folder) else { return false };
    if status["status"] != "done" {
        return false;
    }
    let empty = Vec::new();
    let scored = status["observations"].as_array().unwrap_or(&empty);
    let has = |number: &usize| {
        scored.iter().any(|row| row["num_observation"].as_u64() == Some(*number as u64))
    };
    match (&entry.source, &sweep.observations) {
        (RunSource::Task(_), _) => sweep.task_observations().iter().all(has),
        (RunSource::Simulator(_), Some(numbers)) => numbers.iter().all(has),
        // A table has none, and of all those of a simulator only the run itself knows the number.
        (RunSource::Given { .. }, _) | (RunSource::Simulator(_), None) => true,
    }
}

#[derive(Serialize, Deserialize)]
struct Failure {
    error: String,
}

fn failure_file(folder: &Path) -> PathBuf {
    folder.join("failure.json")
}

/// Why the run failed, if it did.
pub(super) fn failure(folder: &Path) -> Option<String> {
    let text = std::fs::read(failure_file(folder)).ok()?;
    match serde_json::from_slice::<Failure>(&text) {
        Ok(failure) => Some(failure.error),
        // That it is there says that the run failed.
        Err(_) => Some("it failed, and failure.json, which says why, is damaged".to_owned()),
    }
}

/// Records why a run failed.
pub(super) fn write_failure(folder: &Path, error: String) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let text = serde_json::to_string(&Failure { error }).map_err(std::io::Error::other)?;
    write_bytes_atomically(&failure_file(folder), (text + "\n").as_bytes())
}

/// Forgets an earlier failure.
pub(super) fn clear_failure(folder: &Path) {
    let _ = std::fs::remove_file(failure_file(folder));
}
