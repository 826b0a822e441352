//! A program as a function of numbers, called from many threads.

use std::fmt::Write;
use std::path::PathBuf;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::answers::number;
use super::named_file;
use super::worker::{SHOWN, Worker};
use super::{ExternalError, ExternalSettings, Protocol};
use crate::{Marginal, Missing, Prior};

/// A program that answers each line `INDEX 0 x1 x2 …` with a line `INDEX y`: the line protocol of
/// simulators, with 0 as seed and a batch, which ends in an empty line, of one. Lines with another index are passed
/// over. Workers are started as threads call, live as long as this, and are killed with
/// it.
pub struct ExternalFunction {
    settings: ExternalSettings,
    /// With the number of questions that each was asked.
    idle: Mutex<Vec<(Worker, u64)>>,
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
        Ok(Self { settings, idle: Mutex::new(vec![(first, 0)]) })
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
        let (mut worker, index) = match waiting {
            Some(waiting) => waiting,
            None => (Worker::start(&self.settings).map_err(|error| error.to_string())?, 0),
        };
        let mut text = format!("{index} 0");
        for value in x {
            // Writing to a String cannot fail.
            let _ = write!(text, " {value}");
        }
        text.push_str("\n\n");
        worker.send(text);
        let y = self.answer(&mut worker, &index.to_string())?;
        idle().push((worker, index + 1));
        Ok(y)
    }

    /// The next line that begins with the index.
    fn answer(&self, worker: &mut Worker, index: &str) -> Result<f64, String> {
        let begun = Instant::now();
        let mut passed = None;
        loop {
            let left = self.settings.timeout.saturating_sub(begun.elapsed());
            if left.is_zero() {
                let seconds = self.settings.timeout.as_secs_f64();
                let printed = passed.map_or(String::new(), |line: String| {
                    let line: String = line.chars().take(SHOWN).collect();
                    format!("; what it printed meanwhile was no answer: {line:?}")
                });
                return Err(format!(
                    "no answer for timeout = {seconds} s: it must be \"INDEX u\", with the number that the line \
                     begins with, here {index}, and be flushed{printed}"
                ));
            }
            match worker.answers().recv_timeout(left.max(Duration::from_millis(1))) {
                Ok(Ok(line)) => {
                    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
                    match fields[..] {
                        [at, "error", ..] if at == index => return Err(line),
                        [at, ..] if at == index => {
                            let y = if let [_, y] = fields[..] { number(y) } else { None };
                            return y.ok_or_else(|| format!("{line:?} is not \"INDEX u\""));
                        }
                        _ => passed = Some(line),
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
