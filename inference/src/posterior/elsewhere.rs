//! A model that was trained for one observation, asked about another.

use crate::model::Model;
use freeform_simulators::written;

/// What is to be said where `model` was trained in rounds for another observation than `x`; `None`
/// where it was not.
pub(super) fn elsewhere(model: &Model, x: &[f64]) -> Option<String> {
    let own = &model.training.local.as_ref()?.observation;
    let (column, (value, known)) =
        x.iter().zip(own).enumerate().find(|(_, (v, k))| v != k && !(v.is_nan() && k.is_nan()))?;
    Some(format!(
        "this model was trained in rounds for another observation (column {} was {}, not {}): \
         all of its simulations lie where that one's posterior does, and what lies elsewhere is missing \
         from this posterior; infer in rounds for this observation, or train on simulations of the prior",
        column + 1,
        written(*known),
        written(*value)
    ))
}
