//! What the tasks have in common.

use std::f64::consts::TAU;

use crate::{PriorError, Simulator};

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
    pub(super) data: &'static str,
    pub(super) build: fn() -> Result<Box<dyn BenchmarkSimulator>, PriorError>,
}

/// log N(x; mean, std²).
pub(super) fn normal_ln_pdf(x: f64, mean: f64, std: f64) -> f64 {
    let z = (x - mean) / std;
    -0.5 * (z * z + TAU.ln()) - std.ln()
}

/// log(exp(a) + exp(b)), without overflow.
pub(super) fn ln_add_exp(a: f64, b: f64) -> f64 {
    let (high, low) = if a >= b { (a, b) } else { (b, a) };
    if high == f64::NEG_INFINITY { high } else { high + (low - high).exp().ln_1p() }
}
