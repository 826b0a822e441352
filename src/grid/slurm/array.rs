//! What is remembered of a submission.

use crate::grid::grammar::job_id;
use crate::grid::lines::{from_line, to_line};
use crate::grid::{GridError, Layout};
use serde::{Deserialize, Serialize};
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

/// An array in Slurm's hands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubmittedArray {
    /// Slurm's id.
    pub job: String,
    /// Plan indices, in the order of the array's.
    pub indices: Vec<usize>,
}

fn list(layout: &Layout) -> PathBuf {
    layout.slurm().join("jobs.jsonl")
}

/// Notes an array in `jobs.jsonl`, by which later calls know it.
pub(super) fn record(layout: &Layout, array: &SubmittedArray) -> std::io::Result<()> {
    let line = to_line(array)? + "\n";
    OpenOptions::new().create(true).append(true).open(list(layout))?.write_all(line.as_bytes())
}

/// The arrays recorded in the sweep's folder, each line of which must be whole: a job that is not
/// known is submitted twice.
pub(super) fn submitted(layout: &Layout) -> Result<Vec<SubmittedArray>, GridError> {
    let path = list(layout);
    let wrong = |line, reason: String| GridError::Line {
        path: path.display().to_string(),
        line,
        reason: format!("{reason}; look at `squeue --me`, and take the line out of the file"),
    };
    let text = match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(|e| wrong(0, e.to_string()))?,
    };
    let parse = |(i, line): (usize, &str)| {
        let array: SubmittedArray = from_line(line).map_err(|reason| wrong(i + 1, reason))?;
        job_id(&array.job).map_err(|reason| wrong(i + 1, reason))?;
        Ok(array)
    };
    text.lines().enumerate().map(parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_lists_of_jobs_are_errors() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path());
        std::fs::create_dir(layout.slurm()).unwrap();
        assert_eq!(submitted(&layout).unwrap(), []);
        let array = SubmittedArray { job: "12".to_owned(), indices: vec![4, 7] };
        record(&layout, &array).unwrap();
        record(&layout, &array).unwrap();
        assert_eq!(submitted(&layout).unwrap(), [array.clone(), array]);
        let text = std::fs::read_to_string(list(&layout)).unwrap();
        let torn = &text[..text.len() - 9];
        let old = "{\"job\":\"12\",\"indices\":[4]}\n";
        for (text, line) in [
            (text.replacen("12", "13", 1), "line 1: its checksum"),
            (torn.to_owned(), "line 2"),
            (old.replace("12", "--user=me"), "\"--user=me\" is not the number of a job"),
        ] {
            std::fs::write(list(&layout), &text).unwrap();
            let message = submitted(&layout).unwrap_err().to_string();
            assert!(message.contains("jobs.jsonl") && message.contains(line), "{message}");
        }
        std::fs::write(list(&layout), old).unwrap();
        assert_eq!(submitted(&layout).unwrap().len(), 1);
    }
}
