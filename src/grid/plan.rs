//! The frozen list of a sweep's runs.

use super::entry::{LONGEST_NAME, RunSource, read_entries, run_name, write_entries};
use super::lines::short_hash;
use super::seal::{seal, sealed_runs};
use super::sweep::{MOST_RUNS, Point, wrong};
use super::{GridError, Layout, PlanEntry, Sweep};
use crate::run::{RunError, own_soon};
use freeform_inference::EngineKind;
use freeform_inference::FORMAT_VERSION;
use freeform_inference::training::check_layout;
use freeform_inference::{Config, Overrides, Problem};
use freeform_simulators::{
    AnySimulator, DataLayout, FirstLine, Missing, Prior, Simulations, Task, human_bytes,
    write_bytes_atomically,
};
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};
use std::path::Path;

/// The runs of a sweep, in the order of their indices.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The runs.
    pub entries: Vec<PlanEntry>,
    /// The sweep as last planned: what to score, what a cluster should give.
    pub sweep: Sweep,
    /// Whether an earlier version planned it, which kept no checksums.
    pub is_unchecked: bool,
}

impl Plan {
    /// Reads the plan in a sweep's folder.
    ///
    /// # Errors
    /// [`GridError::NoPlan`], or a line that is none.
    pub fn read(layout: &Layout) -> Result<Self, GridError> {
        let path = layout.sweep();
        if !path.exists() {
            return Err(GridError::NoPlan { path: layout.root().display().to_string() });
        }
        let text = std::fs::read_to_string(&path).map_err(|e| wrong(&path, e.to_string()))?;
        let (entries, seal) = (read_entries(&layout.plan())?, sealed_runs(&text, layout)?);
        if let Some(runs) = seal.filter(|runs| entries.len() < *runs) {
            let reason =
                format!("ends here, though {runs} runs were planned; plan the sweep again");
            let path = layout.plan().display().to_string();
            return Err(GridError::Line { path, line: entries.len() + 1, reason });
        }
        let sweep = Sweep::parse(&text).map_err(|reason| wrong(&path, reason))?;
        Ok(Self { entries, sweep, is_unchecked: seal.is_none() })
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
    let text = std::fs::read_to_string(file).map_err(|e| wrong(file, e.to_string()))?;
    let sweep = Sweep::parse(&text).map_err(|reason| wrong(file, reason))?;
    let points = sweep.points().map_err(|reason| wrong(file, reason))?;
    let base = file.parent().unwrap_or(Path::new("."));
    let _own = own_soon(layout.root())?;
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
                opened.check(&sweep).map_err(|reason| wrong(file, reason))?;
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
    if entries.len() > MOST_RUNS {
        let reason = format!(
            "there would be {} runs in the plan with those planned before; at most {MOST_RUNS} are allowed",
            entries.len()
        );
        return Err(wrong(file, reason));
    }
    write_entries(&layout.plan(), &entries)?;
    // Last: a folder with a sweep.toml has a whole plan.
    write_bytes_atomically(&layout.sweep(), seal(&text, entries.len()).as_bytes())?;
    let runs = entries.len();
    Ok(Planned { runs, added: runs - before, dropped: known.len() - asked.len() })
}

/// Bytes of the largest set of simulations.
const MOST_BYTES: u128 = 1 << 42;

/// A task as the planner needs it.
struct Opened {
    name: String,
    source: RunSource,
    identity: String,
    dims: (usize, usize),
    /// What the numbers of x are to each other, where the simulator says so.
    layout: Option<DataLayout>,
    /// What a NaN in x means, by the simulator.
    missing: Missing,
    /// Rows of a given table.
    rows: Option<usize>,
    /// Observations that can be scored.
    observations: usize,
}

impl Opened {
    fn new(sweep: &Sweep, task: &str, base: &Path) -> Result<Self, GridError> {
        if let Some(given) = sweep.simulations.iter().find(|s| s.name == task) {
            let absolute = |path: &Path| std::path::absolute(base.join(path));
            let (file, prior) = (absolute(&given.file)?, absolute(&given.prior)?);
            let law = Prior::read(&prior)?;
            let (table, _) = Simulations::read_table(&file, law.names(), FirstLine::Auto)?;
            let identity = table_identity(&file, &law)?;
            return Ok(Self {
                name: given.name.clone(),
                source: RunSource::Given { file, prior },
                identity,
                dims: (table.parameter_dim(), table.data_dim()),
                layout: None,
                missing: Missing::Failed,
                rows: Some(table.len()),
                observations: 0,
            });
        }
        let beside = base.join(task);
        let is_file = task.ends_with(".toml") || beside.join("simulator.toml").is_file();
        let named = if is_file { beside.display().to_string() } else { task.to_owned() };
        let simulator = AnySimulator::open(&named)?;
        let (source, observations) = match &simulator {
            AnySimulator::Task(task) => {
                (RunSource::Task(task.name().to_owned()), Task::OBSERVATIONS)
            }
            AnySimulator::External(program) => {
                let path = std::path::absolute(&program.settings().path)?;
                (RunSource::Simulator(path), program.observation_count()?)
            }
        };
        Ok(Self {
            name: simulator.source().name().to_owned(),
            source,
            identity: simulator.source().identity(),
            dims: (simulator.prior().dim(), simulator.source().data_dim()),
            layout: simulator.layout(),
            missing: simulator.missing(),
            rows: None,
            observations,
        })
    }

    /// Refuses what no run of this task could do: observations that it does not have, simulations
    /// that no memory holds, names that are none.
    fn check(&self, sweep: &Sweep) -> Result<(), String> {
        let Self { name, observations, .. } = self;
        if name.is_empty() || name.chars().any(char::is_control) || name.len() > LONGEST_NAME {
            return Err(format!(
                "the name {name:?} is empty, longer than {LONGEST_NAME} bytes or has control \
                 characters; give it another one"
            ));
        }
        let numbers = sweep.observations.iter().flatten();
        if let Some(wrong) = numbers.filter(|number| *number > observations).max() {
            let has = match (&self.source, observations) {
                (RunSource::Given { .. }, _) => {
                    "is a table of simulations, which has none (its runs are trained only)"
                        .to_owned()
                }
                (_, 0) => "has none".to_owned(),
                (_, n) => format!("has {n}"),
            };
            return Err(format!(
                "`observations` names observation {wrong}, but {name} {has}; leave it out, or plan \
                 {name} by a sweep of its own"
            ));
        }
        let numbers = (self.dims.0 + self.dims.1) as u128;
        for budget in &sweep.budgets {
            let bytes = 4 * numbers * *budget as u128;
            // The nodes' memory is not known here.
            if bytes > MOST_BYTES {
                return Err(format!(
                    "`budgets` has {budget}: that many simulations of {name} take {}, which no machine \
                     trains on; at most {} are allowed",
                    human_bytes(bytes),
                    human_bytes(MOST_BYTES)
                ));
            }
        }
        Ok(())
    }
}

fn entry(sweep: &Sweep, task: &Opened, point: Point, index: usize) -> Result<PlanEntry, GridError> {
    let Point { budget, seed, settings, .. } = point;
    if let Some(rows) = task.rows.filter(|rows| *rows < budget) {
        let reason =
            format!("`budgets` asks for {budget} simulations, but {} has {rows}", task.name);
        return Err(GridError::Sweep { path: task.name.clone(), reason });
    }
    let (theta_dim, context_dim) = task.dims;
    let (layout, missing) = (task.layout.clone(), task.missing);
    let problem = Problem { simulations: budget, theta_dim, context_dim, layout, missing };
    let config = Overrides::from_dotted(&settings)?.resolve(sweep.preset, &problem)?;
    config.network_spec(problem.theta_dim, problem.context_dim).validate()?;
    check_layout(problem.context_dim, &config.transform).map_err(RunError::from)?;
    let hash = identity(&config, task, budget, seed, sweep.engine)?;
    Ok(PlanEntry {
        index,
        run: run_name(&task.name, budget, &hash),
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
    let settings = Config::known_by(&settings);
    let (engine, simulator) = (engine.name(), &task.identity);
    let text = format!(
        "format {FORMAT_VERSION}\nsimulator {simulator}\nbudget {budget}\nseed {seed}\n\
         engine {engine}\n{settings}"
    );
    Ok(short_hash(&text))
}

/// Text that is equal for equal tables and priors only.
pub(super) fn table_identity(file: &Path, prior: &Prior) -> std::io::Result<String> {
    let mut content = blake3::Hasher::new();
    std::io::copy(&mut std::fs::File::open(file)?, &mut content)?;
    Ok(format!("{}\n{}", content.finalize().to_hex(), prior.identity()))
}
