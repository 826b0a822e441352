//! The frozen list of a sweep's runs.

use super::sweep::{Point, wrong};
use super::{GridError, Layout, Sweep};
use crate::run::RunError;
use freeform_inference::EngineKind;
use freeform_inference::FORMAT_VERSION;
use freeform_inference::{Config, Overrides, Preset, Problem};
use freeform_simulators::write_bytes_atomically;
use freeform_simulators::{AnySimulator, FirstLine, Prior, Simulations};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

/// Where a run's simulations come from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunSource {
    /// A benchmark task.
    Task(String),
    /// A `simulator.toml`.
    Simulator(PathBuf),
    /// A table made elsewhere.
    Given {
        /// `.npz` with `theta` and `x`.
        file: PathBuf,
        /// The prior they were drawn from.
        prior: PathBuf,
    },
}

impl RunSource {
    /// What [`AnySimulator::open`] knows it by; a given table's file.
    #[must_use]
    pub fn opens(&self) -> String {
        match self {
            Self::Task(name) => name.clone(),
            Self::Simulator(path) | Self::Given { file: path, .. } => path.display().to_string(),
        }
    }
}

/// One run: all that a scheduler needs is its index.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlanEntry {
    /// Position in the plan, from 0.
    pub index: usize,
    /// Name of the run and of its folder: `<task>-<budget>-<hash>`.
    pub run: String,
    /// The task's short name.
    pub task: String,
    /// Where its simulations come from.
    pub source: RunSource,
    /// Hash of the simulator (or table) as planned.
    pub simulator: String,
    /// Simulation budget.
    pub simulations: usize,
    /// Seed of simulations, training and draws.
    pub seed: u64,
    /// Settings beneath `settings`.
    pub preset: Preset,
    /// Who does the arithmetic.
    pub engine: EngineKind,
    /// The sweep's own settings.
    pub settings: BTreeMap<String, toml::Value>,
}

impl PlanEntry {
    /// The settings as overrides of the preset.
    ///
    /// # Errors
    /// [`RunError::Config`] for a key that is none.
    pub fn overrides(&self) -> Result<Overrides, GridError> {
        Ok(Overrides::from_dotted(&self.settings)?)
    }
}

/// The runs of a sweep, in the order of their indices.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The runs.
    pub entries: Vec<PlanEntry>,
    /// The sweep as last planned: what to score, what a cluster should give.
    pub sweep: Sweep,
}

impl Plan {
    /// Reads the plan in a sweep's folder.
    ///
    /// # Errors
    /// [`GridError::NoPlan`], or a line that is none.
    pub fn read(layout: &Layout) -> Result<Self, GridError> {
        let sweep = layout.sweep();
        if !sweep.exists() {
            return Err(GridError::NoPlan { path: layout.root().display().to_string() });
        }
        Ok(Self { entries: read_entries(&layout.plan())?, sweep: Sweep::read(&sweep)? })
    }

    /// The run with this index.
    ///
    /// # Errors
    /// [`GridError::Index`] where there is none.
    pub fn entry(&self, index: usize) -> Result<&PlanEntry, GridError> {
        let entries = self.entries.len();
        self.entries.get(index).ok_or(GridError::Index { index, entries })
    }
}

/// What planning did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Planned {
    /// Runs in the plan.
    pub runs: usize,
    /// Those that this call added.
    pub added: usize,
    /// Runs of an earlier sweep file that this one no longer asks for; they stay in the plan.
    pub dropped: usize,
}

/// Plans the sweep of `file` into its folder. Runs that are planned already keep their index; new
/// ones are appended.
///
/// # Errors
/// [`GridError`] with what is wrong in the sweep's file.
pub fn plan(file: &Path, layout: &Layout) -> Result<Planned, GridError> {
    let sweep = Sweep::read(file)?;
    let points = sweep.points().map_err(|reason| wrong(file, reason))?;
    let base = file.parent().unwrap_or(Path::new("."));
    let mut problems = BTreeMap::new();
    let mut entries = match layout.plan().exists() {
        true => read_entries(&layout.plan())?,
        false => Vec::new(),
    };
    let before = entries.len();
    let mut known: HashSet<String> = entries.iter().map(|e| e.run.clone()).collect();
    let mut asked = HashSet::new();
    for point in points {
        let task = match problems.get(&point.task) {
            Some(task) => task,
            None => {
                let opened = Opened::new(&sweep, &point.task, base)?;
                problems.entry(point.task.clone()).or_insert(opened)
            }
        };
        let entry = entry(&sweep, task, point, entries.len()).map_err(|e| match e {
            GridError::Run(RunError::Config(e)) => wrong(file, e.to_string()),
            other => other,
        })?;
        asked.insert(entry.run.clone());
        if known.insert(entry.run.clone()) {
            entries.push(entry);
        }
    }
    let text: String = entries
        .iter()
        .map(|e| serde_json::to_string(e).map(|line| line + "\n"))
        .collect::<Result<_, _>>()
        .map_err(std::io::Error::other)?;
    std::fs::create_dir_all(layout.root()).map_err(|e| {
        let path = layout.root().display();
        std::io::Error::new(e.kind(), format!("cannot create {path}: {e}"))
    })?;
    write_bytes_atomically(&layout.plan(), text.as_bytes())?;
    // Last: a folder with a sweep.toml has a whole plan.
    write_bytes_atomically(&layout.sweep(), &std::fs::read(file)?)?;
    let runs = entries.len();
    Ok(Planned { runs, added: runs - before, dropped: known.len() - asked.len() })
}

/// A task as the planner needs it.
struct Opened {
    name: String,
    source: RunSource,
    identity: String,
    dims: (usize, usize),
    /// Rows of a given table.
    rows: Option<usize>,
}

impl Opened {
    fn new(sweep: &Sweep, task: &str, base: &Path) -> Result<Self, GridError> {
        if let Some(given) = sweep.simulations.iter().find(|s| s.name == task) {
            let absolute = |path: &Path| std::path::absolute(base.join(path));
            let (file, prior) = (absolute(&given.file)?, absolute(&given.prior)?);
            let law = Prior::read(&prior)?;
            let table = Simulations::read_table(&file, law.names(), FirstLine::Auto)?;
            let identity = table_identity(&file, &law)?;
            return Ok(Self {
                name: given.name.clone(),
                source: RunSource::Given { file, prior },
                identity,
                dims: (table.parameter_dim(), table.data_dim()),
                rows: Some(table.len()),
            });
        }
        let beside = base.join(task);
        let is_file = task.ends_with(".toml") || beside.join("simulator.toml").is_file();
        let named = if is_file { beside.display().to_string() } else { task.to_owned() };
        let simulator = AnySimulator::open(&named)?;
        let source = match &simulator {
            AnySimulator::Task(task) => RunSource::Task(task.name().to_owned()),
            AnySimulator::External(program) => {
                RunSource::Simulator(std::path::absolute(&program.settings().path)?)
            }
        };
        Ok(Self {
            name: simulator.source().name().to_owned(),
            source,
            identity: simulator.source().identity(),
            dims: (simulator.prior().dim(), simulator.source().data_dim()),
            rows: None,
        })
    }
}

fn entry(sweep: &Sweep, task: &Opened, point: Point, index: usize) -> Result<PlanEntry, GridError> {
    let Point { budget, seed, settings, .. } = point;
    if let Some(rows) = task.rows.filter(|rows| *rows < budget) {
        let reason =
            format!("`budgets` asks for {budget} simulations, but {} has {rows}", task.name);
        return Err(GridError::Sweep { path: task.name.clone(), reason });
    }
    let problem = Problem { simulations: budget, theta_dim: task.dims.0, context_dim: task.dims.1 };
    let config = Overrides::from_dotted(&settings)?.resolve(sweep.preset, problem)?;
    config.network_spec(problem.theta_dim, problem.context_dim).validate()?;
    let hash = identity(&config, task, budget, seed, sweep.engine)?;
    let short: String =
        task.name.chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '_' }).collect();
    Ok(PlanEntry {
        index,
        run: format!("{short}-{budget}-{hash}"),
        task: task.name.clone(),
        source: task.source.clone(),
        simulator: short_hash(&task.identity),
        simulations: budget,
        seed,
        preset: sweep.preset,
        engine: sweep.engine,
        settings,
    })
}

/// Hash of everything that determines a run's result, and of nothing else.
fn identity(
    config: &Config,
    task: &Opened,
    budget: usize,
    seed: u64,
    engine: EngineKind,
) -> Result<String, GridError> {
    let settings = toml::to_string(config).map_err(std::io::Error::other)?;
    let (engine, simulator) = (engine.name(), &task.identity);
    let text = format!(
        "format {FORMAT_VERSION}\nsimulator {simulator}\nbudget {budget}\nseed {seed}\n\
         engine {engine}\n{settings}"
    );
    Ok(short_hash(&text))
}

/// Twelve hexadecimal digits of BLAKE3.
pub(super) fn short_hash(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex()[..12].to_owned()
}

/// Text that is equal for equal tables and priors only.
pub(super) fn table_identity(file: &Path, prior: &Prior) -> std::io::Result<String> {
    let mut content = blake3::Hasher::new();
    std::io::copy(&mut std::fs::File::open(file)?, &mut content)?;
    Ok(format!("{}\n{}", content.finalize().to_hex(), prior.to_toml()))
}

fn read_entries(path: &Path) -> Result<Vec<PlanEntry>, GridError> {
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|e| GridError::Plan {
        path: shown.clone(),
        line: 0,
        reason: e.to_string(),
    })?;
    let parse = |(i, line): (usize, &str)| {
        let wrong = |reason: String| GridError::Plan { path: shown.clone(), line: i + 1, reason };
        let entry: PlanEntry = serde_json::from_str(line).map_err(|e| wrong(e.to_string()))?;
        match entry.index == i {
            true => Ok(entry),
            false => Err(wrong(format!("index {} on line {}", entry.index, i + 1))),
        }
    };
    text.lines().enumerate().map(parse).collect()
}
