//! The file that describes a sweep.

use super::GridError;
use super::axis::{Assignment, flatten, points};
use freeform_benchmark::ReferenceSource;
use freeform_inference::EngineKind;
use freeform_inference::Preset;
use freeform_simulators::Task;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use toml::Table;

/// `SWEEP.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sweep {
    /// Benchmark tasks by name, and `simulator.toml` files.
    #[serde(default)]
    pub tasks: Vec<String>,
    /// Tables of simulations made elsewhere.
    #[serde(default)]
    pub simulations: Vec<GivenSimulations>,
    /// Simulation budgets.
    pub budgets: Vec<usize>,
    /// Seeds: a training each.
    #[serde(default = "first_seed")]
    pub seeds: Vec<u64>,
    /// Settings beneath all others.
    #[serde(default)]
    pub preset: Preset,
    /// Who does the arithmetic.
    #[serde(default)]
    pub engine: EngineKind,
    /// Numbers of the observations to sample and score; all of them if absent, none (training
    /// only) if empty.
    #[serde(default)]
    pub observations: Option<Vec<usize>>,
    /// Whose draws count as the truth.
    #[serde(default)]
    pub reference: ReferenceSource,
    /// Settings of every run.
    #[serde(default)]
    settings: Table,
    /// Products of axes; a run for each point of each of them.
    #[serde(default)]
    grid: Vec<Block>,
    /// What a run needs of a cluster, by budget, or `default`.
    #[serde(default)]
    pub resources: BTreeMap<String, Resources>,
}

/// A table of simulations made elsewhere.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GivenSimulations {
    /// What to call it.
    pub name: String,
    /// `.npz` with `theta` and `x`, or text with named columns.
    pub file: PathBuf,
    /// The prior they were drawn from (TOML).
    pub prior: PathBuf,
}

/// What a run needs of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resources {
    /// Time limit, as Slurm writes it, e.g. `1:00:00`.
    pub time: Option<String>,
    /// Memory, e.g. `2G`.
    pub memory: Option<String>,
    /// Cores.
    pub cpus: Option<u16>,
}

/// One product of axes, perhaps for some of the sweep's tasks, budgets or seeds only.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Block {
    tasks: Option<Vec<String>>,
    budgets: Option<Vec<usize>>,
    seeds: Option<Vec<u64>>,
    #[serde(default)]
    axes: Table,
}

/// One run as the sweep asks for it.
pub(super) struct Point {
    /// A member of `tasks`, or the name of given simulations.
    pub(super) task: String,
    pub(super) budget: usize,
    pub(super) seed: u64,
    pub(super) settings: BTreeMap<String, toml::Value>,
}

fn first_seed() -> Vec<u64> {
    vec![1]
}

impl Sweep {
    /// Reads and checks the file; nothing is simulated or trained.
    ///
    /// # Errors
    /// [`GridError::Sweep`] names the key, the value and the fix.
    pub fn read(path: &Path) -> Result<Self, GridError> {
        let text = std::fs::read_to_string(path).map_err(|e| wrong(path, e.to_string()))?;
        Self::parse(&text).map_err(|reason| wrong(path, reason))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let sweep: Self = toml::from_str(text).map_err(|e| e.to_string().trim_end().to_owned())?;
        let names = sweep.names();
        nonempty("tasks", names.len())?;
        nonempty("budgets", sweep.budgets.len())?;
        nonempty("seeds", sweep.seeds.len())?;
        if sweep.budgets.contains(&0) {
            return Err("`budgets` has a 0; every budget must be at least 1".to_owned());
        }
        if let Some(numbers) = &sweep.observations
            && let Some(wrong) = numbers.iter().find(|n| **n == 0)
        {
            return Err(format!("`observations` has a {wrong}; observations count from 1"));
        }
        for key in sweep.resources.keys() {
            let known = key == "default"
                || key.parse().is_ok_and(|budget: usize| sweep.budgets.contains(&budget));
            if !known {
                return Err(format!("`resources.{key}` is neither a budget here nor `default`"));
            }
        }
        for block in &sweep.grid {
            subset("grid.tasks", block.tasks.as_deref(), &names)?;
            subset("grid.budgets", block.budgets.as_deref(), &sweep.budgets)?;
            subset("grid.seeds", block.seeds.as_deref(), &sweep.seeds)?;
        }
        Ok(sweep)
    }

    /// The observations to score, of `count` that there are.
    #[must_use]
    pub fn observations_of(&self, count: usize) -> Vec<usize> {
        match &self.observations {
            Some(numbers) => numbers.iter().copied().filter(|n| *n <= count).collect(),
            None => (1..=count).collect(),
        }
    }

    /// Observations of a benchmark task to score.
    #[must_use]
    pub fn task_observations(&self) -> Vec<usize> {
        self.observations_of(Task::OBSERVATIONS)
    }

    /// What a run of this budget needs of a cluster.
    #[must_use]
    pub fn resources_for(&self, budget: usize) -> Resources {
        let own = self.resources.get(&budget.to_string()).cloned().unwrap_or_default();
        let common = self.resources.get("default").cloned().unwrap_or_default();
        Resources {
            time: own.time.or(common.time),
            memory: own.memory.or(common.memory),
            cpus: own.cpus.or(common.cpus),
        }
    }

    fn names(&self) -> Vec<String> {
        self.tasks.iter().cloned().chain(self.simulations.iter().map(|s| s.name.clone())).collect()
    }

    /// Every run, the tasks outermost, the last axis innermost.
    pub(super) fn points(&self) -> Result<Vec<Point>, String> {
        let plain = [Block::default()];
        let blocks = if self.grid.is_empty() { &plain[..] } else { &self.grid[..] };
        let fixed = flatten(&self.settings);
        let mut found = Vec::new();
        for block in blocks {
            let products = product(block)?;
            let names = block.tasks.clone().unwrap_or_else(|| self.names());
            for task in &names {
                for &budget in block.budgets.as_ref().unwrap_or(&self.budgets) {
                    for &seed in block.seeds.as_ref().unwrap_or(&self.seeds) {
                        found.extend(products.iter().map(|own| {
                            let settings = fixed.iter().chain(own).cloned().collect();
                            Point { task: task.clone(), budget, seed, settings }
                        }));
                    }
                }
            }
        }
        Ok(found)
    }
}

/// All combinations of a block's axes.
fn product(block: &Block) -> Result<Vec<Assignment>, String> {
    let mut products = vec![Vec::new()];
    for (key, values) in &block.axes {
        let axis = points(key, values)?;
        products = products
            .iter()
            .flat_map(|head: &Assignment| axis.iter().map(|p| [&head[..], &p[..]].concat()))
            .collect();
    }
    Ok(products)
}

fn nonempty(key: &str, count: usize) -> Result<(), String> {
    match count {
        0 => Err(format!("`{key}` is empty; name at least one")),
        _ => Ok(()),
    }
}

fn subset<T: PartialEq + std::fmt::Display>(
    key: &str,
    part: Option<&[T]>,
    whole: &[T],
) -> Result<(), String> {
    let Some(part) = part else { return Ok(()) };
    nonempty(key, part.len())?;
    match part.iter().find(|item| !whole.contains(item)) {
        Some(item) => Err(format!("`{key}` names {item}, which the sweep as a whole does not")),
        None => Ok(()),
    }
}

pub(super) fn wrong(path: &Path, reason: String) -> GridError {
    GridError::Sweep { path: path.display().to_string(), reason }
}
