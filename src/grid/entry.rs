//! The entries of a plan: what each run is, and the file that lists them.

use super::GridError;
use super::grammar::plain_name;
use super::lines::{from_line, to_line};
use freeform_inference::{EngineKind, Overrides, Preset};
use freeform_simulators::write_bytes_atomically;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

/// Bytes of the longest name of a task: a run's folder is named after it.
pub(super) const LONGEST_NAME: usize = 150;

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
#[serde(deny_unknown_fields)]
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
    /// [`GridError`] for a key that is none.
    pub fn overrides(&self) -> Result<Overrides, GridError> {
        Ok(Overrides::from_dotted(&self.settings)?)
    }
}

/// The name of a run and of its folder, which no task's name can lead out of the sweep's.
pub(super) fn run_name(task: &str, budget: usize, hash: &str) -> String {
    format!("{}-{budget}-{hash}", plain_name(task))
}

/// Writes the plan whole.
pub(super) fn write_entries(path: &Path, entries: &[PlanEntry]) -> std::io::Result<()> {
    let text: String = entries
        .iter()
        .map(|entry| to_line(entry).map(|line| line + "\n"))
        .collect::<Result<_, _>>()?;
    write_bytes_atomically(path, text.as_bytes())
}

/// Reads the plan, every line of which must be whole and name a folder of its own in the sweep's.
pub(super) fn read_entries(path: &Path) -> Result<Vec<PlanEntry>, GridError> {
    let shown = path.display().to_string();
    let wrong = |line, reason| GridError::Line { path: shown.clone(), line, reason };
    let text = std::fs::read_to_string(path).map_err(|e| wrong(0, e.to_string()))?;
    let mut names = HashSet::new();
    let parse = |(i, line): (usize, &str)| {
        let entry: PlanEntry = from_line(line).map_err(|reason| wrong(i + 1, reason))?;
        check(&entry, i).map_err(|reason| wrong(i + 1, reason))?;
        match names.insert(entry.run.clone()) {
            true => Ok(entry),
            false => Err(wrong(i + 1, format!("the run {:?} is there twice", entry.run))),
        }
    };
    text.lines().enumerate().map(parse).collect()
}

fn check(entry: &PlanEntry, position: usize) -> Result<(), String> {
    let PlanEntry { index, run, task, simulator, simulations, .. } = entry;
    if *index != position {
        return Err(format!("index {index} on line {}", position + 1));
    }
    let is_hash = |text: &str| text.len() == 12 && text.bytes().all(|c| c.is_ascii_hexdigit());
    let hash = run.rsplit('-').next().unwrap_or_default();
    if !is_hash(hash) || *run != run_name(task, *simulations, hash) || task.len() > LONGEST_NAME {
        return Err(format!(
            "the run {run:?} is not named <task>-<budget>-<hash> as its folder must be; plan the \
             sweep again into a new folder"
        ));
    }
    if !is_hash(simulator) || task.chars().any(char::is_control) || *simulations == 0 {
        return Err(format!("the run {run:?} has a task, simulator or budget that cannot be"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> PlanEntry {
        PlanEntry {
            index: 0,
            run: "two_moons-200-0123456789ab".to_owned(),
            task: "two_moons".to_owned(),
            source: RunSource::Task("two_moons".to_owned()),
            simulator: "ba9876543210".to_owned(),
            simulations: 200,
            seed: 1,
            preset: Preset::Recommended,
            engine: EngineKind::default(),
            settings: BTreeMap::new(),
        }
    }

    /// The message with which a plan of these lines is refused.
    fn refused(lines: &[String]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plan.jsonl");
        std::fs::write(&path, lines.join("\n")).unwrap();
        read_entries(&path).unwrap_err().to_string()
    }

    #[test]
    fn runs_never_leave_the_sweep() {
        for name in ["../../escape", "/etc/x", "..", "", ".", "claims", "a/b", "two_moons-200-x"] {
            let plain = serde_json::to_string(&PlanEntry { run: name.to_owned(), ..entry() });
            let sealed = to_line(&PlanEntry { run: name.to_owned(), ..entry() });
            for line in [plain.unwrap(), sealed.unwrap()] {
                let message = refused(&[line]);
                assert!(message.contains(&format!("{name:?}")), "{message}");
                assert!(message.contains("plan.jsonl, line 1"), "{message}");
            }
        }
        // A task's name that would make the run's fit.
        let task = "../two".to_owned();
        let run = run_name(&task, 200, "0123456789ab");
        assert_eq!(run, "___two-200-0123456789ab");
        let twice = PlanEntry { index: 1, ..entry() };
        let lines = [to_line(&entry()).unwrap(), to_line(&twice).unwrap()];
        assert!(
            refused(&lines).contains("line 2: the run \"two_moons-200-0123456789ab\" is there")
        );
    }

    #[test]
    fn a_changed_line_is_noticed() {
        let line = to_line(&entry()).unwrap();
        for (from, to) in [("\"seed\":1", "\"seed\":3"), ("recommended", "paper"), ("ba98", "ba99")]
        {
            assert!(line.contains(from), "{from} in {line}");
            assert!(refused(&[line.replace(from, to)]).contains("checksum"), "{from} {to}");
        }
        assert!(refused(&[line.replace("\"seed\"", "\"sead\"")]).contains("sead"));
    }
}
