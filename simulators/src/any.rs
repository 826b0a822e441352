//! A benchmark task or a user's own program, by one name.

use std::path::Path;

use crate::arrays::Format;
use crate::{
    DataLayout, Expected, ExternalSimulator, Missing, Prior, SimulationSource, SourceError, Task,
    TaskError,
};

/// What a user means by TASK: the name of a benchmark task, or a `simulator.toml`.
#[derive(Debug)]
pub enum AnySimulator {
    /// A benchmark task.
    Task(Task),
    /// An external program.
    External(Box<ExternalSimulator>),
}

impl AnySimulator {
    /// The task of this name; or the simulator described in this file (`….toml`) or in the
    /// `simulator.toml` of this folder.
    ///
    /// # Errors
    /// [`SourceError`] with the nearest task's name, or what is wrong with the file.
    pub fn open(text: &str) -> Result<Self, SourceError> {
        let path = Path::new(text);
        let is_file = path.extension().is_some_and(|ending| ending == "toml");
        if is_file || path.join("simulator.toml").is_file() {
            return Ok(Self::External(Box::new(ExternalSimulator::open(path)?)));
        }
        match Task::by_name(text) {
            Err(TaskError::UnknownTask { name, suggestion }) => {
                let table = matches!(Format::of(path), Ok(Format::Npz | Format::Text { .. }));
                let other = match table && path.exists() {
                    true => {
                        "is it a table of simulations? `freeform train --simulations FILE --prior FILE` \
                             reads those"
                    }
                    false => "or give a simulator.toml, or a folder that holds one",
                };
                let suggestion = format!("{suggestion}; {other}");
                Err(TaskError::UnknownTask { name, suggestion }.into())
            }
            other => Ok(Self::Task(other?)),
        }
    }

    /// The same, as something to simulate.
    #[must_use]
    pub fn source(&self) -> &dyn SimulationSource {
        match self {
            Self::Task(task) => task,
            Self::External(simulator) => &**simulator,
        }
    }

    /// The prior.
    #[must_use]
    pub fn prior(&self) -> &Prior {
        self.source().prior()
    }

    /// What a NaN in x means.
    #[must_use]
    pub fn missing(&self) -> Missing {
        self.source().missing()
    }

    /// The same with another answer to that, where there is one. Benchmark tasks have no gaps.
    #[must_use]
    pub fn with_missing(self, missing: Option<Missing>) -> Self {
        match self {
            Self::Task(task) => Self::Task(task),
            Self::External(simulator) => Self::External(Box::new(simulator.with_missing(missing))),
        }
    }

    /// What an observation must be.
    #[must_use]
    pub fn expected(&self) -> Expected {
        match self {
            Self::Task(_) => Expected::numbers(self.source().data_dim()),
            Self::External(simulator) => simulator.expected(),
        }
    }

    /// What the numbers of x are called, where `data_names` in `simulator.toml` says so.
    #[must_use]
    pub fn data_names(&self) -> Option<&[String]> {
        match self {
            Self::Task(_) => None,
            Self::External(simulator) => simulator.data_names(),
        }
    }

    /// What the numbers of x are to each other, where that is said.
    #[must_use]
    pub fn layout(&self) -> Option<DataLayout> {
        self.source().layout()
    }

    /// Observation `number`, counted from 1: an official one of a task, or a row of the file that
    /// `observations` in `simulator.toml` names. With the true parameters where they are known.
    ///
    /// # Errors
    /// [`SourceError`] if there is no such observation.
    pub fn observation(&self, number: usize) -> Result<Vec<f64>, SourceError> {
        match self {
            Self::Task(task) => Ok(task.observation(number)?.x),
            Self::External(simulator) => simulator.observation(number),
        }
    }
}
