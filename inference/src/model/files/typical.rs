//! What simulations look like, in a model's files.

use super::super::tensors::{Tensors, read_flat_doubles};
use crate::typical::{Cloud, CloudShape, Typical};
use safetensors::tensor::SafeTensors;
use serde::{Deserialize, Serialize};

const RESIDUALS: &str = "typical.residuals";

/// `[typical]` of `model.toml`: sizes of the clouds of simulations.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TypicalDescription {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    data: Option<CloudShape>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    summary: Option<CloudShape>,
    #[serde(default)]
    residuals: usize,
}

impl TypicalDescription {
    pub fn of(typical: &Typical) -> Self {
        let shape = |cloud: &Option<Cloud>| cloud.as_ref().map(Cloud::shape);
        Self {
            data: shape(&typical.data),
            summary: shape(&typical.summary),
            residuals: typical.residuals.len(),
        }
    }

    /// Adds the numbers of what simulations look like.
    pub fn write(typical: &Typical, tensors: &mut Tensors) {
        for (name, cloud) in typical.clouds() {
            tensors.add_flat_doubles(&format!("typical.{name}"), &cloud.numbers());
        }
        if !typical.residuals.is_empty() {
            tensors.add_flat_doubles(RESIDUALS, &typical.residuals);
        }
    }

    /// Whether it fits θ of D numbers and a context of C, summarised by whitenings.
    pub fn fits(&self, theta_dim: usize, context_dim: usize) -> bool {
        self.data.is_none_or(|shape| shape.width == context_dim)
            && self.summary.is_none_or(|shape| shape.width == theta_dim)
    }

    /// What [`write`](Self::write) wrote.
    pub fn read(&self, tensors: &SafeTensors) -> Result<Typical, String> {
        let cloud = |name: &str, shape: Option<CloudShape>| {
            let Some(shape) = shape else { return Ok(None) };
            let name = format!("typical.{name}");
            let cloud = Cloud::from_numbers(shape, &read_flat_doubles(tensors, &name)?);
            cloud.map(Some).ok_or(format!("{name} does not fit its description"))
        };
        let residuals = match self.residuals {
            0 => Vec::new(),
            _ => read_flat_doubles(tensors, RESIDUALS)?,
        };
        let whole = residuals.iter().all(|r| r.is_finite() && *r >= 0.0);
        if residuals.len() != self.residuals || !whole || !residuals.is_sorted() {
            return Err(format!("{RESIDUALS} does not fit its description"));
        }
        let (data, summary) = (cloud("data", self.data)?, cloud("summary", self.summary)?);
        Ok(Typical { data, summary, residuals, meanings: Vec::new() })
    }
}
