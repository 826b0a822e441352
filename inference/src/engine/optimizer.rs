//! AdamW as every engine computes it.

use crate::network::FlowWeights;

/// One update of AdamW (Loshchilov & Hutter 2019), after clipping the gradient's global norm:
/// m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², w ← w − lr·(m̂/(√v̂ + ε) + weight_decay·w), with
/// bias-corrected m̂, v̂. Weights and biases alike decay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UpdateSettings {
    /// Learning rate of this step.
    pub learning_rate: f32,
    /// β₁, usually 0.9.
    pub beta1: f32,
    /// β₂, usually 0.999.
    pub beta2: f32,
    /// ε, usually 1e-8.
    pub epsilon: f32,
    /// Decoupled weight decay; 0 gives Adam.
    pub weight_decay: f32,
    /// Largest allowed global gradient norm (encoder and decoder together).
    pub clip_norm: Option<f32>,
    /// Decay of the exponential moving average of the weights, updated after the step.
    pub average_decay: Option<f32>,
}

impl UpdateSettings {
    /// Plain Adam with its usual β₁, β₂ and ε: no decay, clipping or averaging.
    #[must_use]
    pub const fn adam(learning_rate: f32) -> Self {
        Self {
            learning_rate,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.0,
            clip_norm: None,
            average_decay: None,
        }
    }
}

/// Everything that an update remembers.
#[derive(Clone, Debug, PartialEq)]
pub struct OptimizerState {
    /// Updates done so far.
    pub step: u64,
    /// First moments m.
    pub first: FlowWeights,
    /// Second moments v.
    pub second: FlowWeights,
    /// Averaged weights, from the first step that asks for averaging (then equal to the weights).
    pub average: Option<FlowWeights>,
}
