//! Activation functions by name.

use serde::{Deserialize, Serialize};
use std::fmt;

/// An elementwise activation. Free-form flows train on Jacobians, so smooth choices
/// (SiLU, GELU, tanh) learn faster than ReLU, whose derivative is piecewise constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Activation {
    /// max(0, t); derivative 0 at t = 0.
    Relu,
    /// t · sigmoid(t), also called swish.
    Silu,
    /// t · Φ(t) with the exact normal distribution function Φ.
    Gelu,
    /// Hyperbolic tangent.
    Tanh,
}

impl Activation {
    /// Every activation, in the order in which help texts list them.
    pub const ALL: [Activation; 4] = [Self::Relu, Self::Silu, Self::Gelu, Self::Tanh];
}

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Relu => "relu",
            Self::Silu => "silu",
            Self::Gelu => "gelu",
            Self::Tanh => "tanh",
        })
    }
}
