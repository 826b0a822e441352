//! The benchmark's table: many runs, each in its own folder, into one `results.csv`.

use super::directory::{create_folder, read_status};
use super::evaluate::DRAWS;
use super::figure::curves;
use super::scored::known_scores;
use super::{
    Evaluation, Existing, MoreMetrics, Reporter, RunError, Source, TrainJob, Workplace, evaluate,
    own, train,
};
use freeform_benchmark::{
    CellSummary, ObservationScore, ReferenceSource, ReferenceStore, ResultRow, budget_figures,
    read_results, summarize, write_results,
};
use freeform_inference::EngineKind;
use freeform_inference::{Overrides, Preset};
use freeform_simulators::Task;
use freeform_simulators::write_bytes_atomically;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

/// How our rows are named in the table.
const ALGORITHM: &str = "FFF";

/// Which cells to fill, and how.
pub struct BenchmarkJob<'a> {
    /// Benchmark tasks.
    pub tasks: &'a [Task],
    /// Simulation budgets.
    pub budgets: &'a [usize],
    /// Observations to score, by number.
    pub observations: &'a [usize],
    /// Seeds: a training each.
    pub seeds: &'a [u64],
    /// Preset beneath the overrides.
    pub preset: Preset,
    /// The user's own settings.
    pub overrides: &'a Overrides,
    /// Whose draws count as the truth.
    pub reference: ReferenceSource,
    /// Where reference draws are kept.
    pub store: &'a ReferenceStore,
    /// Who does the arithmetic.
    pub engine: EngineKind,
    /// Folder of the whole table.
    pub folder: &'a Path,
    /// Cells at a time; the result does not depend on it.
    pub jobs: usize,
    /// Set by a signal: stop, with every finished observation kept.
    pub interrupt: &'a AtomicBool,
    /// Who tells the user.
    pub reporter: Reporter,
}

/// What came of it.
#[derive(Debug)]
pub struct BenchmarkTable {
    /// Every cell of the folder's table.
    pub cells: Vec<CellSummary>,
    /// Cells that failed, with why.
    pub failures: Vec<String>,
}

/// One training.
struct Cell<'a> {
    task: &'a Task,
    simulations: usize,
    seed: u64,
}

impl Cell<'_> {
    fn name(&self) -> String {
        format!("{}-{}-seed{}", self.task.name(), self.simulations, self.seed)
    }
}

/// Trains and scores every cell that is not finished yet; writes `results.csv` after each, and the
/// figure at the end.
///
/// # Errors
/// [`RunError::Interrupted`], a folder that holds a table of other settings, or a file that cannot
/// be written. A cell that fails does not stop the others.
pub fn benchmark(job: &BenchmarkJob) -> Result<BenchmarkTable, RunError> {
    for task in job.tasks {
        job.observations.iter().try_for_each(|&number| task.observation(number).map(drop))?;
    }
    // Draws that are not there would be missed only after the first training.
    if job.reference == ReferenceSource::Released {
        for task in job.tasks {
            let read = |&number: &usize| {
                job.store.official(task, number, DRAWS, job.reference, job.interrupt)
            };
            job.observations.iter().try_for_each(|number| read(number).map(drop))?;
        }
    }
    let _own = own(job.folder)?;
    claim(job)?;
    let cells = cells(job);
    let path = job.folder.join("results.csv");
    let (mut rows, remark) = if path.exists() { read_results(&path)? } else { Default::default() };
    remark.iter().for_each(|remark| job.reporter.warn(remark));
    let mut failures = Vec::new();

    let (mut open, mut finished) = (Vec::new(), 0);
    for cell in &cells {
        match finished_rows(job, cell) {
            Some(known) => {
                finished += 1;
                replace(&mut rows, known);
            }
            None => open.push(cell),
        }
    }
    if finished > 0 {
        job.reporter.say(&format!("{finished} of {} cells are finished already", cells.len()));
        write_results(&path, &rows)?;
    }
    let mut bar = job.reporter.bar("cells", cells.len(), finished);
    work(job, &open, |cell, outcome| {
        finished += 1;
        match outcome {
            Ok(new) => {
                bar.line(&line(cell, &new));
                replace(&mut rows, new);
                write_results(&path, &rows)?;
            }
            Err(RunError::Interrupted { .. }) => return Ok(()),
            Err(error) => {
                let text = format!("{}: {error}", cell.name());
                job.reporter.warn(&text);
                failures.push(text);
            }
        }
        bar.update(finished, String::new);
        Ok(())
    })?;
    bar.finish();
    if job.interrupt.load(Ordering::Relaxed) {
        return Err(RunError::TableInterrupted { path: job.folder.display().to_string() });
    }
    let cells = summarize(&rows);
    if !cells.is_empty() {
        budget_figures(job.folder, &curves(&cells))?;
    }
    Ok(BenchmarkTable { cells, failures })
}

fn cells<'a>(job: &BenchmarkJob<'a>) -> Vec<Cell<'a>> {
    let mut cells = Vec::new();
    for &simulations in job.budgets {
        for task in job.tasks {
            cells.extend(job.seeds.iter().map(|&seed| Cell { task, simulations, seed }));
        }
    }
    // A cell named twice is one cell.
    let mut seen = std::collections::HashSet::new();
    cells.retain(|cell| seen.insert(cell.name()));
    cells
}

/// Takes the folder for tables of these settings.
fn claim(job: &BenchmarkJob) -> Result<(), RunError> {
    let (preset, reference) = (job.preset.name(), job.reference.name());
    let head = format!("preset = \"{preset}\"\nreference = \"{reference}\"\n");
    let record = format!("{head}\n{}", job.overrides.to_toml()?);
    let path = job.folder.join("benchmark.toml");
    match std::fs::read_to_string(&path) {
        Ok(found) if found == record => Ok(()),
        Ok(_) => Err(RunError::Occupied {
            path: job.folder.display().to_string(),
            differs: Some("with other settings".to_owned()),
            fix: "choose another folder",
        }),
        Err(_) => {
            create_folder(job.folder)?;
            Ok(write_bytes_atomically(&path, record.as_bytes())?)
        }
    }
}

/// Runs cells on `job.jobs` threads, handing each outcome over as it comes.
fn work(
    job: &BenchmarkJob,
    cells: &[&Cell],
    mut done: impl FnMut(&Cell, Result<Vec<ResultRow>, RunError>) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let next = AtomicUsize::new(0);
    let (send, receive) = mpsc::channel();
    std::thread::scope(|scope| {
        let worker = || {
            let (send, next) = (send.clone(), &next);
            move || {
                while !job.interrupt.load(Ordering::Relaxed) {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(cell) = cells.get(index) else { break };
                    if send.send((index, run_cell(job, cell))).is_err() {
                        break;
                    }
                }
            }
        };
        // As many as the system gives; without any, the work is done here.
        for started in 0..job.jobs.clamp(1, cells.len().max(1)) {
            let thread = std::thread::Builder::new().spawn_scoped(scope, worker());
            if thread.is_err() {
                if started == 0 {
                    worker()();
                }
                break;
            }
        }
        drop(send);
        receive.iter().try_for_each(|(index, outcome)| done(cells[index], outcome))
    })
}

fn run_cell(job: &BenchmarkJob, cell: &Cell) -> Result<Vec<ResultRow>, RunError> {
    let folder = job.folder.join(cell.name());
    let _own = own(&folder)?;
    let source = Source::Task { name: cell.task.name().to_owned(), simulations: cell.simulations };
    let reporter = Reporter::new(true);
    let training = TrainJob {
        preset: job.preset,
        overrides: job.overrides,
        seed: cell.seed,
        engine: job.engine,
        folder: &folder,
        existing: Existing::Resume,
        interrupt: job.interrupt,
        reporter,
    };
    let at = Workplace::fresh(&folder, job.interrupt, reporter);
    let trained = train(&training, source.load(cell.seed, &at)?)?;
    let evaluation = Evaluation {
        folder: &folder,
        task: cell.task,
        observations: job.observations,
        reference: job.reference,
        store: job.store,
        more: MoreMetrics::default(),
        seed: cell.seed,
        engine: job.engine,
        interrupt: job.interrupt,
        reporter,
    };
    let scores = evaluate(&evaluation, &trained)?;
    Ok(rows(job, cell, &scores, trained.seconds))
}

/// The rows of a cell whose folder says that it is finished.
fn finished_rows(job: &BenchmarkJob, cell: &Cell) -> Option<Vec<ResultRow>> {
    let folder: PathBuf = job.folder.join(cell.name());
    let status = read_status(&folder)?;
    let seconds = status["training_seconds"].as_f64()?;
    let known = known_scores(&folder, status["training"]["run"].as_str()).ok()?;
    known.remark.iter().for_each(|remark| job.reporter.warn(remark));
    let scores = known.scores;
    let has = |number: usize| {
        scores.iter().any(|s| s.num_observation == number && s.reference == Some(job.reference))
    };
    let complete = job.observations.iter().all(|&number| has(number));
    (status["status"] == "done" && complete).then(|| rows(job, cell, &scores, seconds))
}

fn rows(
    job: &BenchmarkJob,
    cell: &Cell,
    scores: &[ObservationScore],
    training_seconds: f64,
) -> Vec<ResultRow> {
    let row = |score: &ObservationScore| ResultRow {
        task: cell.task.name().to_owned(),
        num_simulations: cell.simulations,
        num_observation: score.num_observation,
        algorithm: ALGORITHM.to_owned(),
        c2st: score.c2st,
        seed: cell.seed,
        preset: job.preset.name().to_owned(),
        training_seconds,
    };
    scores.iter().map(row).collect()
}

/// Puts new rows in the place of old ones of the same observation, in a fixed order.
fn replace(rows: &mut Vec<ResultRow>, new: Vec<ResultRow>) {
    fn key(r: &ResultRow) -> (&str, usize, u64, usize) {
        (&r.task, r.num_simulations, r.seed, r.num_observation)
    }
    rows.retain(|old| new.iter().all(|n| key(n) != key(old)));
    rows.extend(new);
    rows.sort_by(|a, b| key(a).cmp(&key(b)));
}

fn line(cell: &Cell, rows: &[ResultRow]) -> String {
    let mean = rows.iter().map(|r| r.c2st).sum::<f64>() / rows.len() as f64;
    let seconds = rows.first().map_or(0.0, |r| r.training_seconds);
    format!("{}: C2ST {mean:.3}, trained in {seconds:.1} s", cell.name())
}
