//! What Slurm has of a sweep.

use super::array::{SubmittedArray, submitted};
use super::commands::call;
use crate::grid::{GridError, Layout};
use serde::Serialize;
use std::collections::BTreeMap;

/// One array task that has not ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QueuedTask {
    /// Plan index.
    pub index: usize,
    /// Slurm's state, e.g. `PENDING`.
    pub state: String,
    /// Why it waits, in Slurm's words.
    pub reason: String,
}

/// The sweep's tasks in Slurm's queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Queue {
    /// Tasks, as `squeue` lists them.
    pub tasks: Vec<QueuedTask>,
    /// Ids of the arrays that they belong to.
    pub jobs: Vec<String>,
}

impl Queue {
    /// Plan indices of the tasks.
    #[must_use]
    pub fn indices(&self) -> Vec<usize> {
        self.tasks.iter().map(|t| t.index).collect()
    }

    /// A line for each state and reason.
    #[must_use]
    pub fn text(&self) -> String {
        if self.tasks.is_empty() {
            return "Slurm has none of its jobs\n".to_owned();
        }
        let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for task in &self.tasks {
            *counts.entry((&task.state, &task.reason)).or_default() += 1;
        }
        let line = |((state, reason), count): (&(&str, &str), &usize)| match *reason {
            "" | "None" => format!("Slurm: {count} {}\n", state.to_lowercase()),
            reason => format!("Slurm: {count} {} ({reason})\n", state.to_lowercase()),
        };
        counts.iter().map(line).collect()
    }
}

/// The sweep's tasks in Slurm's queue; none where nothing was ever submitted.
///
/// # Errors
/// [`GridError::Slurm`] where jobs were submitted and Slurm does not answer; [`GridError::Line`] where
/// the list of submitted jobs is damaged.
pub fn queue_of(layout: &Layout) -> Result<Option<Queue>, GridError> {
    let arrays = submitted(layout)?;
    if arrays.is_empty() {
        return Ok(None);
    }
    let listed = call("squeue", &["-h", "-r", "--me", "-o", "%i %T %r"])?;
    Ok(Some(parse(&listed, &arrays)))
}

/// Takes the sweep's jobs out of the queue; says how many arrays there were.
///
/// # Errors
/// [`GridError::Slurm`] with what Slurm said.
pub fn cancel_jobs(layout: &Layout) -> Result<usize, GridError> {
    let Some(queue) = queue_of(layout)? else { return Ok(0) };
    for job in &queue.jobs {
        call("scancel", &[job])?;
    }
    Ok(queue.jobs.len())
}

/// Reads lines such as `12_3 PENDING Resources`.
fn parse(listed: &str, arrays: &[SubmittedArray]) -> Queue {
    let mut queue = Queue::default();
    for line in listed.lines() {
        let mut words = line.trim().splitn(3, ' ');
        let (Some(id), Some(state)) = (words.next(), words.next()) else { continue };
        let Some((job, position)) = id.split_once('_') else { continue };
        let Some(array) = arrays.iter().find(|a| a.job == job) else { continue };
        let index = position.parse().ok().and_then(|p: usize| array.indices.get(p));
        let Some(&index) = index else { continue };
        let reason = words.next().unwrap_or_default().trim().to_owned();
        queue.tasks.push(QueuedTask { index, state: state.to_owned(), reason });
        if !queue.jobs.contains(&array.job) {
            queue.jobs.push(array.job.clone());
        }
    }
    queue
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queue_lines_are_matched_with_the_plan() {
        let array = SubmittedArray { job: "12".to_owned(), indices: vec![4, 7, 9] };
        let listed =
            "12_2 PENDING (Resources)\n12_0 RUNNING None\n13_0 RUNNING None\n99 PENDING x\n";
        let queue = parse(listed, &[array]);
        assert_eq!(queue.indices(), [9, 4]);
        assert_eq!(queue.jobs, ["12"]);
        assert_eq!(queue.text(), "Slurm: 1 pending ((Resources))\nSlurm: 1 running\n");
    }
}
