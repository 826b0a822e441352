//! A long-lived worker that speaks the line protocol.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{ChildStdin, ChildStdout, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::time::{Duration, Instant};

use super::answers::{Line, accept, request};
use super::batch::Batch;
use super::process::Process;
use super::runner::{Attempt, Fault, Runner};
use super::{ExternalError, ExternalSettings};
use crate::FailureKind;

/// How often a waiting worker looks whether it should stop.
const GLANCE: Duration = Duration::from_millis(50);
/// Lines that are no answers, between two answers, after which a worker is given up.
const MOST_NOISE: u64 = 10_000;
/// Characters of a line that are shown.
pub(super) const SHOWN: usize = 200;
/// How long a worker may take to end by itself.
const FAREWELL: Duration = Duration::from_millis(500);

/// Serves batches with a worker process, started when first needed and after each fault.
pub(super) struct LineRunner<'a> {
    settings: &'a ExternalSettings,
    worker: Option<Worker>,
    values: Vec<f64>,
}

/// A worker process and the threads that speak with it.
pub(super) struct Worker {
    process: Process,
    /// To the thread that writes, so that a worker that does not read cannot block us.
    requests: Option<Sender<String>>,
    /// From the thread that reads; `Err` for a line that has no end.
    answers: Receiver<Result<String, String>>,
}

impl<'a> LineRunner<'a> {
    pub(super) fn new(settings: &'a ExternalSettings) -> Self {
        Self { settings, worker: None, values: Vec::new() }
    }

    fn worker(&mut self) -> Result<&mut Worker, ExternalError> {
        let worker = match self.worker.take() {
            Some(worker) => worker,
            None => Worker::start(self.settings)?,
        };
        Ok(self.worker.insert(worker))
    }

    /// `passed` is the last line that was no answer, if there was one since the last answer.
    fn timed_out(&mut self, passed: Option<&str>) -> Attempt {
        let seconds = self.settings.timeout.as_secs_f64();
        let mut message = format!("no answer for timeout = {seconds} s");
        if let Some(line) = passed {
            let shown: String = line.chars().take(SHOWN).collect();
            message += &format!(
                "; what it printed meanwhile does not begin with the INDEX of an open simulation, as \
                 \"{shown}\": an answer is \"INDEX x1 x2 …\""
            );
        }
        self.fault(FailureKind::Timeout, &message)
    }

    /// Ends the worker and says what was wrong with it.
    fn fault(&mut self, kind: FailureKind, message: &str) -> Attempt {
        let Some(mut worker) = self.worker.take() else {
            return Attempt::Fault(Fault { kind, message: message.to_owned() });
        };
        let status = match kind {
            // Its output has ended, so the process is about to, or to be made to.
            FailureKind::Crash => worker
                .process
                .wait_until(Instant::now() + FAREWELL)
                .map_or(String::new(), |status| format!(" ({status})")),
            _ => String::new(),
        };
        worker.process.kill();
        let message = format!("{message}{status}{}", worker.process.last_words());
        Attempt::Fault(Fault { kind, message })
    }
}

impl Runner for LineRunner<'_> {
    fn attempt(
        &mut self,
        batch: &mut Batch,
        rows: &[usize],
        stop: &dyn Fn() -> bool,
    ) -> Result<Attempt, ExternalError> {
        let timeout = self.settings.timeout;
        let text = request(batch, rows);
        self.worker()?.send(text);
        let mut values = std::mem::take(&mut self.values);
        let mut missing = rows.len();
        let mut heard = Instant::now();
        let mut noise = 0;
        let mut passed = None;
        while missing > 0 {
            let Some(worker) = &self.worker else { break };
            match worker.answers.recv_timeout(GLANCE.min(timeout)) {
                Ok(line) => {
                    let result = line.and_then(|line| {
                        let accepted = accept(batch, rows, &line, &mut values)?;
                        if accepted == Line::Noise {
                            batch.noise.hear(&line);
                            passed = Some(line);
                        }
                        Ok(accepted)
                    });
                    match result {
                        Ok(Line::Answer) => {
                            (missing, heard, noise) = (missing - 1, Instant::now(), 0);
                            passed = None;
                        }
                        Ok(Line::Noise) if noise < MOST_NOISE => noise += 1,
                        Ok(Line::Noise) => {
                            let message =
                                format!("over {MOST_NOISE} output lines, and no answer among them");
                            return Ok(self.fault(FailureKind::Garbage, &message));
                        }
                        Err(message) => return Ok(self.fault(FailureKind::Garbage, &message)),
                    }
                    // A worker that never stops talking must not keep us from looking.
                    if noise > 0 && noise % 64 == 0 && stop() {
                        self.worker = None;
                        return Ok(Attempt::Stopped);
                    }
                    if noise > 0 && heard.elapsed() >= timeout {
                        return Ok(self.timed_out(passed.as_deref()));
                    }
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let message = "the worker ended without an answer";
                    return Ok(self.fault(FailureKind::Crash, message));
                }
                Err(RecvTimeoutError::Timeout) if stop() => {
                    self.worker = None;
                    return Ok(Attempt::Stopped);
                }
                Err(RecvTimeoutError::Timeout) if heard.elapsed() >= timeout => {
                    return Ok(self.timed_out(passed.as_deref()));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
        self.values = values;
        Ok(Attempt::Answered)
    }
}

impl Worker {
    /// Hands over lines. If the writing thread is gone, so is the worker, and its output ends.
    pub(super) fn send(&self, text: String) {
        if let Some(requests) = &self.requests {
            let _ = requests.send(text);
        }
    }

    /// Its lines.
    pub(super) fn answers(&self) -> &Receiver<Result<String, String>> {
        &self.answers
    }

    /// The end of its standard error, once it is gone.
    pub(super) fn last_words(&mut self) -> String {
        let _ = self.process.wait_until(Instant::now() + FAREWELL);
        self.process.kill();
        self.process.last_words()
    }

    pub(super) fn start(settings: &ExternalSettings) -> Result<Self, ExternalError> {
        let (stdin, stdout) = (Stdio::piped(), Stdio::piped());
        let mut process =
            Process::start(settings.surroundings(), &settings.command, stdin, stdout)?;
        let (requests, queue) = channel();
        // Bounded, so that a worker that floods us fills a pipe, not our memory.
        let (sender, answers) = sync_channel(1024);
        let failed = |source| ExternalError::Start {
            command: settings.command.join(" "),
            folder: settings.folder().to_owned(),
            source,
        };
        if let Some(stdin) = process.child.stdin.take() {
            process.beside(move || write_requests(stdin, &queue)).map_err(failed)?;
        }
        if let Some(stdout) = process.child.stdout.take() {
            let longest = 64 * settings.data_names.len() as u64 + 65_536;
            process.beside(move || read_answers(stdout, longest, &sender)).map_err(failed)?;
        }
        Ok(Self { process, requests: Some(requests), answers })
    }
}

impl Drop for Worker {
    /// A worker in good order is asked to end, by the end of its input, before it is killed.
    fn drop(&mut self) {
        self.requests = None;
        let _ = self.process.wait_until(Instant::now() + FAREWELL);
    }
}

pub(super) fn write_requests(mut stdin: ChildStdin, queue: &Receiver<String>) {
    for text in queue {
        if stdin.write_all(text.as_bytes()).and_then(|()| stdin.flush()).is_err() {
            return;
        }
    }
}

pub(super) fn read_answers(
    stdout: ChildStdout,
    longest: u64,
    answers: &SyncSender<Result<String, String>>,
) {
    let mut stdout = BufReader::with_capacity(1 << 16, stdout);
    loop {
        let mut line = Vec::new();
        let answer = match stdout.by_ref().take(longest).read_until(b'\n', &mut line) {
            // Blank lines carry nothing; what lacks its line end was cut off by the worker's end.
            Ok(_) if line.ends_with(b"\n") && line.trim_ascii().is_empty() => continue,
            Ok(_) if line.ends_with(b"\n") => Ok(visible(&line)),
            Ok(n) if n as u64 == longest => Err(format!("an output line has over {n} bytes")),
            _ => return,
        };
        if answers.send(answer).is_err() {
            return;
        }
    }
}

/// A line as a terminal shows it: what follows a carriage return replaces what stood before, as the
/// last state of a progress bar does. Bytes that are no text can only be noise.
fn visible(line: &[u8]) -> String {
    let line = line.trim_ascii_end();
    let last = line.rsplit(|&byte| byte == b'\r').next().unwrap_or(line);
    String::from_utf8_lossy(last).into_owned()
}
