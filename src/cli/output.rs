//! Results on standard output, as text or JSON; everything else on standard error.

use super::Failure;
use crate::run::Reporter;
use serde::Serialize;
use std::io::Write;
use std::process::ExitCode;

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

    /// Prints a result: `value` as JSON, or `text`.
    pub(super) fn result(&self, value: &impl Serialize, text: &str) -> Result<(), Failure> {
        let line = if self.json {
            serde_json::to_string(value).map_err(|e| Failure::failed(&e))?
        } else {
            text.trim_end().to_owned()
        };
        // A closed pipe (`| head`) is no failure of ours.
        let _ = writeln!(std::io::stdout(), "{line}");
        Ok(())
    }

    /// Reports a failure and turns it into the exit code.
    pub(super) fn fail(&self, failure: &Failure) -> ExitCode {
        eprintln!("error: {}", failure.message);
        if self.json && !failure.has_result {
            let value = serde_json::json!({ "error": failure.message, "exit_code": failure.code });
            let _ = writeln!(std::io::stdout(), "{value}");
        }
        ExitCode::from(failure.code)
    }
}
