//! Sizes of a network.

use super::Layout;
use crate::random::{Purpose, stream};
use rand::RngExt;
use serde::{Deserialize, Serialize};

/// An E(n)-GNN for N particles in n dimensions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkSpec {
    /// N.
    pub particles: usize,
    /// n.
    pub dims: usize,
    /// L: blocks of two invariant layers and an equivariant update.
    pub layers: usize,
    /// Features of nodes and messages, a multiple of 16.
    pub width: usize,
    /// s: what sums over neighbours are divided by.
    pub normalizer: f32,
}

/// Sizes that make no network.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{field} = {value}: {fix}")]
pub struct SpecError {
    field: &'static str,
    value: String,
    fix: &'static str,
}

impl NetworkSpec {
    /// Checks all sizes.
    ///
    /// # Errors
    /// [`SpecError`] names the first that does not fit.
    pub fn check(&self) -> Result<(), SpecError> {
        let error = |field, value: String, fix| Err(SpecError { field, value, fix });
        if self.particles < 2 {
            return error("particles", self.particles.to_string(), "there must be two at least");
        }
        if self.dims == 0 {
            return error("dims", "0".to_owned(), "there must be one at least");
        }
        if !(1..=1000).contains(&self.layers) {
            return error("layers", self.layers.to_string(), "choose 1 to 1000");
        }
        if self.width == 0 || !self.width.is_multiple_of(16) || self.width > 4096 {
            return error("width", self.width.to_string(), "choose a multiple of 16, up to 4096");
        }
        if !(self.normalizer.is_finite() && self.normalizer > 0.0) {
            return error("normalizer", self.normalizer.to_string(), "choose a number above 0");
        }
        Ok(())
    }

    /// (N − 1)·n.
    #[must_use]
    pub fn dof(&self) -> usize {
        crate::space::degrees_of_freedom(self.particles, self.dims)
    }

    /// Number of weights.
    #[must_use]
    pub fn parameters(&self) -> usize {
        Layout::new(self).total
    }

    /// Multiplications and additions in matrix products for the value at one configuration.
    #[must_use]
    pub fn flops(&self) -> f64 {
        let (n, h) = (self.particles as f64, self.width as f64);
        let (pairs, square) = (n * (n - 1.0), h * h);
        // Three edge networks and two node networks a block; two numbers a pair and a gate.
        let a_pair = 3.0 * (2.0 * square + 6.0 * h);
        let a_node = 3.0 * 4.0 * square + 2.0 * 6.0 * square;
        self.layers as f64 * (pairs * a_pair + n * a_node)
    }

    /// Weights to start from: uniform within ±1/√(inputs) (PyTorch's), the last layer of φₓ within
    /// ±0.001·√(6/(H + 1)), so that the map is close to the identity.
    pub(crate) fn initial(&self, seed: u64, index: u64) -> Vec<f32> {
        let mut rng = stream(seed, Purpose::Weights, index);
        let layout = Layout::new(self);
        let mut weights = vec![0.0; layout.total];
        for (range, bound) in layout.bounds() {
            for weight in &mut weights[range] {
                *weight = (2.0 * rng.random::<f32>() - 1.0) * bound;
            }
        }
        weights
    }
}
