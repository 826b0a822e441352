//! Initial weights: the same for every engine, from a seed.

use super::{FlowWeights, NetworkSpec};
use crate::random::{Purpose, stream};
use rand::RngExt;

/// Half-width of the uniform law of layers whose output starts near zero.
const RESIDUAL_INIT: f32 = 1e-3;

impl NetworkSpec {
    /// Initial encoder and decoder of a flow: U(±1/√fan_in) for weights and biases, except that
    /// each block's second linear layer starts at U(±10⁻³).
    #[must_use]
    pub fn initial_weights(&self, seed: u64) -> FlowWeights {
        self.weights(seed, false)
    }

    /// As [`initial_weights`](Self::initial_weights), with the output layer at U(±10⁻³) too:
    /// encoder and decoder start next to the identity.
    #[must_use]
    pub fn identity_weights(&self, seed: u64) -> FlowWeights {
        self.weights(seed, true)
    }

    fn weights(&self, seed: u64, identity: bool) -> FlowWeights {
        let network = |index| {
            let (layout, mut rng) = (self.layout(), stream(seed, Purpose::Weights, index));
            let mut flat = vec![0.0; layout.len()];
            let mut fan_in = 1;
            for slot in layout.slots() {
                if slot.shape.len() == 2 {
                    fan_in = slot.shape[0];
                }
                let small =
                    slot.name.contains("linear.1") || (identity && slot.name.starts_with("output"));
                let bound = if small { RESIDUAL_INIT } else { 1.0 / (fan_in as f32).sqrt() };
                flat[slot.range()].fill_with(|| rng.random_range(-bound..=bound));
            }
            flat
        };
        FlowWeights { encoder: network(0), decoder: network(1) }
    }
}
