//! One question, one answer: a long-lived program that is asked line by line.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel, sync_channel};
use std::time::{Duration, Instant};

use super::ExternalError;
use super::process::Process;
use super::worker::{read_answers, write_requests};

/// How long an answer may take; the first one includes the program's start.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a program may take to end by itself.
const FAREWELL: Duration = Duration::from_millis(500);
/// The longest answer, in bytes.
const LONGEST: u64 = 1 << 20;

/// A running program that answers each line with a line.
pub(crate) struct Conversation {
    process: Process,
    requests: Option<Sender<String>>,
    answers: Receiver<Result<String, String>>,
}

impl Conversation {
    /// Starts `command` in `folder`.
    ///
    /// # Errors
    /// [`ExternalError::Start`].
    pub(crate) fn start(folder: &Path, command: &[String]) -> Result<Self, ExternalError> {
        let surroundings = (folder, &BTreeMap::new());
        let mut process = Process::start(surroundings, command, Stdio::piped(), Stdio::piped())?;
        let failed = |source| ExternalError::Start {
            command: command.join(" "),
            folder: folder.to_owned(),
            source,
        };
        let (requests, queue) = channel();
        let (sender, answers) = sync_channel(16);
        if let Some(stdin) = process.child.stdin.take() {
            process.beside(move || write_requests(stdin, &queue)).map_err(failed)?;
        }
        if let Some(stdout) = process.child.stdout.take() {
            process.beside(move || read_answers(stdout, LONGEST, &sender)).map_err(failed)?;
        }
        Ok(Self { process, requests: Some(requests), answers })
    }

    /// The answer to one line.
    ///
    /// # Errors
    /// In words: no answer in a minute, or the program's end with its last words.
    pub(crate) fn ask(&mut self, question: &str) -> Result<String, String> {
        if let Some(requests) = &self.requests {
            // If the writing thread is gone, so is the program, and its output ends.
            let _ = requests.send(format!("{question}\n"));
        }
        let reason = match self.answers.recv_timeout(PATIENCE) {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(reason)) => reason,
            Err(RecvTimeoutError::Timeout) => {
                format!("no answer to \"{question}\" for {} s", PATIENCE.as_secs())
            }
            Err(RecvTimeoutError::Disconnected) => {
                let _ = self.process.wait_until(Instant::now() + FAREWELL);
                format!("it ended without an answer to \"{question}\"")
            }
        };
        self.process.kill();
        Err(reason + &self.process.last_words())
    }
}

impl Drop for Conversation {
    /// A program in good order is asked to end, by the end of its input, before it is killed.
    fn drop(&mut self) {
        self.requests = None;
        let _ = self.process.wait_until(Instant::now() + FAREWELL);
    }
}
