//! A network's layers as ranges of its flat parameter vector.

use crate::network::{Activation, NetworkSpec, TensorSlot};
use freeform_kernels::Nonlinearity;
use std::ops::Range;

/// A linear layer: weight `[inputs, H or D]` and bias.
#[derive(Clone, Debug)]
pub(super) struct Linear {
    pub weight: Range<usize>,
    pub bias: Range<usize>,
}

/// A residual block.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub first: Linear,
    pub second: Linear,
    pub gate: Option<Linear>,
}

/// Sizes and layers of one network; encoder and decoder share it.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// D.
    pub dim: usize,
    /// C.
    pub context: usize,
    /// H.
    pub width: usize,
    pub activation: Nonlinearity,
    /// Rows 0..D of the first layer's weight, which the input u meets.
    pub input: Range<usize>,
    /// The rest of the first layer: the rows that the context meets, and the bias.
    pub input_context: Linear,
    /// Further input layers, each after an activation.
    pub deeper: Vec<Linear>,
    pub blocks: Vec<Block>,
    pub output: Linear,
}

impl Plan {
    pub fn new(spec: &NetworkSpec) -> Self {
        let layout = spec.layout();
        let mut slots = layout.slots().iter().map(TensorSlot::range);
        // Slots come in pairs of weight and bias; the layout has one for each layer asked for.
        let mut linear = || {
            let mut next = || slots.next().unwrap_or_default();
            Linear { weight: next(), bias: next() }
        };
        let Linear { weight, bias } = linear();
        let split = weight.start + spec.theta_dim * spec.width;
        let (input, rest) = (weight.start..split, split..weight.end);
        Self {
            dim: spec.theta_dim,
            context: spec.context_dim,
            width: spec.width,
            activation: match spec.activation {
                Activation::Relu => Nonlinearity::Relu,
                Activation::Silu => Nonlinearity::Silu,
                Activation::Gelu => Nonlinearity::Gelu,
                Activation::Tanh => Nonlinearity::Tanh,
            },
            input,
            input_context: Linear { weight: rest, bias },
            deeper: (1..spec.input_layers).map(|_| linear()).collect(),
            blocks: (0..spec.blocks)
                .map(|_| Block {
                    first: linear(),
                    second: linear(),
                    gate: spec.glu.then(&mut linear),
                })
                .collect(),
            output: linear(),
        }
    }

    /// Number of places where the activation acts.
    pub fn sites(&self) -> usize {
        self.deeper.len() + 2 * self.blocks.len()
    }

    /// Whether the activation has a second derivative to carry.
    pub fn smooth(&self) -> bool {
        self.activation != Nonlinearity::Relu
    }
}
