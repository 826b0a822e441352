//! A learnt likelihood, in a model's files.

use super::super::LikelihoodModel;
use super::super::tensors::{FlowDescription, Tensors, read_flat};
use super::super::{is_no_power, no_power};
use crate::classifier::{Classifier, ClassifierShape};
use crate::summary::Summary;
use crate::transform::{Cells, DataTransform, ParameterTransform};
use crate::trials::{TrialForm, Trials};
use crate::whitening::{Whitening, WhiteningShape};
use freeform_simulators::Prior;
use safetensors::tensor::SafeTensors;
use serde::{Deserialize, Serialize};

/// `[likelihood]` of `model.toml`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LikelihoodDescription {
    pub strength: f64,
    #[serde(default = "no_power", skip_serializing_if = "is_no_power")]
    pub power: f64,
    pub flows: Vec<FlowDescription>,
    /// The regressions of a summary.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub summary: Vec<WhiteningShape>,
    pub data: DataTransform,
    pub regressors: ParameterTransform,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<usize>,
    /// What a trial is, where the likelihood is that of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trials: Option<TrialsDescription>,
}

/// `[likelihood.trials]` of `model.toml`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrialsDescription {
    pub form: TrialForm,
    /// The number of trials that the strength is meant for.
    pub typical: f64,
    /// Classifiers, one for each flow, where a trial has categories.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<ClassifierShape>,
}

impl TrialsDescription {
    fn of(trials: &Trials) -> Self {
        let choices = trials.choices.iter().map(Classifier::shape).collect();
        Self { form: trials.form.clone(), typical: trials.typical, choices }
    }

    fn fits(&self, inputs: usize, flows: usize) -> bool {
        let classes = self.form.classes();
        let shape = ClassifierShape { inputs, classes };
        let wanted = if self.form.indicators() > 0 { flows } else { 0 };
        self.form.is_whole()
            && self.typical.is_finite()
            && self.typical > 0.0
            && self.choices.len() == wanted
            && self.choices.iter().all(|own| *own == shape && own.parameters().is_some())
    }

    /// With the classifiers' numbers.
    pub fn read(self, tensors: &SafeTensors) -> Result<Trials, String> {
        let read = |(index, shape): (usize, &ClassifierShape)| {
            let numbers = read_flat(tensors, &choices_name(index))?;
            let choices = Classifier::from_numbers(*shape, numbers);
            choices.ok_or_else(|| format!("{} does not fit its description", choices_name(index)))
        };
        let choices = self.choices.iter().enumerate().map(read).collect::<Result<_, _>>()?;
        Ok(Trials { form: self.form, choices, typical: self.typical })
    }
}

fn choices_name(index: usize) -> String {
    format!("choices.{index}")
}

/// Adds the classifiers' numbers.
pub(super) fn write_choices(model: &LikelihoodModel, tensors: &mut Tensors) {
    for (index, choices) in model.trials.iter().flat_map(|t| &t.choices).enumerate() {
        tensors.add_flat(&choices_name(index), choices.numbers());
    }
}

impl LikelihoodDescription {
    pub fn of(model: &LikelihoodModel) -> Self {
        Self {
            strength: model.strength,
            power: model.power,
            flows: model.flows.iter().map(FlowDescription::of).collect(),
            summary: regressions(model).map(Whitening::shape).collect(),
            data: model.data.clone(),
            regressors: model.regressors.clone(),
            conditions: model.conditions.clone(),
            trials: model.trials.as_ref().map(TrialsDescription::of),
        }
    }

    /// Numbers of its classifiers; `None` where there are more than can be counted.
    pub fn choices_parameters(&self) -> Option<usize> {
        let mut all = self.trials.iter().flat_map(|trials| &trials.choices);
        all.try_fold(0_usize, |sum, shape| sum.checked_add(shape.parameters()?))
    }

    /// Whether it fits θ of D numbers and x of C, of which the networks see `context_dim`.
    pub fn fits(&self, prior: &Prior, data_dim: usize, context_dim: usize) -> bool {
        let theta_dim = match Cells::of(prior) {
            None => prior.dim(),
            // Indicators are told of.
            Some(_) => self.regressors.outputs(),
        };
        let described = match &self.trials {
            Some(trials) => trials.form.channels(),
            None if self.summary.is_empty() => data_dim,
            None => theta_dim,
        };
        let indicators = self.trials.as_ref().map_or(0, |trials| trials.form.indicators());
        let whole = |w: &WhiteningShape| {
            (w.dim, w.context_dim) == (theta_dim, context_dim) && w.parameters().is_some()
        };
        let targets = self.data.kept().len();
        let inputs = self.regressors.outputs() + self.conditions.len() + indicators;
        let outputs = self.regressors.outputs();
        let trials = |t: &TrialsDescription| t.fits(outputs, self.flows.len());
        self.trials.iter().all(trials)
            && !self.flows.is_empty()
            && (0.0..=1.0).contains(&self.strength)
            && self.power > 0.0
            && self.power <= 1.0
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
