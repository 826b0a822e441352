//! The simulator that a model was trained on, opened by what the model says of it.

use super::{Reporter, RunError};
use freeform_inference::Model;
use freeform_simulators::{AnySimulator, Task};
use std::path::Path;

/// Why the simulator of a model cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum OriginError {
    /// The model does not say.
    #[error("the model does not say what it was trained on: {fix}")]
    Unnamed {
        /// What to do.
        fix: String,
    },
    /// A name that means another file wherever it is used.
    #[error(
        "the model names its simulator by the relative path `{task}`, as former versions did, and \
         that may be another file here: name it with --task PATH"
    )]
    Relative {
        /// The path.
        task: String,
    },
    /// Not there.
    #[error(
        "the model was trained on {task}, which is not there: say where it is with --task PATH"
    )]
    Missing {
        /// The path.
        task: String,
    },
    /// Not what it was.
    #[error(
        "{task} is not what it was when the model was trained on it; to use it as it is now, name \
         it with --task {task}"
    )]
    Changed {
        /// The path.
        task: String,
    },
}

/// Opens the simulator that a model was trained on; `named` is the one that the user named in its
/// place. `fix` says what else could be given.
///
/// # Errors
/// [`RunError::Origin`] where the model's own is not to be had as it was, else what is wrong with it.
pub fn open_origin(
    model: &Model,
    named: Option<&str>,
    fix: &str,
) -> Result<AnySimulator, RunError> {
    let (summary, missing) = (&model.training, Some(model.config.transform.missing));
    if let Some(named) = named {
        return Ok(AnySimulator::open(named)?.with_missing(missing));
    }
    let Some(task) = &summary.task else {
        return Err(OriginError::Unnamed { fix: fix.to_owned() }.into());
    };
    let path = Path::new(task);
    if path.is_relative() {
        return match Task::by_name(task) {
            Ok(task) => Ok(AnySimulator::Task(task)),
            Err(_) => Err(OriginError::Relative { task: task.clone() }.into()),
        };
    }
    if !path.exists() {
        return Err(OriginError::Missing { task: task.clone() }.into());
    }
    let simulator = AnySimulator::open(task)?.with_missing(missing);
    match &summary.simulator {
        Some(known) if *known != simulator.source().identity() => {
            Err(OriginError::Changed { task: task.clone() }.into())
        }
        _ => Ok(simulator),
    }
}

/// Says which program is about to run, where it is one.
pub fn announce(simulator: &AnySimulator, reporter: Reporter) {
    if let AnySimulator::External(program) = simulator {
        let settings = program.settings();
        let path = std::path::absolute(&settings.path).unwrap_or_else(|_| settings.path.clone());
        let command = settings.command.join(" ");
        reporter.tell(&format!("running {} (command {command})", path.display()));
    }
}
