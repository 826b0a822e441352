//! Submitting what is missing.

use super::array::{SubmittedArray, record};
use super::commands::{call, max_array_size};
use super::queue::{Queue, queue_of};
use super::script::{ArrayScript, Places, collect_script};
use crate::grid::{GridError, Layout, Plan, Resources, RunState, grammar, state_of};
use crate::run::own_soon;
use freeform_simulators::write_bytes_atomically;
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

/// How to submit.
#[derive(Clone, Debug, Default)]
pub struct SubmitOptions {
    /// Most array tasks at a time, in each array.
    pub max_running: Option<usize>,
    /// Time limit; wins over the sweep's.
    pub time: Option<String>,
    /// Memory; wins over the sweep's.
    pub memory: Option<String>,
    /// Cores of a run; wins over the sweep's.
    pub cpus: Option<u16>,
    /// Partition.
    pub partition: Option<String>,
    /// Account.
    pub account: Option<String>,
    /// Further options for `#SBATCH` lines.
    pub lines: Vec<String>,
    /// Whether failed runs are tried again.
    pub retry_failed: bool,
    /// Show the scripts; write and submit nothing.
    pub dry_run: bool,
}

/// What was submitted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Submission {
    /// Arrays.
    pub arrays: Vec<SubmittedArray>,
    /// The job that collects the results when they end.
    pub collect: Option<String>,
    /// Runs that Slurm has already.
    pub queued: usize,
    /// With a dry run: the scripts of the arrays, and last that of the job that collects.
    pub scripts: Vec<String>,
}

impl SubmitOptions {
    /// Refuses what Slurm's grammar does not have.
    fn check(&self) -> Result<(), GridError> {
        type Rule = fn(&str) -> Result<(), String>;
        let named: [(&'static str, &Option<String>, Rule); 4] = [
            ("--time", &self.time, grammar::time),
            ("--mem", &self.memory, grammar::memory),
            ("--partition", &self.partition, grammar::partition),
            ("--account", &self.account, grammar::account),
        ];
        let lines =
            self.lines.iter().map(|line| ("--sbatch-line", line.as_str(), grammar::option as Rule));
        let given = named
            .iter()
            .filter_map(|(option, text, rule)| Some((*option, text.as_deref()?, *rule)));
        for (option, text, rule) in given.chain(lines) {
            rule(text).map_err(|reason| GridError::Option { option, reason })?;
        }
        match self.cpus {
            Some(0) => {
                Err(GridError::Option { option: "--cpus-per-task", reason: "is 0".to_owned() })
            }
            _ => Ok(()),
        }
    }

    /// What every job is asked for.
    fn everywhere(&self) -> impl Iterator<Item = String> {
        let option = |name: &str, value: &Option<String>| {
            value.as_ref().map(|value| format!("--{name}={value}"))
        };
        [option("partition", &self.partition), option("account", &self.account)]
            .into_iter()
            .flatten()
    }
}

/// Submits every run that is neither done, nor running, nor queued: one array for each class of
/// resources, in pieces no larger than the cluster takes, and a job that collects the results.
///
/// # Errors
/// [`GridError`] with what Slurm said, or with the option that it would not understand. Arrays
/// submitted before the error are recorded, and the next call leaves them alone.
pub fn submit(
    layout: &Layout,
    plan: &Plan,
    options: &SubmitOptions,
) -> Result<Submission, GridError> {
    options.check()?;
    let sweep = std::path::absolute(layout.root())?;
    let slurm = std::path::absolute(layout.slurm())?;
    let places = Places::new(std::env::current_exe()?, sweep, slurm.clone())
        .map_err(|reason| GridError::Option { option: "--out", reason })?;
    let size = match options.dry_run {
        // A dry run works on any machine.
        true => max_array_size().unwrap_or(1001),
        false => max_array_size()?,
    };
    // What two would find missing they would both submit; what is submitted may collect meanwhile.
    let _own = match options.dry_run {
        true => None,
        false => Some(own_soon(&layout.slurm())?),
    };
    let queue = match options.dry_run {
        true => queue_of(layout).unwrap_or_default(),
        false => queue_of(layout)?,
    };
    let queued: HashSet<usize> =
        queue.as_ref().map_or_else(Vec::new, Queue::indices).into_iter().collect();
    let mut classes: BTreeMap<Wanted, Vec<usize>> = BTreeMap::new();
    for entry in &plan.entries {
        let wanted = match state_of(layout, &plan.sweep, entry) {
            RunState::Done | RunState::Running => false,
            RunState::Failed => options.retry_failed,
            RunState::Interrupted | RunState::Pending => true,
        };
        if wanted && !queued.contains(&entry.index) {
            let class = Wanted::new(&plan.sweep.resources_for(entry.simulations), options);
            classes.entry(class).or_default().push(entry.index);
        }
    }
    let mut submission = Submission { queued: queued.len(), ..Submission::default() };
    let mut names = Names::new(&slurm);
    if !options.dry_run {
        std::fs::create_dir_all(&slurm)?;
    }
    for (class, indices) in &classes {
        for piece in indices.chunks(size) {
            let (name, list) = names.next();
            let script = ArrayScript {
                places: &places,
                list: &list,
                tasks: piece.len(),
                max_running: options.max_running,
                cpus: class.cpus,
                options: &class.lines(options),
            };
            if options.dry_run {
                submission.scripts.push(script.text());
                continue;
            }
            let lines: String = piece.iter().map(|i| format!("{i}\n")).collect();
            write_bytes_atomically(&list, lines.as_bytes())?;
            write_bytes_atomically(&name, script.text().as_bytes())?;
            let job = sbatch(&[&name.display().to_string()])?;
            let array = SubmittedArray { job, indices: piece.to_vec() };
            record(layout, &array)?;
            submission.arrays.push(array);
        }
    }
    let collect = collect_script(&places, &options.everywhere().collect::<Vec<_>>());
    if !submission.scripts.is_empty() {
        submission.scripts.push(collect);
    } else if !submission.arrays.is_empty() {
        let script = places.file("collect.sh");
        write_bytes_atomically(&script, collect.as_bytes())?;
        let ids: Vec<&str> = submission.arrays.iter().map(|a| a.job.as_str()).collect();
        let after = format!("--dependency=afterany:{}", ids.join(":"));
        submission.collect = Some(sbatch(&[&after, &script.display().to_string()])?);
    }
    Ok(submission)
}

/// Names of scripts and their lists, each later than those there.
struct Names<'a> {
    slurm: &'a Path,
    number: usize,
}

impl<'a> Names<'a> {
    fn new(slurm: &'a Path) -> Self {
        Self { slurm, number: 0 }
    }

    fn next(&mut self) -> (PathBuf, PathBuf) {
        let file = |number, kind| self.slurm.join(format!("array-{number}.{kind}"));
        self.number += 1;
        while file(self.number, "sh").exists() {
            self.number += 1;
        }
        (file(self.number, "sh"), file(self.number, "txt"))
    }
}

/// Resources, and whatever else tells arrays apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Wanted {
    time: Option<String>,
    memory: Option<String>,
    cpus: u16,
}

impl Wanted {
    fn new(class: &Resources, options: &SubmitOptions) -> Self {
        Self {
            time: options.time.clone().or_else(|| class.time.clone()),
            memory: options.memory.clone().or_else(|| class.memory.clone()),
            cpus: options.cpus.or(class.cpus).unwrap_or(1),
        }
    }

    /// Options of `sbatch`.
    fn lines(&self, options: &SubmitOptions) -> Vec<String> {
        let time = self.time.iter().map(|time| format!("--time={time}"));
        let memory = self.memory.iter().map(|memory| format!("--mem={memory}"));
        time.chain(memory)
            .chain(options.everywhere())
            .chain(options.lines.iter().cloned())
            .collect()
    }
}

/// Runs `sbatch` and returns the job's id.
fn sbatch(args: &[&str]) -> Result<String, GridError> {
    let printed = call("sbatch", &[&["--parsable"], args].concat())?;
    // With a federation: id;cluster.
    let id = printed.trim().split(';').next().unwrap_or_default();
    match grammar::job_id(id) {
        Ok(()) => Ok(id.to_owned()),
        Err(reason) => {
            Err(GridError::Slurm(format!("sbatch {}: printed {reason}", args.join(" "))))
        }
    }
}
