//! One process for each batch, with `.npy` files in and out.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::batch::Batch;
use super::process::Process;
use super::runner::{Attempt, Fault, Runner};
use super::watcher::temporary_folders;
use super::{ExternalError, ExternalSettings};
use crate::arrays::npy;
use crate::{ArrayError, FailureKind, Orientation, TableOptions, counted, read_table};

/// How often a waiting thread looks whether it should stop.
const GLANCE: Duration = Duration::from_millis(50);

/// Runs the command anew for each batch.
pub(super) struct FileRunner<'a> {
    settings: &'a ExternalSettings,
}

impl<'a> FileRunner<'a> {
    pub(super) fn new(settings: &'a ExternalSettings) -> Self {
        Self { settings }
    }
}

impl Runner for FileRunner<'_> {
    fn attempt(
        &mut self,
        batch: &mut Batch,
        rows: &[usize],
        stop: &dyn Fn() -> bool,
    ) -> Result<Attempt, ExternalError> {
        let (parent, prefix) = temporary_folders();
        let folder = TempDir::with_prefix_in(prefix, &parent)
            .map_err(|source| ExternalError::io("create", &parent, source))?;
        let command = self.prepare(folder.path(), batch, rows)?;
        let mut process =
            Process::start(self.settings.surroundings(), &command, Stdio::null(), Stdio::null())?;
        let started = Instant::now();
        let status = loop {
            if let Some(status) = process.wait_until(Instant::now() + GLANCE) {
                break status;
            }
            if stop() {
                return Ok(Attempt::Stopped);
            }
            if started.elapsed() >= self.settings.timeout {
                process.kill();
                let seconds = self.settings.timeout.as_secs_f64();
                let message =
                    format!("not finished after timeout = {seconds} s{}", process.last_words());
                return Ok(Attempt::Fault(Fault { kind: FailureKind::Timeout, message }));
            }
        };
        if !status.success() {
            let message = format!("the program failed ({status}){}", process.last_words());
            return Ok(Attempt::Fault(Fault { kind: FailureKind::Crash, message }));
        }
        // Nobody writes to it any more.
        process.kill();
        Ok(match collect(&folder.path().join("x.npy"), batch, rows) {
            Ok(()) => Attempt::Answered,
            Err((kind, message)) => {
                let message = format!("{message}{}", process.last_words());
                Attempt::Fault(Fault { kind, message })
            }
        })
    }
}

impl FileRunner<'_> {
    /// Writes the input files and returns the command with their paths.
    fn prepare(
        &self,
        folder: &Path,
        batch: &Batch,
        rows: &[usize],
    ) -> Result<Vec<String>, ExternalError> {
        let paths = ["theta.npy", "x.npy", "seeds.npy"].map(|name| folder.join(name));
        let dim = batch.parameter_dim;
        let theta: Vec<f64> =
            rows.iter().flat_map(|&row| batch.theta_row(row).iter().copied()).collect();
        // Below 2⁵³, as int64 can hold.
        let seeds: Vec<i64> = rows.iter().map(|&row| batch.seeds[row].cast_signed()).collect();
        let failed = |path: &Path, error| ExternalError::io("write", path, error);
        File::create(&paths[0])
            .and_then(|mut file| npy::write(&mut file, &[rows.len(), dim], theta))
            .map_err(|e| failed(&paths[0], e))?;
        File::create(&paths[2])
            .and_then(|mut file| npy::write(&mut file, &[seeds.len()], seeds.iter().copied()))
            .map_err(|e| failed(&paths[2], e))?;
        let [theta, x, seeds_file] = paths.map(|path| path.to_string_lossy().into_owned());
        let seed = seeds.first().map(i64::to_string).unwrap_or_default();
        let fill = |part: &String| {
            let part = part.replace("{theta}", &theta).replace("{x}", &x);
            part.replace("{seeds}", &seeds_file).replace("{seed}", &seed)
        };
        Ok(self.settings.command.iter().map(fill).collect())
    }
}

/// Reads the output file into the batch.
fn collect(path: &Path, batch: &mut Batch, rows: &[usize]) -> Result<(), (FailureKind, String)> {
    check_file(path, batch, rows).map_err(|message| (FailureKind::Garbage, message))?;
    // A one-dimensional array is one simulation, or one number for each of several.
    let orientation = if rows.len() == 1 { Orientation::Row } else { Orientation::Column };
    let options = TableOptions { orientation, points: true, ..TableOptions::default() };
    let table = match read_table(path, &options) {
        Ok(table) => table.values,
        Err(ArrayError::Empty { rows: found, columns, .. }) => {
            let expected = rows.len();
            let message = format!("{{x}} has shape {found} × {columns} for {expected} simulations");
            return Err((FailureKind::WrongLength, message));
        }
        Err(error) => {
            let message = error.to_string().replace(&path.display().to_string(), "{x}");
            return Err((FailureKind::Garbage, message));
        }
    };
    if table.nrows() != rows.len() {
        let (found, expected) = (table.nrows(), rows.len());
        let message =
            format!("{{x}} has {} for {}", counted(found, "row"), counted(expected, "simulation"));
        return Err((FailureKind::WrongLength, message));
    }
    for (&row, values) in rows.iter().zip(table.rows()) {
        batch.answer(row, &values.to_vec());
    }
    Ok(())
}

/// Refuses what cannot be the table before it is opened: a pipe, which would never end, or a file
/// that is far too long.
fn check_file(path: &Path, batch: &Batch, rows: &[usize]) -> Result<(), String> {
    let Ok(found) = path.metadata() else {
        return Err("the program wrote no {x}".to_owned());
    };
    if !found.is_file() {
        return Err("{x} is not a file: write an .npy file to it".to_owned());
    }
    // Twice as many numbers of 16 bytes, so that a wrong shape is still read and explained.
    let longest = 65_536 + 32 * (rows.len() * batch.data_dim) as u64;
    if found.len() > longest {
        let (size, rows, columns) = (found.len(), rows.len(), batch.data_dim);
        return Err(format!(
            "{{x}} has {size} bytes, far more than [{rows}, {columns}] numbers take"
        ));
    }
    Ok(())
}
