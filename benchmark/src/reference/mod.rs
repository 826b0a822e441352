//! Exact draws from the posteriors of benchmark tasks, for any observation.

mod gaussian_linear;
mod slcp;
mod two_moons;

use crate::random::stream;
use freeform_simulators::Task;
use ndarray::Array2;
use rand_chacha::ChaCha8Rng;

/// A posterior that cannot be drawn from.
#[derive(Debug, thiserror::Error)]
pub enum ReferenceError {
    /// No sampler.
    #[error("no reference sampler for task {task}; there is one for {known}")]
    NoSampler {
        /// The task.
        task: &'static str,
        /// Tasks with one.
        known: String,
    },
    /// The observation does not fit the task.
    #[error("the observation has {length} numbers; task {task} has {expected}")]
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
    NotFinite(f32),
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

/// One posterior's exact sampler: independent draws.
trait Sampler {
    /// Proposes one draw; `None` where it must be tried again.
    fn propose(&self, rng: &mut ChaCha8Rng, theta: &mut [f64]) -> Option<()>;
}

/// Builds the sampler of an observation.
type Build = fn(&[f64]) -> Box<dyn Sampler>;

const SAMPLERS: [(&str, Build); 3] = [
    ("gaussian_linear", |x| Box::new(gaussian_linear::Conjugate::new(x))),
    ("two_moons", |x| Box::new(two_moons::Inversion::new(x))),
    ("slcp", |x| Box::new(slcp::GridRejection::new(x))),
];

/// Proposals in vain after which an observation counts as impossible.
const MOST_TRIES: usize = 10_000_000;

/// `n` independent, exact draws `[n, D]` from the posterior of `x` under the task's prior.
///
/// # Errors
/// [`ReferenceError`] where the task has no sampler or the observation does not fit.
pub fn reference_draws(
    task: &Task,
    x: &[f32],
    n: usize,
    seed: u64,
) -> Result<Array2<f32>, ReferenceError> {
    let name = task.name();
    let Some((_, build)) = SAMPLERS.iter().find(|(known, _)| *known == name) else {
        let known = SAMPLERS.map(|(known, _)| known).join(", ");
        return Err(ReferenceError::NoSampler { task: name, known });
    };
    let (length, expected) = (x.len(), task.simulator().data_dim());
    if length != expected {
        return Err(ReferenceError::Length { task: name, length, expected });
    }
    if let Some(value) = x.iter().find(|v| !v.is_finite()) {
        return Err(ReferenceError::NotFinite(*value));
    }
    let x: Vec<f64> = x.iter().map(|v| f64::from(*v)).collect();
    let sampler = build(&x);
    let mut rng = stream(seed, "reference draws", 0);
    let mut draws = Array2::zeros((n, task.prior().dim()));
    let mut theta = vec![0.0; task.prior().dim()];
    for mut row in draws.rows_mut() {
        let mut tries = 0;
        loop {
            tries += 1;
            if tries > MOST_TRIES {
                return Err(ReferenceError::Impossible { task: name, tries });
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
