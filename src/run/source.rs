//! Where a training's simulations come from.

use super::RunError;
use freeform_simulators::{FailureReport, Prior, Simulations, Task, simulate};
use std::path::PathBuf;

/// What a user names.
#[derive(Clone, Debug)]
pub enum Source {
    /// A benchmark task, simulated `simulations` times.
    Task {
        /// Its name.
        name: String,
        /// Simulation budget.
        simulations: usize,
    },
    /// A file of simulations and the prior they were drawn from.
    File {
        /// `.npz` with `theta` and `x`.
        path: PathBuf,
        /// The prior.
        prior: Box<Prior>,
        /// The task they belong to, if one was named.
        task: Option<String>,
    },
}

/// Simulations ready to train on.
#[derive(Debug)]
pub struct TrainingInput {
    /// Finite simulations.
    pub simulations: Simulations,
    /// Their prior.
    pub prior: Prior,
    /// The benchmark task, if it is one.
    pub task: Option<String>,
    /// Remarks for the user, e.g. how many rows were left out.
    pub warnings: Vec<String>,
}

impl Source {
    /// Simulates or reads.
    ///
    /// # Errors
    /// An unknown task, an unreadable file, or simulations none of which is usable.
    pub fn load(&self, seed: u64) -> Result<TrainingInput, RunError> {
        match self {
            Self::Task { name, simulations } => {
                let task = Task::by_name(name)?;
                let simulated = simulate(task.simulator(), *simulations, seed)?;
                let warnings = failure_warning(&simulated.failures).into_iter().collect();
                Ok(TrainingInput {
                    simulations: simulated.simulations,
                    prior: task.prior().clone(),
                    task: Some(task.name().to_owned()),
                    warnings,
                })
            }
            Self::File { path, prior, task } => {
                let simulations = Simulations::read(path)?;
                let lost = simulations.non_finite_rows();
                let mut warnings = Vec::new();
                if lost > 0 {
                    let rows = simulations.len();
                    warnings.push(format!(
                        "{lost} of {rows} simulations are not finite and are left out"
                    ));
                }
                let simulations = simulations.without_non_finite();
                let prior = (**prior).clone();
                Ok(TrainingInput { simulations, prior, task: task.clone(), warnings })
            }
        }
    }
}

/// What a user should know of failed simulations.
#[must_use]
pub fn failure_warning(report: &FailureReport) -> Option<String> {
    let (lost, asked) = (report.total(), report.requested);
    let first = report.first.as_ref()?;
    Some(format!("{lost} of {asked} simulations failed and are left out; the first: {first}"))
}
