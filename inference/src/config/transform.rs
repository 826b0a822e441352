//! `[transform]`: what the networks see of parameters and data.

use super::one;
use freeform_simulators::{DataLayout, DataPart, Layout, Missing};
use serde::{Deserialize, Serialize};

/// `[transform]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransformConfig {
    /// `standardize`; `log`: first the logarithm of positive parameters; or `unconstrain`: first
    /// the prior's bijection to R^D (logit, log).
    pub theta: ThetaTransform,
    /// `standardize`, or `shape`: first log, log1p or asinh for columns of x that are skewed or
    /// heavy-tailed.
    pub data: DataTransform,
    /// What the numbers of x are to each other: `vector`, `series`, `set`, `image`, `parts`, or `auto`:
    /// what held-out simulations say of a wide x (more than 16).
    #[serde(default = "layout_of_before")]
    pub layout: Layout,
    /// Numbers of one point of a series, of one trial of a set or of one pixel, which stand side by side.
    #[serde(default = "one")]
    pub channels: usize,
    /// Rows and columns of pixels of an image; empty in a file where there are none.
    #[serde(default, with = "super::shape")]
    pub shape: Option<[usize; 2]>,
    /// Parts that x consists of, each with its own layout; empty unless this is `parts`.
    #[serde(default, deserialize_with = "super::parts::deserialize")]
    pub parts: Vec<DataPart>,
    /// What a NaN in x means: `failed`, that the simulation did, or `allowed`: that this number was not
    /// measured.
    #[serde(default)]
    pub missing: Missing,
    /// Whether columns of a wide x (more than 16) that show no dependence on any parameter are
    /// left out.
    pub screening: bool,
}

impl TransformConfig {
    /// What the numbers of x are said to be to each other.
    #[must_use]
    pub fn layout(&self) -> DataLayout {
        let parts = self.parts.clone();
        DataLayout { layout: self.layout, channels: self.channels, shape: self.shape, parts }
    }
}

/// Where the flow sees the parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ThetaTransform {
    /// z-scores.
    Standardize,
    /// The prior's bijection to R^D, then z-scores.
    Unconstrain,
    /// log of positive parameters, then z-scores; intervals stay as they are.
    Log,
}

/// What the networks see of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DataTransform {
    /// z-scores.
    Standardize,
    /// Each column's map towards a Gaussian, then z-scores.
    Shape,
}

/// The layout of models made before there were others.
fn layout_of_before() -> Layout {
    Layout::Vector
}
