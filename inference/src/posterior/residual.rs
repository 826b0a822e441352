//! Does an observation look like what its own posterior predicts? By the learnt likelihood's residuals.

use super::at::At;
use super::draws::Asking;
use super::proposal::Proposal;
use crate::engine::EngineKind;
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
    /// Of its flows, the one that counts; `None`: all.
    pub member: Option<usize>,
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
        let all = 0..likelihood.flows.len();
        let flows = self.member.map_or(all, |member| member..member + 1);
        let (mut squares, share) = (vec![0.0; rows], 1.0 / flows.len() as f64);
        for flow in flows {
            let own = likelihood.mean_squares(flow, at.target, &regressors)?;
            squares.iter_mut().zip(own).for_each(|(square, own)| *square += share * own);
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
            proposal: Proposal { model, flows, kind, asking: Asking::default(), folds: false },
            likelihood,
            member: Some(index),
        };
        let fold = data.fold(Role::Posterior, index);
        let (_, context) = fold.validation_tables();
        let count = fold.validation.len().min(REFERENCES.div_ceil(members));
        let target = data.described(likelihood.trials.is_some(), &fold.validation[..count]);
        let contexts = context.chunks_exact(model.data.kept().len());
        let targets = At::new(&[], &target).targets(count);
        let rows: Vec<At> =
            contexts.zip(targets).map(|(context, target)| At::new(context, target)).collect();
        for rows in rows.chunks(AT_ONCE) {
            part.go_on()?;
            let of = |at: &At| predicting.residual(*at);
            all.extend(rows.par_iter().filter_map(of).collect::<Vec<f64>>());
        }
    }
    all.sort_by(f64::total_cmp);
    Ok(all)
}
