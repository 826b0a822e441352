//! Does an observation look like what its own posterior predicts? By the learnt likelihood's residuals.

use super::correction::At;
use super::draws::Asking;
use super::proposal::Proposal;
use crate::engine::EngineKind;
use crate::flow::ConditionalFlow;
use crate::model::{LikelihoodModel, Model};
use crate::training::{Role, TrainingData};
use crate::work::{Halt, Part};
use rayon::prelude::*;

/// Posterior draws that residuals are looked at for.
const DRAWS: usize = 32;
/// Held-out simulations that they are compared with, over all members.
const REFERENCES: usize = 600;
/// Simulations between two looks at whether the work is to stop.
const AT_ONCE: usize = 32;

/// The posterior's flows and the likelihood's, which know what data a θ gives.
pub(super) struct Predicting<'a> {
    pub proposal: Proposal<'a>,
    pub likelihood: &'a LikelihoodModel,
    pub flows: &'a [ConditionalFlow],
}

impl Predicting<'_> {
    /// Median over posterior draws θ of |z|² over the number of columns, where z is x whitened by
    /// the mean and covariance that the likelihood's flows give it at θ: about 1 where x looks like
    /// simulations at θ. `None` without a whitening, or without a draw inside the prior.
    pub fn residual(&self, at: At) -> Option<f64> {
        let (model, likelihood) = (self.proposal.model, self.likelihood);
        let theta = self.proposal.sketch(at.context, DRAWS, 0);
        let (rows, each) = (theta.members.len(), theta.theta.chunks_exact(model.theta_dim()));
        let regressors = likelihood.seen(&model.prior, each, at.context);
        let width = at.target.len();
        let mut squares = vec![0.0; rows];
        for flow in self.flows {
            let mut white = at.target.repeat(rows);
            flow.whitening.as_ref()?.apply(&mut white, &regressors);
            for (square, row) in squares.iter_mut().zip(white.chunks_exact(width)) {
                let sum: f64 = row.iter().map(|z| f64::from(*z).powi(2)).sum();
                *square += sum / (width * self.flows.len()) as f64;
            }
        }
        squares.sort_by(f64::total_cmp);
        squares.get(squares.len() / 2).copied().filter(|square| square.is_finite())
    }
}

/// Residuals of held-out simulations, each by the flows that did not train on it; ascending.
///
/// # Errors
/// [`Halt`] where the work is to stop.
pub(crate) fn residuals(
    model: &Model,
    likelihood: &LikelihoodModel,
    data: &TrainingData,
    kind: EngineKind,
    part: &Part,
) -> Result<Vec<f64>, Halt> {
    let members = model.posterior.len().min(likelihood.flows.len()).max(1);
    let mut all = Vec::new();
    for index in 0..members {
        let flows = &model.posterior[index..=index];
        let predicting = Predicting {
            proposal: Proposal { model, flows, kind, asking: Asking::default() },
            likelihood,
            flows: &likelihood.flows[index..=index],
        };
        let (_, context) = data.fold(Role::Posterior, index).validation_tables();
        let (target, _) = data.fold(Role::Likelihood, index).validation_tables();
        let contexts = context.chunks_exact(model.data.kept().len());
        let targets = target.chunks_exact(likelihood.data.kept().len());
        let rows: Vec<At> = contexts
            .zip(targets)
            .take(REFERENCES.div_ceil(members))
            .map(|(context, target)| At { context, target })
            .collect();
        for rows in rows.chunks(AT_ONCE) {
            part.go_on()?;
            let of = |at: &At| predicting.residual(*at);
            all.extend(rows.par_iter().filter_map(of).collect::<Vec<f64>>());
        }
    }
    all.sort_by(f64::total_cmp);
    Ok(all)
}
