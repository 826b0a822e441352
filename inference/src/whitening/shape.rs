//! The sizes of a whitening.

use super::curve::outputs;
use serde::{Deserialize, Serialize};

/// The sizes of a whitening, which say how many numbers it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhiteningShape {
    /// D.
    pub dim: usize,
    /// C.
    pub context_dim: usize,
    /// Width of the network's hidden layers, if there is a network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<usize>,
    /// Networks whose outputs are averaged.
    #[serde(default = "crate::config::one", skip_serializing_if = "is_one")]
    pub networks: usize,
    /// Whether the networks shear what they have scaled already, as they did not in earlier versions.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub scaled: bool,
    /// Highest degree of the regression in c.
    #[serde(default = "crate::config::one", skip_serializing_if = "is_one")]
    pub degree: usize,
}

fn is_one(number: &usize) -> bool {
    *number == 1
}

impl WhiteningShape {
    /// How many numbers that is; `None` where there are more than can be counted.
    #[must_use]
    pub fn parameters(&self) -> Option<usize> {
        let Self { dim, context_dim, width, networks, scaled: _, degree } = *self;
        let layer = |inputs: usize, outputs: usize| inputs.checked_add(1)?.checked_mul(outputs);
        let triangle = dim.checked_mul(dim.checked_add(1)?)? / 2;
        let intervals = if degree > 1 { context_dim.checked_mul(2)? } else { 0 };
        let linear = layer(outputs(context_dim, degree)?, dim)?.checked_add(triangle)?;
        let linear = linear.checked_add(intervals)?;
        let Some(width) = width else { return Some(linear) };
        let outputs_of = triangle.checked_add(dim)?;
        let layers = [layer(context_dim, width)?, layer(width, width)?, layer(width, outputs_of)?];
        let network = layers.into_iter().try_fold(0, usize::checked_add)?;
        linear.checked_add(network.checked_mul(networks)?)
    }
}
