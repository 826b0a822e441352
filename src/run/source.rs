//! Where a training's simulations come from.

use super::directory::{create_folder, recorded_data};
use super::{Reporter, RunError};
use freeform_inference::{Locality, failed_rows, fingerprint};
use freeform_simulators::{
    AnySimulator, DataLayout, FailureReport, FirstLine, Noise, Precision, Prior, SetJob, SetReport,
    SimulatedBatch, SimulationSource, Simulations, SourceError, Task, counted, read_theta_failed,
    simulate, simulate_set,
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
    /// What the numbers of x are to each other, where the simulator says so.
    pub layout: Option<DataLayout>,
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
    /// Set by a signal.
    pub interrupt: &'a AtomicBool,
    /// Who tells the user.
    pub reporter: Reporter,
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
                Self::simulated(name, &AnySimulator::open(name)?, *simulations, seed, at)
            }
            Self::File { path, first_line, prior, task, theta_from } => {
                // First, because it verifies the checksum of a set.
                let theta_failed = read_theta_failed(path).map_err(SourceError::from)?;
                let (simulations, channels, names) =
                    Simulations::read_named(path, prior.names(), *first_line)?;
                if let Some(names) = names {
                    at.reporter.say(&format!(
                        "x is {}: {}, as {} has them",
                        counted(names.len(), "column"),
                        shortened(&names),
                        path.display()
                    ));
                }
                let theta_failed = all_failed(theta_failed, &simulations);
                let lost = simulations.non_finite_rows();
                let mut warnings = Vec::new();
                if lost > 0 {
                    let rows = simulations.len();
                    warnings.push(format!(
                        "{}: {lost} of {rows} simulations are not finite and are left out; {FAILING}",
                        path.display()
                    ));
                }
                if let Some(channels) = channels {
                    warnings.extend(transposed(path, simulations.data_dim() / channels, channels));
                }
                let simulator = task.as_deref().map(AnySimulator::open).transpose()?;
                let layout = simulator.as_ref().and_then(AnySimulator::layout);
                let layout = layout.or(channels.map(DataLayout::of_channels));
                let simulator = match &simulator {
                    Some(simulator) => SimulatorRecord::of(simulator)?,
                    None => None,
                };
                let rows = Some(simulations.finite_rows());
                Ok(TrainingInput {
                    simulations: simulations.without_non_finite(),
                    prior: (**prior).clone(),
                    task: task.clone(),
                    simulator,
                    table: Some(path.clone()),
                    layout,
                    theta_from: theta_from.as_deref().cloned(),
                    theta_failed,
                    local: None,
                    rows,
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
            layout: simulator.layout(),
            theta_from: None,
            theta_failed,
            local: None,
            rows: None,
            warnings,
        })
    }
}

/// θ of failed simulations: those known apart from a table, and those of its rows without data.
pub(crate) fn all_failed(apart: Option<Array2<f64>>, table: &Simulations) -> Option<Array2<f64>> {
    let found = failed_rows(table);
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
        Err(freeform_simulators::SourceError::Interrupted) => {
            Err(RunError::SimulationInterrupted { path: path.display().to_string() })
        }
        other => Ok(other?),
    }
}

/// What is to be said of an array of more numbers a point than points.
fn transposed(path: &Path, points: usize, channels: usize) -> Option<String> {
    /// As many may be meant.
    const MOST: usize = 8;
    (channels > points && channels > MOST).then(|| {
        format!(
            "{}: x is [n, {points}, {channels}], and so has {points} points of {channels} numbers each; a \
             series is [n, T, channels]. If it is the other way round, transpose it (in numpy \
             `np.swapaxes(x, 1, 2)`)",
            path.display()
        )
    })
}

/// Names, the middle ones left out where they are many.
fn shortened(names: &[String]) -> String {
    const SHOWN: usize = 12;
    match names {
        [first @ .., last] if first.len() >= SHOWN => {
            format!("{}, …, {last}", first[..SHOWN - 1].join(", "))
        }
        _ => names.join(", "),
    }
}

/// What a user should know of failed simulations.
#[must_use]
pub fn failure_warning(report: &FailureReport) -> Option<String> {
    let (lost, asked) = (report.total(), report.requested);
    (lost > 0).then(|| {
        format!("{lost} of {asked} simulations failed and are left out:\n{}", report.details())
    })
}

/// What failures do to a prior, and what is done about it.
pub const FAILING: &str = "where the probability to fail depends on theta, the simulations that are left follow \
                       the prior times the probability to succeed, not the prior: training learns that \
                       probability from the theta of those that failed, and counts it to the prior";

/// What a user should know of lines that a simulator printed beside its answers.
#[must_use]
pub fn noise_warning(noise: &Noise) -> Option<String> {
    let first = noise.first.as_ref()?;
    let lines = noise.lines;
    Some(format!(
        "the simulator printed {} beside its answers, passed over; the first was \"{first}\" (messages \
         belong on standard error)",
        counted(lines as usize, "line")
    ))
}

/// All that a user should know of a set.
#[must_use]
pub fn set_warnings(report: &SetReport) -> Vec<String> {
    let failures = failure_warning(&report.failures);
    let known = [failures.as_ref().map(|_| FAILING.to_owned()), noise_warning(&report.noise)];
    let known = std::iter::once(failures).chain(known);
    known.flatten().chain(report.remarks.iter().cloned()).collect()
}
