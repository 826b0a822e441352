//! Submitting what is missing.

use super::array::SubmittedArray;
use super::commands::{call, max_array_size};
use super::queue::{Queue, queue_of};
use super::script::{ArrayScript, quoted};
use crate::grid::{GridError, Layout, Plan, Resources, RunState, state_of};
use freeform_simulators::write_bytes_atomically;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

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
    /// Write and show the scripts, submit nothing.
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
    /// With a dry run: the scripts.
    pub scripts: Vec<String>,
}

/// Submits every run that is neither done, nor running, nor queued: one array for each class of
/// resources, in pieces no larger than the cluster takes, and a job that collects the results.
///
/// # Errors
/// [`GridError`] with what Slurm said. Arrays submitted before the error are recorded, and the next
/// call leaves them alone.
pub fn submit(
    layout: &Layout,
    plan: &Plan,
    options: &SubmitOptions,
) -> Result<Submission, GridError> {
    let size = match options.dry_run {
        // A dry run works on any machine.
        true => max_array_size().unwrap_or(1001),
        false => max_array_size()?,
    };
    let queue = match options.dry_run {
        true => queue_of(layout).unwrap_or_default(),
        false => queue_of(layout)?,
    };
    let queued = queue.as_ref().map_or_else(Vec::new, Queue::indices);
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
    let slurm = std::path::absolute(layout.slurm())?;
    std::fs::create_dir_all(&slurm)?;
    for (class, indices) in &classes {
        for piece in indices.chunks(size) {
            let script = write_script(layout, &slurm, class, piece, options)?;
            if options.dry_run {
                submission.scripts.push(std::fs::read_to_string(&script)?);
                continue;
            }
            let job = sbatch(&[&script.display().to_string()])?;
            let array = SubmittedArray { job, indices: piece.to_vec() };
            record(&slurm, &array)?;
            submission.arrays.push(array);
        }
    }
    if !submission.arrays.is_empty() {
        submission.collect = Some(submit_collect(layout, &slurm, &submission.arrays, options)?);
    }
    Ok(submission)
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
        let option = |name: &str, value: &Option<String>| {
            value.as_ref().map(|value| format!("--{name}={value}"))
        };
        [option("time", &self.time), option("mem", &self.memory)]
            .into_iter()
            .chain([option("partition", &options.partition), option("account", &options.account)])
            .flatten()
            .chain(options.lines.iter().cloned())
            .collect()
    }
}

/// Writes list and script of one array; their names tell how many there were before.
fn write_script(
    layout: &Layout,
    slurm: &Path,
    class: &Wanted,
    indices: &[usize],
    options: &SubmitOptions,
) -> Result<std::path::PathBuf, GridError> {
    let number = (1..).find(|n| !slurm.join(format!("array-{n}.sh")).exists()).unwrap_or(1);
    let list = slurm.join(format!("array-{number}.txt"));
    let lines: String = indices.iter().map(|i| format!("{i}\n")).collect();
    write_bytes_atomically(&list, lines.as_bytes())?;
    let sweep = std::path::absolute(layout.root())?;
    let name = sweep.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let script = ArrayScript {
        name: &format!("freeform-{name}"),
        freeform: &std::env::current_exe()?,
        sweep: &sweep,
        slurm,
        list: &list,
        tasks: indices.len(),
        max_running: options.max_running,
        cpus: class.cpus,
        options: &class.lines(options),
    };
    let path = slurm.join(format!("array-{number}.sh"));
    write_bytes_atomically(&path, script.text().as_bytes())?;
    Ok(path)
}

/// Runs `sbatch` and returns the job's id.
fn sbatch(args: &[&str]) -> Result<String, GridError> {
    let printed = call("sbatch", &[&["--parsable"], args].concat())?;
    // With a federation: id;cluster.
    Ok(printed.trim().split(';').next().unwrap_or_default().to_owned())
}

fn submit_collect(
    layout: &Layout,
    slurm: &Path,
    arrays: &[SubmittedArray],
    options: &SubmitOptions,
) -> Result<String, GridError> {
    let ids: Vec<&str> = arrays.iter().map(|a| a.job.as_str()).collect();
    let sweep = std::path::absolute(layout.root())?;
    let command =
        format!("{} grid collect --out {}", quoted(&std::env::current_exe()?), quoted(&sweep));
    let mut args = vec![
        format!("--dependency=afterany:{}", ids.join(":")),
        "--job-name=freeform-collect".to_owned(),
        format!("--output={}", slurm.join("collect-%j.log").display()),
        "--time=10".to_owned(),
        format!("--wrap={command}"),
    ];
    args.extend(options.partition.iter().map(|p| format!("--partition={p}")));
    args.extend(options.account.iter().map(|a| format!("--account={a}")));
    sbatch(&args.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Notes an array in `jobs.jsonl`, by which later calls know it.
fn record(slurm: &Path, array: &SubmittedArray) -> std::io::Result<()> {
    let line = serde_json::to_string(array).map_err(std::io::Error::other)? + "\n";
    let path = slurm.join("jobs.jsonl");
    OpenOptions::new().create(true).append(true).open(path)?.write_all(line.as_bytes())
}
