//! The description of a conditional residual network.

use super::{Activation, Layout};
use serde::{Deserialize, Serialize};

/// A dimension-preserving residual network u ↦ u + f̃(u; c), for u ∈ R^D and context c ∈ R^C.
///
/// With `act` the activation and t ∈ R^H the hidden state:
/// ```text
/// t = [u, c] · W_in.0 + b                      input layer
/// t = act(t) · W_in.l + b                      for l in 1..input_layers
/// r = act(act(t) · W_a + b_a) · W_b + b_b      in each block
/// r = r ⊙ sigmoid(c · W_gate + b_gate)         if `glu`
/// t = t + r
/// u + t · W_out + b_out                        output, with the global skip
/// ```
/// The encoder has u = θ, the decoder u = z; both see the data x as their context.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkSpec {
    /// D: the number of parameters θ, and of latents z.
    pub theta_dim: usize,
    /// C: the length of the context (the data x).
    pub context_dim: usize,
    /// H: the width of every hidden layer.
    pub width: usize,
    /// Linear layers before the first block (ResNet S: 1, ResNet L: 2).
    pub input_layers: usize,
    /// Residual blocks of two linear layers each.
    pub blocks: usize,
    /// The activation before each linear layer but the first and the last.
    pub activation: Activation,
    /// Whether each block ends in a gated linear unit on the context.
    pub glu: bool,
}

/// A network description that cannot be built.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("network: {field} is {value}, but must be at least {least}")]
pub struct SpecError {
    /// The offending field.
    pub field: &'static str,
    /// Its value.
    pub value: usize,
    /// The least allowed value.
    pub least: usize,
}

impl NetworkSpec {
    /// ResNet S of the paper: 10 residual blocks of width 50 with GLU conditioning.
    #[must_use]
    pub fn small(theta_dim: usize, context_dim: usize, activation: Activation) -> Self {
        let (width, input_layers, blocks, glu) = (50, 1, 10, true);
        Self { theta_dim, context_dim, width, input_layers, blocks, activation, glu }
    }

    /// ResNet L of the paper: 2 × 256 linear layers, then 4 × 256 residual blocks, no GLU.
    #[must_use]
    pub fn large(theta_dim: usize, context_dim: usize, activation: Activation) -> Self {
        let (width, input_layers, blocks, glu) = (256, 2, 4, false);
        Self { theta_dim, context_dim, width, input_layers, blocks, activation, glu }
    }

    /// Checks that every size is usable.
    ///
    /// # Errors
    /// [`SpecError`] names the field whose value is too small.
    pub fn validate(&self) -> Result<(), SpecError> {
        let fields = [
            ("theta_dim", self.theta_dim),
            ("context_dim", self.context_dim),
            ("width", self.width),
            ("input_layers", self.input_layers),
        ];
        match fields.into_iter().find(|(_, value)| *value == 0) {
            Some((field, value)) => Err(SpecError { field, value, least: 1 }),
            None => Ok(()),
        }
    }

    /// Numbers in one such network's flat parameter vector; `None` where there are more than can be
    /// counted. Unlike the [`layout`](Self::layout) it costs nothing, whatever the sizes.
    #[must_use]
    pub fn parameters(&self) -> Option<usize> {
        let layer = |inputs: usize, outputs: usize| inputs.checked_add(1)?.checked_mul(outputs);
        let (d, c, h) = (self.theta_dim, self.context_dim, self.width);
        let square = layer(h, h)?;
        let gate = if self.glu { layer(c, h)? } else { 0 };
        let block = square.checked_mul(2)?.checked_add(gate)?;
        let input = layer(d.checked_add(c)?, h)?;
        let inner = square.checked_mul(self.input_layers.checked_sub(1)?)?;
        let parts = [inner, block.checked_mul(self.blocks)?, layer(h, d)?];
        parts.into_iter().try_fold(input, usize::checked_add)
    }

    /// The tensors of one such network, in the order of its flat parameter vector.
    #[must_use]
    pub fn layout(&self) -> Layout {
        let (d, c, h) = (self.theta_dim, self.context_dim, self.width);
        let mut layout = Layout::default();
        for l in 0..self.input_layers {
            layout.push(&format!("input.{l}"), if l == 0 { d + c } else { h }, h);
        }
        for b in 0..self.blocks {
            layout.push(&format!("block.{b}.linear.0"), h, h);
            layout.push(&format!("block.{b}.linear.1"), h, h);
            if self.glu {
                layout.push(&format!("block.{b}.gate"), c, h);
            }
        }
        layout.push("output", h, d);
        layout
    }
}
