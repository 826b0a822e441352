//! A learnt likelihood, in a model's files.

use super::super::LikelihoodModel;
use super::super::tensors::FlowDescription;
use crate::summary::Summary;
use crate::transform::{DataTransform, ParameterTransform};
use crate::whitening::{Whitening, WhiteningShape};
use freeform_simulators::Prior;
use serde::{Deserialize, Serialize};

/// `[likelihood]` of `model.toml`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LikelihoodDescription {
    pub strength: f64,
    pub flows: Vec<FlowDescription>,
    /// The regressions of a summary.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub summary: Vec<WhiteningShape>,
    pub data: DataTransform,
    pub regressors: ParameterTransform,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<usize>,
}

impl LikelihoodDescription {
    pub fn of(model: &LikelihoodModel) -> Self {
        Self {
            strength: model.strength,
            flows: model.flows.iter().map(FlowDescription::of).collect(),
            summary: regressions(model).map(Whitening::shape).collect(),
            data: model.data.clone(),
            regressors: model.regressors.clone(),
            conditions: model.conditions.clone(),
        }
    }

    /// Whether it fits θ of D numbers and x of C, of which the networks see `context_dim`.
    pub fn fits(&self, prior: &Prior, data_dim: usize, context_dim: usize) -> bool {
        let theta_dim = prior.dim();
        let described = if self.summary.is_empty() { data_dim } else { theta_dim };
        let whole = |w: &WhiteningShape| {
            (w.dim, w.context_dim) == (theta_dim, context_dim) && w.parameters().is_some()
        };
        let targets = self.data.kept().len();
        let inputs = self.regressors.outputs() + self.conditions.len();
        !self.flows.is_empty()
            && (0.0..=1.0).contains(&self.strength)
            && self.data.columns() == described
            && self.summary.iter().all(whole)
            && self.data.is_whole()
            && self.regressors.fits(prior)
            && self.conditions.iter().all(|place| *place < context_dim)
            && self.flows.iter().all(|flow| flow.fits(targets, inputs))
    }
}

pub(super) fn regressions(model: &LikelihoodModel) -> impl Iterator<Item = &Whitening> {
    model.summary.iter().flat_map(Summary::regressions)
}
