//! The likelihood of one trial, which is multiplied over all trials of a set: what a trial consists of, and
//! its density. A trial is a category, where some of its features are one of a few values, and quantities:
//! p(trial | θ) = P(category | θ) p(quantities | θ, category), by a classifier and a flow.

mod density;
mod form;
mod nodes;

pub(crate) use density::Trials;
pub(crate) use form::{TrialForm, evenly};
