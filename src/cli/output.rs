//! Results on standard output, as text or JSON; everything else on standard error.

use super::Failure;
use super::signals;
use crate::run::Reporter;
use serde::Serialize;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Where and how results are printed.
#[derive(Clone, Copy)]
pub(super) struct Output {
    json: bool,
    /// Progress and warnings.
    pub(super) reporter: Reporter,
}

impl Output {
    pub(super) fn new(json: bool, quiet: bool) -> Self {
        Self { json, reporter: Reporter::new(quiet) }
    }

    /// Prints a result: `value` as JSON, or `text`. One that nobody can read is a failure.
    pub(super) fn result(&self, value: &impl Serialize, text: &str) -> Result<(), Failure> {
        let line = if self.json {
            serde_json::to_string(value).map_err(|e| Failure::failed(&e))?
        } else {
            text.trim_end().to_owned()
        };
        print(&line).map_err(|e| Failure::unprinted(&e))
    }

    /// The failure of tests that came to no verdict: as text, the result just printed has said why.
    pub(super) fn no_verdict(&self, reason: &str) -> Failure {
        match self.json {
            true => Failure::with_result(&reason),
            false => Failure::with_result(&"no verdict: more simulations are needed (a larger -n)"),
        }
    }

    /// A flag that signals set; see [`signals::interrupt_flag`].
    pub(super) fn interrupt_flag(&self) -> Result<Arc<AtomicBool>, Failure> {
        Ok(signals::interrupt_flag(self.json)?)
    }

    /// Reports a failure and turns it into the exit code.
    pub(super) fn fail(&self, failure: &Failure) -> ExitCode {
        // Nobody is left to be told where this does not work either.
        let _ = writeln!(io::stderr(), "error: {}", failure.message);
        if self.json && failure.printable {
            let value = serde_json::json!({ "error": failure.message, "exit_code": failure.code });
            let _ = print(&value.to_string());
        }
        ExitCode::from(failure.code)
    }
}

/// One line on standard output, which must have arrived when this returns.
pub(super) fn print(line: &str) -> io::Result<()> {
    if CLOSED.load(Ordering::Relaxed) {
        return Err(io::Error::other("it is closed"));
    }
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

/// Whether the program was started without a standard output: the runtime opens the null device in its
/// place, which takes everything.
static CLOSED: AtomicBool = AtomicBool::new(false);

/// Says that there is no standard output.
pub(super) fn note_closed() {
    CLOSED.store(true, Ordering::Relaxed);
}
