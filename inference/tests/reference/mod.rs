//! The network formula and both losses once more, in plain f64, one sample and one direction at a
//! time: what the engines' values and gradients are held against. Nothing here is shared with an
//! engine but the weight layout.

// Every test program compiles its own copy and uses a part of it.
#![allow(dead_code, unused_imports)]

mod formula;
mod losses;

pub use formula::{forward, jacobian, jvp};
pub use losses::{
    Loss, Table, change_of_variables, determinant, finite_differences, reference_loss,
};

use freeform_inference::network::{Activation, FlowWeights, NetworkSpec};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A network description in one line.
pub fn spec(
    [theta_dim, context_dim, width, input_layers, blocks]: [usize; 5],
    activation: Activation,
    glu: bool,
) -> NetworkSpec {
    NetworkSpec { theta_dim, context_dim, width, input_layers, blocks, activation, glu }
}

/// Weights U(±scale): large enough for every part of a network to matter.
pub fn random_weights(spec: &NetworkSpec, scale: f32, seed: u64) -> FlowWeights {
    let len = spec.layout().len();
    let mut numbers = uniform(2 * len, scale, seed);
    let decoder = numbers.split_off(len);
    FlowWeights { encoder: numbers, decoder }
}

/// `len` numbers U(±scale).
pub fn uniform(len: usize, scale: f32, seed: u64) -> Vec<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..len).map(|_| rng.random_range(-scale..=scale)).collect()
}

/// The largest |a − b| relative to the largest |b|.
///
/// # Panics
/// If lengths differ, or a number is NaN.
pub fn relative_difference(a: &[f32], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    assert!(a.iter().all(|a| a.is_finite()) && b.iter().all(|b| b.is_finite()));
    let size = b.iter().fold(0.0, |most: f64, b| most.max(b.abs()));
    let worst = a.iter().zip(b).fold(0.0, |most: f64, (a, b)| most.max((f64::from(*a) - b).abs()));
    worst / size
}
