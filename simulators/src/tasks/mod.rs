//! The tasks of the simulation-based inference benchmark (Lueckmann et al. 2021), one file each,
//! with the observations of the released package, sbibm 1.1.0.

mod bernoulli_glm;
mod bernoulli_glm_raw;
mod distractor_mixture;
mod gaussian_linear;
mod gaussian_linear_uniform;
mod gaussian_mixture;
mod glm;
mod legacy_numpy;
mod lotka_volterra;
mod ode;
mod sir;
mod slcp;
mod slcp_distractors;
mod two_moons;

use std::f64::consts::TAU;
use std::path::Path;

use thiserror::Error;

use crate::nearest::suggest;
use crate::{FirstLine, Prior, PriorError, Simulator};

pub use bernoulli_glm::BernoulliGlm;
pub use bernoulli_glm_raw::BernoulliGlmRaw;
pub use distractor_mixture::DistractorMixture;
pub use gaussian_linear::GaussianLinear;
pub use gaussian_linear_uniform::GaussianLinearUniform;
pub use gaussian_mixture::GaussianMixture;
pub use glm::BernoulliGlmModel;
pub use lotka_volterra::LotkaVolterra;
pub use sir::Sir;
pub use slcp::Slcp;
pub use slcp_distractors::SlcpDistractors;
pub use two_moons::TwoMoons;

/// A simulator of the benchmark: its likelihood is known.
pub trait BenchmarkSimulator: Simulator {
    /// log p(x | θ) for θ `[D]` and x `[C]`, up to a term that does not depend on θ (which only
    /// `bernoulli_glm` and `slcp_distractors` leave out); −∞ where x is impossible.
    fn log_likelihood(&self, theta: &[f64], x: &[f64]) -> f64;
}

/// What there is to know about a task without building it.
#[derive(Clone, Copy, Debug)]
pub struct TaskInfo {
    /// Name, as the benchmark spells it.
    pub name: &'static str,
    /// One line.
    pub description: &'static str,
    /// Number of parameters, D.
    pub parameter_dim: usize,
    /// Number of data values, C.
    pub data_dim: usize,
    /// True parameters and observations, as CSV.
    data: &'static str,
    build: fn() -> Result<Box<dyn BenchmarkSimulator>, PriorError>,
}

const TASKS: [TaskInfo; 10] = [
    gaussian_linear::INFO,
    gaussian_linear_uniform::INFO,
    gaussian_mixture::INFO,
    two_moons::INFO,
    slcp::INFO,
    slcp_distractors::INFO,
    bernoulli_glm::INFO,
    bernoulli_glm_raw::INFO,
    sir::INFO,
    lotka_volterra::INFO,
];

/// All ten tasks, in the order of the benchmark's tables.
#[must_use]
pub fn tasks() -> &'static [TaskInfo] {
    &TASKS
}

/// A benchmark task: simulator, prior, likelihood and the official observations.
pub struct Task {
    info: &'static TaskInfo,
    simulator: Box<dyn BenchmarkSimulator>,
}

/// One of a task's official observations.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// Its number, 1 to 10.
    pub number: usize,
    /// The data, `[C]`.
    pub x: Vec<f64>,
    /// The parameters that it was simulated from, `[D]`.
    pub true_parameters: Vec<f64>,
}

/// A task or observation that does not exist.
#[derive(Debug, Error)]
pub enum TaskError {
    /// No task has this name.
    #[error("unknown task \"{name}\"; {suggestion}")]
    UnknownTask {
        /// The name given.
        name: String,
        /// The nearest name and the list of all.
        suggestion: String,
    },
    /// No observation has this number.
    #[error("task {task} has no observation {number}; choose one from 1 to {count}")]
    UnknownObservation {
        /// The task.
        task: &'static str,
        /// The number given.
        number: usize,
        /// How many observations there are.
        count: usize,
    },
    /// The task's prior cannot be built.
    #[error(transparent)]
    Prior(#[from] PriorError),
    /// The task's embedded observations cannot be read.
    #[error(transparent)]
    Data(#[from] crate::ArrayError),
}

impl Task {
    /// How many official observations every task has.
    pub const OBSERVATIONS: usize = 10;

    /// The task of this name.
    ///
    /// # Errors
    /// [`TaskError::UnknownTask`] offers the nearest name.
    pub fn by_name(name: &str) -> Result<Self, TaskError> {
        let Some(info) = TASKS.iter().find(|info| info.name == name) else {
            let names: Vec<_> = TASKS.iter().map(|info| info.name).collect();
            let suggestion = suggest(name, &names);
            return Err(TaskError::UnknownTask { name: name.to_owned(), suggestion });
        };
        Ok(Self { info, simulator: (info.build)()? })
    }

    /// Name, as the benchmark spells it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.info.name
    }

    /// One line about the task.
    #[must_use]
    pub fn description(&self) -> &'static str {
        self.info.description
    }

    /// The simulator.
    #[must_use]
    pub fn simulator(&self) -> &dyn BenchmarkSimulator {
        &*self.simulator
    }

    /// The prior.
    #[must_use]
    pub fn prior(&self) -> &Prior {
        self.simulator.prior()
    }

    /// log p(x | θ) for θ `[D]` and x `[C]`, as [`BenchmarkSimulator::log_likelihood`].
    ///
    /// # Panics
    /// If a length is wrong.
    #[must_use]
    pub fn log_likelihood(&self, theta: &[f64], x: &[f64]) -> f64 {
        assert_eq!(theta.len(), self.info.parameter_dim, "one value for each parameter");
        assert_eq!(x.len(), self.info.data_dim, "one value for each data value");
        self.simulator.log_likelihood(theta, x)
    }

    /// Official observation `number`, from 1 to 10.
    ///
    /// # Errors
    /// [`TaskError::UnknownObservation`].
    pub fn observation(&self, number: usize) -> Result<Observation, TaskError> {
        let label = format!("{}.csv", self.info.name);
        let path = Path::new(&label);
        let text = self.info.data.as_bytes();
        let table = crate::arrays::text::parse(text, path, FirstLine::Names)?.values;
        let unknown =
            TaskError::UnknownObservation { task: self.info.name, number, count: table.nrows() };
        let row = number.checked_sub(1).filter(|&row| row < table.nrows()).ok_or(unknown)?;
        let values = table.row(row);
        let (theta, x) = values.split_at(ndarray::Axis(0), self.info.parameter_dim);
        Ok(Observation { number, x: x.to_vec(), true_parameters: theta.to_vec() })
    }
}

impl std::fmt::Debug for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Task").field(&self.info.name).finish()
    }
}

/// log N(x; mean, std²).
fn normal_ln_pdf(x: f64, mean: f64, std: f64) -> f64 {
    let z = (x - mean) / std;
    -0.5 * (z * z + TAU.ln()) - std.ln()
}

/// log(exp(a) + exp(b)), without overflow.
fn ln_add_exp(a: f64, b: f64) -> f64 {
    let (high, low) = if a >= b { (a, b) } else { (b, a) };
    if high == f64::NEG_INFINITY { high } else { high + (low - high).exp().ln_1p() }
}
