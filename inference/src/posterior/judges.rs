//! The held-out simulations that judge a member's flows.

use super::at::At;
use crate::model::{LikelihoodModel, Model};
use crate::training::{Role, TrainingData};

/// Some rows that a member's flows did not train on.
pub(super) struct Judges {
    /// In the flow's space, `[n, D]`.
    pub points: Vec<f32>,
    context: Vec<f32>,
    target: Vec<f32>,
}

impl Judges {
    /// At most `most` rows of member `index`: the first, or, where the model is of one observation,
    /// those nearest to it in what the member's whitening says of θ. With what `likelihood` describes of
    /// them.
    pub fn of(
        model: &Model,
        likelihood: Option<&LikelihoodModel>,
        data: &TrainingData,
        (index, most): (usize, usize),
    ) -> Self {
        let fold = data.fold(Role::Posterior, index);
        let (dim, width) = fold.dims;
        let (points, context) = fold.validation_tables();
        let rows = fold.validation.len();
        let mut chosen: Vec<usize> = (0..rows).collect();
        if let Some(distances) = distances(model, index, &context) {
            chosen.sort_by(|a, b| distances[*a].total_cmp(&distances[*b]));
        }
        chosen.truncate(most);
        let of = |table: &[f32], width: usize| -> Vec<f32> {
            chosen.iter().flat_map(|row| &table[row * width..][..width]).copied().collect()
        };
        let own: Vec<u32> = chosen.iter().map(|row| fold.validation[*row]).collect();
        let target = likelihood.map(|l| data.described(l.trials.is_some(), &own));
        Self {
            points: of(&points, dim),
            context: of(&context, width),
            target: target.unwrap_or_default(),
        }
    }

    /// Their data, as the two kinds of flow see them.
    pub fn at(&self) -> At<'_> {
        At::new(&self.context, &self.target)
    }
}

/// Squared distances of contexts from the observation that a model is of, by the locations that a
/// member's whitening gives them; `None` where there is no such observation, or no whitening.
fn distances(model: &Model, index: usize, contexts: &[f32]) -> Option<Vec<f32>> {
    let local = model.training.local.as_ref()?;
    let flow = &model.posterior[index];
    let (dim, width) = (model.theta_dim(), model.data.kept().len());
    let mut own = vec![0.0; width];
    model.data.apply(&model.view.of(&local.observation), &mut own);
    let own = flow.location(&own)?;
    let distance = |row: &[f32]| row.iter().zip(&own).map(|(a, b)| (a - b).powi(2)).sum();
    Some(flow.location(contexts)?.chunks_exact(dim).map(distance).collect())
}
