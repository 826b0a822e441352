//! Draws from the true posteriors of benchmark tasks, for any observation.

mod diagnostics;
mod ensemble;
mod entry;
mod gaussian_linear;
mod gaussian_linear_uniform;
mod gaussian_mixture;
mod growing;
mod import;
mod slcp;
mod store;
mod two_moons;

pub use diagnostics::Diagnostics;
pub use import::{Imported, import_released};
pub use store::{ReferenceSource, ReferenceStore};

use crate::random::stream;
use crate::{NoPieces, Pieces};
use freeform_simulators::{SlcpDistractors, Task, counted};
use ndarray::Array2;
use rand_chacha::ChaCha8Rng;
use std::sync::atomic::{AtomicBool, Ordering};

/// A posterior that cannot be drawn from.
#[derive(Debug, thiserror::Error)]
pub enum ReferenceError {
    /// No sampler.
    #[error("no reference sampler for task {task}")]
    NoSampler {
        /// The task.
        task: &'static str,
    },
    /// The chains have not mixed.
    #[error(
        "task {task}: the chains did not converge: R-hat {r_hat:.3} (1.01 at most), \
         {effective_draws:.0} effective draws of {wanted} wanted; ask for fewer draws"
    )]
    NotConverged {
        /// The task.
        task: &'static str,
        /// The worst R-hat.
        r_hat: f64,
        /// The fewest effective draws.
        effective_draws: f64,
        /// Draws asked for.
        wanted: usize,
    },
    /// The observation does not fit the task.
    #[error("the observation has {}; task {task} has {expected}", counted(*.length, "number"))]
    Length {
        /// The task.
        task: &'static str,
        /// Given.
        length: usize,
        /// Expected.
        expected: usize,
    },
    /// The observation has a hole.
    #[error("the observation holds {0}: all numbers must be finite")]
    NotFinite(f64),
    /// The released draws are not there.
    #[error(
        "no {n} released draws for task {task}, observation {num_observation}: run `freeform \
         reference import WHEEL_OR_DIR` with a downloaded or installed sbibm package first, or use \
         --reference native"
    )]
    NotImported {
        /// The task.
        task: &'static str,
        /// The observation.
        num_observation: usize,
        /// Draws asked for.
        n: usize,
    },
    /// Imported draws that are not what was imported.
    #[error("{path}: {reason}; import the released draws again with `freeform reference import`")]
    Damaged {
        /// The file.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// More draws than can be made.
    #[error("{n} reference draws of task {task} are too many: at most {most}")]
    TooMany {
        /// The task.
        task: &'static str,
        /// Draws asked for.
        n: usize,
        /// The most.
        most: usize,
    },
    /// The caller asked to stop.
    #[error("interrupted")]
    Interrupted,
    /// Nothing to import.
    #[error("{path}: holds no reference draws; give an sbibm wheel (.whl) or the package's folder")]
    NoPackage {
        /// Where they were looked for.
        path: String,
    },
    /// A file of the package cannot be read.
    #[error("{place}: {reason}")]
    Package {
        /// The file.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// Nowhere to keep draws.
    #[error("no folder for reference draws: set FREEFORM_CACHE to one")]
    NoStore,
    /// A task or observation that does not exist.
    #[error(transparent)]
    Task(#[from] freeform_simulators::TaskError),
    /// A file that cannot be written.
    #[error(transparent)]
    Array(Box<freeform_simulators::ArrayError>),
    /// No parameters explain the observation.
    #[error(
        "task {task}: none of {tries} proposals was accepted: (almost) no parameters inside the \
         prior explain this observation"
    )]
    Impossible {
        /// The task.
        task: &'static str,
        /// Proposals made.
        tries: usize,
    },
}

/// Draws from a reference posterior.
#[derive(Clone, Debug, PartialEq)]
pub struct ReferenceDraws {
    /// `[n, D]`.
    pub theta: Array2<f32>,
    /// How well the chains mixed; `None` for exact, independent draws.
    pub diagnostics: Option<Diagnostics>,
    /// What a user should know of where they come from, e.g. that a damaged file was made anew.
    pub remark: Option<String>,
}

/// One posterior's exact sampler: independent draws.
trait Sampler {
    /// Proposes one draw; `None` where it must be tried again.
    fn propose(&self, rng: &mut ChaCha8Rng, theta: &mut [f64]) -> Option<()>;
}

/// How a task's posterior is drawn from.
enum Method {
    /// Independent exact draws, from a sampler built for the observation.
    Exact(fn(&[f64]) -> Box<dyn Sampler>),
    /// Ensemble MCMC on the likelihood.
    Ensemble,
}

const METHODS: [(&str, Method); 10] = [
    ("gaussian_linear", Method::Exact(|x| Box::new(gaussian_linear::Conjugate::new(x)))),
    (
        "gaussian_linear_uniform",
        Method::Exact(|x| Box::new(gaussian_linear_uniform::Truncated::new(x))),
    ),
    ("gaussian_mixture", Method::Exact(|x| Box::new(gaussian_mixture::Mirrored::new(x)))),
    ("two_moons", Method::Exact(|x| Box::new(two_moons::Inversion::new(x)))),
    ("slcp", Method::Exact(|x| Box::new(slcp::GridRejection::new(x)))),
    // The noise does not depend on θ: it is SLCP's posterior.
    (
        "slcp_distractors",
        Method::Exact(|x| Box::new(slcp::GridRejection::new(&SlcpDistractors::slcp_data(x)))),
    ),
    ("bernoulli_glm", Method::Ensemble),
    ("bernoulli_glm_raw", Method::Ensemble),
    ("sir", Method::Ensemble),
    ("lotka_volterra", Method::Ensemble),
];

/// Draws that fit into memory with room to spare.
const MOST_DRAWS: usize = 100_000_000;
/// Proposals in vain after which an observation counts as impossible.
const MOST_TRIES: usize = 10_000_000;

/// `n` draws `[n, D]` from the posterior of `x` under the task's prior: independent and exact where
/// there is a closed form; elsewhere by MCMC, with R-hat ≤ 1.01 and 3 `n` effective draws behind
/// the `n` returned. `stop`, once set, ends it with an error.
///
/// # Errors
/// [`ReferenceError`] where the observation does not fit the task, or the chains did not converge.
pub fn reference_draws(
    task: &Task,
    x: &[f64],
    n: usize,
    seed: u64,
    stop: &AtomicBool,
) -> Result<ReferenceDraws, ReferenceError> {
    draws_in_pieces(task, x, n, seed, (stop, &NoPieces))
}

/// The same, with the chains kept as they grow.
fn draws_in_pieces(
    task: &Task,
    x: &[f64],
    n: usize,
    seed: u64,
    (stop, pieces): (&AtomicBool, &dyn Pieces),
) -> Result<ReferenceDraws, ReferenceError> {
    let name = task.name();
    let (length, expected) = (x.len(), task.simulator().data_dim());
    if length != expected {
        return Err(ReferenceError::Length { task: name, length, expected });
    }
    if let Some(value) = x.iter().find(|v| !v.is_finite()) {
        return Err(ReferenceError::NotFinite(*value));
    }
    let most = MOST_DRAWS / task.prior().dim();
    if n > most {
        return Err(ReferenceError::TooMany { task: name, n, most });
    }
    match METHODS.iter().find(|(known, _)| *known == name) {
        None => Err(ReferenceError::NoSampler { task: name }),
        Some((_, Method::Ensemble)) => ensemble::draws(task, x, n, seed, (stop, pieces)),
        Some((_, Method::Exact(build))) => {
            let theta = exact_draws(task, &*build(x), n, seed, stop)?;
            Ok(ReferenceDraws { theta, diagnostics: None, remark: None })
        }
    }
}

fn exact_draws(
    task: &Task,
    sampler: &dyn Sampler,
    n: usize,
    seed: u64,
    stop: &AtomicBool,
) -> Result<Array2<f32>, ReferenceError> {
    let mut rng = stream(seed, "reference draws", 0);
    let mut draws = Array2::zeros((n, task.prior().dim()));
    let mut theta = vec![0.0; task.prior().dim()];
    for mut row in draws.rows_mut() {
        let mut tries = 0;
        loop {
            tries += 1;
            if tries > MOST_TRIES {
                return Err(ReferenceError::Impossible { task: task.name(), tries });
            }
            if stop.load(Ordering::Relaxed) {
                return Err(ReferenceError::Interrupted);
            }
            if sampler.propose(&mut rng, &mut theta).is_none() {
                continue;
            }
            // What is judged is what is kept: the rounded numbers.
            theta.iter_mut().for_each(|t| *t = f64::from(*t as f32));
            if task.prior().contains(&theta) {
                break;
            }
        }
        row.iter_mut().zip(&theta).for_each(|(slot, t)| *slot = *t as f32);
    }
    Ok(draws)
}
