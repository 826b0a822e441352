//! A learnt likelihood, as a model holds it.

use crate::flow::ConditionalFlow;
use crate::summary::Summary;
use crate::transform::{DataTransform, ParameterTransform};
use freeform_simulators::Prior;

/// A learnt likelihood, and how far it is trusted.
#[derive(Clone, Debug)]
pub(crate) struct LikelihoodModel {
    /// Flows for p(x | θ), or of a summary of x; their average counts.
    pub flows: Vec<ConditionalFlow>,
    /// What is described of an x too wide to describe itself.
    pub summary: Option<Summary>,
    /// x, or its summary, to what these flows describe.
    pub data: DataTransform,
    /// θ to what these flows see.
    pub regressors: ParameterTransform,
    /// Places among the numbers that the posterior's networks see that tell of gaps, which they see beside.
    pub conditions: Vec<usize>,
    /// α: the posterior is q^(1 − α) · (p(x | θ) p(θ))^α, q the average of the posterior flows.
    pub strength: f64,
}

impl LikelihoodModel {
    /// θ of these rows, `[n, D]`, as these flows see it, beside the gaps of an x that the posterior's
    /// networks see as `context`.
    pub fn seen<'a>(
        &self,
        prior: &Prior,
        theta: impl Iterator<Item = &'a [f64]>,
        context: &[f32],
    ) -> Vec<f32> {
        let mut own = vec![0.0; self.regressors.outputs()];
        let mut seen = Vec::new();
        for row in theta {
            self.regressors.apply(prior, row, &mut own);
            seen.extend(own.iter().copied().chain(self.conditions.iter().map(|at| context[*at])));
        }
        seen
    }

    /// An observation as these flows see it, from its view `x` and from that as the posterior's
    /// networks see it.
    pub fn target(&self, x: &[f64], context: &[f32]) -> Vec<f32> {
        let mut target = vec![0.0; self.data.kept().len()];
        match &self.summary {
            None => self.data.apply(x, &mut target),
            Some(summary) => {
                let known: Vec<f64> = summary.of(context).into_iter().map(f64::from).collect();
                self.data.apply(&known, &mut target);
            }
        }
        target
    }
}
