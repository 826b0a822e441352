//! Errors of the library as Python's: `ValueError` for what was given, `OSError` for files,
//! `RuntimeError` for work that failed, `KeyboardInterrupt` for work that was stopped.

use freeform_benchmark::{C2stError, PlotError, ReferenceError};
use freeform_inference::training::{CheckpointError, EnsembleError};
use freeform_inference::{ConfigError, FitError, ModelError, PosteriorError, RoundsError};
use freeform_simulators::{ArrayError, ExternalError, PriorError, SetError, SourceError};
use pyo3::PyErr;
use pyo3::exceptions::{PyKeyboardInterrupt, PyRuntimeError, PyValueError};
use std::error::Error;
use std::io;

/// An error that Python should see.
pub trait Raise {
    /// Its exception.
    fn raise(self) -> PyErr;
}

fn value(error: &impl ToString) -> PyErr {
    PyValueError::new_err(error.to_string())
}

fn runtime(error: &impl ToString) -> PyErr {
    PyRuntimeError::new_err(error.to_string())
}

/// `FileNotFoundError`, `PermissionError` and so on, with the library's words.
fn system(error: &impl ToString, kind: io::ErrorKind) -> PyErr {
    io::Error::new(kind, error.to_string()).into()
}

/// The system's error behind another one, if there is one.
fn cause(error: &(dyn Error + 'static)) -> Option<io::ErrorKind> {
    let mut at = Some(error);
    while let Some(error) = at {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return Some(error.kind());
        }
        at = error.source();
    }
    None
}

/// `OSError` where the system is to blame, `ValueError` elsewhere.
fn system_or_value(error: &(impl Error + 'static)) -> PyErr {
    cause(error).map_or_else(|| value(error), |kind| system(error, kind))
}

impl Raise for PriorError {
    fn raise(self) -> PyErr {
        system_or_value(&self)
    }
}

impl Raise for ArrayError {
    fn raise(self) -> PyErr {
        system_or_value(&self)
    }
}

impl Raise for ConfigError {
    fn raise(self) -> PyErr {
        let text = self.to_string();
        // In Python the argument is called settings.
        let text = text.strip_prefix("config").map_or(text.clone(), |rest| {
            format!("settings: {}", rest.trim_start_matches(':').trim_start())
        });
        cause(&self).map_or_else(|| value(&text), |kind| system(&text, kind))
    }
}

impl Raise for FitError {
    fn raise(self) -> PyErr {
        match self {
            Self::Config(error) => error.raise(),
            Self::Network(error) => value(&format!("settings: {error}")),
            Self::Data(error) => value(&error),
            Self::Ensemble(EnsembleError::Checkpoint(error)) => error.raise(),
            Self::Ensemble(EnsembleError::Io(error)) => {
                system(&format!("checkpoints: {error}"), error.kind())
            }
            Self::Interrupted => PyKeyboardInterrupt::new_err(self.to_string()),
            Self::Ensemble(_) | Self::Device(_) => runtime(&self),
        }
    }
}

impl Raise for RoundsError {
    fn raise(self) -> PyErr {
        match self {
            Self::Observation { .. } => value(&self),
            Self::Source(error) => error.raise(),
            Self::Fit(error) => error.raise(),
            Self::Posterior(error) => error.raise(),
        }
    }
}

impl Raise for CheckpointError {
    fn raise(self) -> PyErr {
        let text = format!("checkpoints: {self}");
        cause(&self).map_or_else(|| value(&text), |kind| system(&text, kind))
    }
}

impl Raise for ModelError {
    fn raise(self) -> PyErr {
        match &self {
            Self::Missing { path, file } => {
                let text = format!("{path} holds no posterior (no {file}); save one there first");
                system(&text, io::ErrorKind::NotFound)
            }
            _ => system_or_value(&self),
        }
    }
}

impl Raise for PosteriorError {
    fn raise(self) -> PyErr {
        match &self {
            Self::ObservationLength { .. } | Self::ObservationNotFinite { .. } => {
                value(&format!("x: {self}"))
            }
            Self::ThetaColumns { .. }
            | Self::FarAway { .. }
            | Self::Unlike { .. }
            | Self::ObservationTooFar { .. }
            | Self::Collapsed { .. } => value(&self),
            Self::Interrupted => PyKeyboardInterrupt::new_err(self.to_string()),
            _ => runtime(&self),
        }
    }
}

impl Raise for SourceError {
    fn raise(self) -> PyErr {
        match self {
            Self::Interrupted => PyKeyboardInterrupt::new_err(self.to_string()),
            Self::TooManyFailures { .. } => runtime(&self),
            Self::External(error) => error.raise(),
            Self::Set(error) => error.raise(),
            _ => system_or_value(&self),
        }
    }
}

impl Raise for ExternalError {
    fn raise(self) -> PyErr {
        system_or_value(&self)
    }
}

impl Raise for SetError {
    fn raise(self) -> PyErr {
        system_or_value(&self)
    }
}

impl Raise for C2stError {
    fn raise(self) -> PyErr {
        value(&self)
    }
}

impl Raise for ReferenceError {
    fn raise(self) -> PyErr {
        match self {
            Self::NotConverged { .. } | Self::Impossible { .. } => runtime(&self),
            Self::Length { .. } | Self::NotFinite(_) => value(&format!("x: {self}")),
            _ => system_or_value(&self),
        }
    }
}

impl Raise for PlotError {
    fn raise(self) -> PyErr {
        system_or_value(&self)
    }
}
