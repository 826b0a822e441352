//! A program as a function of numbers, called from many threads.

use std::fmt::Write;
use std::path::PathBuf;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::answers::number;
use super::named_file;
use super::worker::Worker;
use super::{ExternalError, ExternalSettings, Protocol};
use crate::{Marginal, Missing, Prior};

/// A program that answers each line `0 0 x1 x2 …` with a line `0 y`: the line protocol of
/// simulators, with 0 as index and seed. Workers are started as threads call, live as long as this, and are killed with
/// it.
pub struct ExternalFunction {
    settings: ExternalSettings,
    idle: Mutex<Vec<Worker>>,
}

impl ExternalFunction {
    /// The program `command`, which runs in the folder of the file `path`; without an answer for `timeout` it
    /// counts as hung.
    ///
    /// # Errors
    /// [`ExternalError`] for a program that cannot be started.
    pub fn start(
        path: PathBuf,
        name: String,
        command: Vec<String>,
        timeout: Duration,
    ) -> Result<Self, ExternalError> {
        // What it is called with comes from no prior.
        let unit = Marginal::Uniform { low: 0.0, high: 1.0 };
        let prior = Prior::independent([("x", unit)])
            .map_err(|source| ExternalError::Prior { path: path.clone(), source })?;
        let settings = ExternalSettings {
            path,
            name,
            version: None,
            command,
            protocol: Protocol::Lines,
            prior,
            data_names: vec!["y".to_owned()],
            data_are_named: true,
            layout: None,
            missing: Missing::Failed,
            observations: None,
            timeout,
            workers: None,
            batch: None,
            max_failure_share: 0.0,
            environment: std::collections::BTreeMap::new(),
        };
        let first = Worker::start(&settings)?;
        Ok(Self { settings, idle: Mutex::new(vec![first]) })
    }

    /// A hash of the command and of those files in the program's folder that it names.
    #[must_use]
    pub fn identity(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        let mut part = |bytes: &[u8]| {
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        for argument in &self.settings.command {
            part(argument.as_bytes());
            part(&named_file(self.settings.folder(), argument).unwrap_or_default());
        }
        hasher.finalize().to_hex()[..32].to_owned()
    }

    /// y at `x`.
    ///
    /// # Errors
    /// What is wrong with the program or its answer.
    pub fn call(&self, x: &[f64]) -> Result<f64, String> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = idle().pop();
        let mut worker = match waiting {
            Some(worker) => worker,
            None => Worker::start(&self.settings).map_err(|error| error.to_string())?,
        };
        let mut text = String::from("0 0");
        for value in x {
            // Writing to a String cannot fail.
            let _ = write!(text, " {value}");
        }
        text.push_str("\n\n");
        worker.send(text);
        let y = self.answer(&mut worker)?;
        idle().push(worker);
        Ok(y)
    }

    /// The next line that begins with the index.
    fn answer(&self, worker: &mut Worker) -> Result<f64, String> {
        let begun = Instant::now();
        loop {
            let left = self.settings.timeout.saturating_sub(begun.elapsed());
            if left.is_zero() {
                let seconds = self.settings.timeout.as_secs_f64();
                return Err(format!("no answer for timeout = {seconds} s"));
            }
            match worker.answers().recv_timeout(left.max(Duration::from_millis(1))) {
                Ok(Ok(line)) => {
                    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
                    match fields[..] {
                        ["0", "error", ..] => return Err(line),
                        ["0", y] => {
                            return number(y).ok_or_else(|| format!("{line:?} is not \"INDEX u\""));
                        }
                        _ => {}
                    }
                }
                Ok(Err(reason)) => return Err(reason),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(format!("it ended without an answer{}", worker.last_words()));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}
