//! Where a training's simulations come from.

use super::directory::{create_folder, recorded_data};
use super::said::{FAILING, failure_warning, left_out_of, set_warnings, shortened, transposed};
use super::sets::{make_set, not_of_others};
use super::{Reporter, RunError};
use freeform_inference::{Locality, Masks, failed_rows, fingerprint};
use freeform_simulators::{
    AnySimulator, DataLayout, FirstLine, Missing, Precision, Prior, SetRecord, SimulatedBatch,
    SimulationSource, Simulations, SourceError, Task, counted, read_theta_failed, simulate,
};
use ndarray::{Array2, Axis, concatenate};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// What a user names.
#[derive(Clone, Debug)]
pub enum Source {
    /// A benchmark task or a `simulator.toml`, simulated `simulations` times.
    Task {
        /// Its name, or the file.
        name: String,
        /// Simulation budget.
        simulations: usize,
    },
    /// A file of simulations and the prior they were drawn from.
    File {
        /// `.npz` with `theta` and `x`, or text with named columns.
        path: PathBuf,
        /// Of text: whether its first line has the names.
        first_line: FirstLine,
        /// The prior.
        prior: Box<Prior>,
        /// The task they belong to, if one was named.
        task: Option<String>,
        /// The law that their θ was drawn from, where it is not the prior.
        theta_from: Option<Box<Prior>>,
    },
}

/// Simulations ready to train on.
#[derive(Clone, Debug)]
pub struct TrainingInput {
    /// Finite simulations.
    pub simulations: Simulations,
    /// Their prior.
    pub prior: Prior,
    /// The benchmark task, if it is one.
    pub task: Option<String>,
    /// The program, where it is one.
    pub simulator: Option<SimulatorRecord>,
    /// The file that they were read from, if a user named one.
    pub table: Option<PathBuf>,
    /// What the numbers of x are called in that file, if they are.
    pub data_names: Option<Vec<String>>,
    /// What the numbers of x are to each other, where the simulator says so.
    pub layout: Option<DataLayout>,
    /// What a NaN in x means.
    pub missing: Missing,
    /// What was hidden from the simulations, where anything was.
    pub masks: Option<Masks>,
    /// The law that θ was drawn from, where it is not the prior.
    pub theta_from: Option<Prior>,
    /// Parameters of the simulations that failed, `[m, D]`, where they are known.
    pub theta_failed: Option<Array2<f64>>,
    /// The observation that they were made for, and where, if for one only.
    pub local: Option<Locality>,
    /// Which rows of their table these are, from 0, where others were left out.
    pub rows: Option<Vec<usize>>,
    /// Remarks for the user, e.g. how many rows were left out.
    pub warnings: Vec<String>,
}

/// A program as a model remembers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimulatorRecord {
    /// Its `simulator.toml`, by its absolute path.
    pub path: PathBuf,
    /// A hash of what it simulates.
    pub identity: String,
}

impl SimulatorRecord {
    /// Describes a simulator; `None` where it is a benchmark task.
    ///
    /// # Errors
    /// Where the system does not say what the current folder is.
    pub fn of(simulator: &AnySimulator) -> std::io::Result<Option<Self>> {
        match simulator {
            AnySimulator::Task(_) => Ok(None),
            AnySimulator::External(program) => {
                let path = std::path::absolute(&program.settings().path)?;
                Ok(Some(Self { path, identity: program.identity() }))
            }
        }
    }
}

/// Where and how an external program is simulated.
pub struct Workplace<'a> {
    /// The folder of the run: its simulations are kept there, so that they outlive a kill.
    pub folder: &'a Path,
    /// Whether to make simulations that are there already anew.
    pub overwrite: bool,
    /// What a NaN in x means, where the user says so.
    pub missing: Option<Missing>,
    /// Set by a signal.
    pub interrupt: &'a AtomicBool,
    /// Who tells the user.
    pub reporter: Reporter,
}

impl<'a> Workplace<'a> {
    /// One where nothing is made anew and nothing is said of NaN.
    pub(crate) fn fresh(folder: &'a Path, interrupt: &'a AtomicBool, reporter: Reporter) -> Self {
        Self { folder, overwrite: false, missing: None, interrupt, reporter }
    }
}

impl TrainingInput {
    /// Hides numbers of the simulations as these say, by a seed.
    pub fn mask(&mut self, masks: Masks, seed: u64) {
        masks.apply(&mut self.simulations, seed);
        self.masks = Some(masks);
    }
}

impl Source {
    /// Simulates or reads. Benchmark tasks are simulated in memory; an external program into
    /// `simulations.npz` in the run's folder.
    ///
    /// # Errors
    /// An unknown task, an unreadable file, simulations none of which is usable, an interruption.
    pub fn load(&self, seed: u64, at: &Workplace<'_>) -> Result<TrainingInput, RunError> {
        match self {
            Self::Task { name, simulations } => {
                let simulator = AnySimulator::open(name)?.with_missing(at.missing);
                Self::simulated(name, &simulator, *simulations, seed, at)
            }
            Self::File { path, first_line, prior, task, theta_from } => {
                // First, because it verifies the checksum of a set.
                let theta_failed = read_theta_failed(path).map_err(SourceError::from)?;
                let (simulations, shaped, names) =
                    Simulations::read_named(path, prior.names(), *first_line)?;
                if let Some(names) = &names {
                    at.reporter.say(&format!(
                        "x is {}: {}, as {} has them",
                        counted(names.len(), "column"),
                        shortened(names),
                        path.display()
                    ));
                }
                let simulator = task.as_deref().map(AnySimulator::open).transpose()?;
                let simulator = simulator.map(|simulator| simulator.with_missing(at.missing));
                let record = SetRecord::read(path).map_err(SourceError::from)?;
                let differs = simulator.as_ref().zip(record);
                let differs = differs.and_then(|(now, record)| record.differs_from(now.source()));
                let missing = simulator.as_ref().map(AnySimulator::missing).or(at.missing);
                let missing = missing.unwrap_or_default();
                let theta_failed = all_failed(theta_failed, &simulations, missing);
                let rows = simulations.usable_rows(missing);
                let lost = simulations.len() - rows.len();
                let mut warnings = Vec::new();
                if let Some(differs) = differs {
                    warnings.push(format!(
                        "{} {differs}: the model learns from these, and whatever simulates for it later (checks, \
                         predictions) from the program as it is now",
                        path.display()
                    ));
                }
                if lost > 0 {
                    warnings.push(left_out_of(path, &simulations, lost, missing));
                }
                if let Some(shaped) = &shaped {
                    warnings.extend(transposed(path, simulations.data_dim(), shaped));
                }
                let layout = simulator.as_ref().and_then(AnySimulator::layout);
                let layout = layout.or(shaped);
                let stated = simulator.as_ref().and_then(AnySimulator::data_names);
                let names = names.or(stated.map(<[String]>::to_vec));
                let simulator = match &simulator {
                    Some(simulator) => SimulatorRecord::of(simulator)?,
                    None => None,
                };
                Ok(TrainingInput {
                    simulations: simulations.rows(&rows),
                    prior: (**prior).clone(),
                    task: task.clone(),
                    simulator,
                    table: Some(path.clone()),
                    data_names: names,
                    layout,
                    theta_from: theta_from.as_deref().cloned(),
                    theta_failed,
                    missing,
                    masks: None,
                    local: None,
                    rows: Some(rows),
                    warnings,
                })
            }
        }
    }

    /// Simulates a task, or a program, that was opened by `name`.
    pub(crate) fn simulated(
        name: &str,
        simulator: &AnySimulator,
        n: usize,
        seed: u64,
        at: &Workplace<'_>,
    ) -> Result<TrainingInput, RunError> {
        let (simulations, task, theta_failed, warnings) = match simulator {
            AnySimulator::Task(task) => {
                let simulated = simulated_task(task, n, seed, at)?;
                let failures = failure_warning(&simulated.failures);
                let failing = failures.as_ref().map(|_| FAILING.to_owned());
                let warnings = failures.into_iter().chain(failing).collect();
                (simulated.simulations, task.name(), Some(simulated.theta_failed), warnings)
            }
            AnySimulator::External(program) => {
                let path = at.folder.join("simulations.npz");
                create_folder(at.folder)?;
                not_of_others(at, &path, n)?;
                let report = make_set(&**program, n, seed, &path, at)?;
                let failed = read_theta_failed(&path).map_err(SourceError::from)?;
                (Simulations::read(&path)?, name, failed, set_warnings(&report))
            }
        };
        Ok(TrainingInput {
            simulations,
            prior: simulator.prior().clone(),
            task: Some(task.to_owned()),
            simulator: SimulatorRecord::of(simulator)?,
            table: None,
            data_names: simulator.data_names().map(<[String]>::to_vec),
            layout: simulator.layout(),
            missing: simulator.missing(),
            masks: None,
            theta_from: None,
            theta_failed,
            local: None,
            rows: None,
            warnings,
        })
    }
}

/// θ of failed simulations: those known apart from a table, and those of its rows without data.
pub(crate) fn all_failed(
    apart: Option<Array2<f64>>,
    table: &Simulations,
    missing: Missing,
) -> Option<Array2<f64>> {
    let found = failed_rows(table, missing);
    match apart {
        Some(apart) if apart.ncols() == found.ncols() => {
            concatenate(Axis(0), &[apart.view(), found.view()]).ok()
        }
        _ => (found.nrows() > 0).then_some(found),
    }
}

/// Simulations of a task in memory; those of a run that an earlier version began are in its precision.
fn simulated_task(
    task: &Task,
    n: usize,
    seed: u64,
    at: &Workplace<'_>,
) -> Result<SimulatedBatch, RunError> {
    let simulated = simulate(task.simulator(), n, seed)?;
    let Some(known) = recorded_data(at.folder).filter(|_| !at.overwrite) else {
        return Ok(simulated);
    };
    let is_known = |batch: &SimulatedBatch| fingerprint(task.prior(), &batch.simulations) == known;
    if is_known(&simulated) {
        return Ok(simulated);
    }
    let single = task.simulate_in(Precision::Single, n, seed)?;
    Ok(if is_known(&single) { single } else { simulated })
}
