//! Reading and writing of models.

mod description;
mod likelihood;
mod typical;

use super::tensors::{
    FlowDescription, Tensors, read_flat, read_flat_doubles, read_flow, read_whitening,
};
use super::{LikelihoodModel, Model, ModelError};
use crate::law::{Success, ThetaLaw};
use crate::summary::Summary;
use crate::training::TrainedOn;
use crate::transform::{Cells, ColumnMap};
use crate::turn::Turn;
use crate::view::View;
use description::{
    DESCRIPTION, Description, SuccessDescription, VERSION_WITH_CATEGORIES, VERSION_WITH_CURVES,
    VERSION_WITH_GAPS, VERSION_WITH_IMAGE, VERSION_WITH_LAW, VERSION_WITH_PARTS,
    VERSION_WITH_POWER, VERSION_WITH_REGRESSED, VERSION_WITH_TRIALS, VERSION_WITH_TURN,
    VERSION_WITH_VIEW, read_description, signed,
};
use freeform_simulators::{Layout, write_bytes_atomically};
use likelihood::{LikelihoodDescription, regressions, write_choices};
use safetensors::tensor::SafeTensors;
use std::path::Path;
use typical::TypicalDescription;

pub use description::FORMAT_VERSION;

/// Name of the view's numbers.
const VIEW: &str = "view";
/// Name of the hashes of simulations.
const TRAINED_ON: &str = "trained_on";
/// Name of the numbers of what cuts circles.
const TURN: &str = "turn";
const WEIGHTS: &str = "weights.safetensors";

impl Model {
    /// Writes the model into `folder` (created where absent). The description goes last: a folder
    /// with a description holds a whole model.
    ///
    /// # Errors
    /// [`ModelError::Io`] with the path.
    pub fn save(&self, folder: &Path) -> Result<(), ModelError> {
        std::fs::create_dir_all(folder).map_err(|e| {
            std::io::Error::new(e.kind(), format!("cannot create {}: {e}", folder.display()))
        })?;
        let mut tensors = Tensors::default();
        for (index, flow) in self.posterior.iter().enumerate() {
            tensors.add(&format!("posterior.{index}"), flow);
        }
        let likelihood = self.likelihood.iter().flat_map(|l| &l.flows);
        for (index, flow) in likelihood.enumerate() {
            tensors.add(&format!("likelihood.{index}"), flow);
        }
        let regressions = self.likelihood.iter().flat_map(regressions);
        for (index, regression) in regressions.enumerate() {
            tensors.add_whitening(&format!("summary.{index}"), regression);
        }
        self.likelihood.iter().for_each(|l| write_choices(l, &mut tensors));
        let success = self.law.success.as_ref().map(|success| {
            let (offset, networks) = success.numbers();
            for (index, weights) in networks.iter().enumerate() {
                tensors.add_flat(&format!("success.{index}"), weights);
            }
            SuccessDescription { offset, networks: networks.len() }
        });
        self.typical.iter().for_each(|typical| TypicalDescription::write(typical, &mut tensors));
        let theta_from = self.law.drawn_from.clone();
        let view = (!self.view.is_plain()).then(|| self.view.clone());
        let numbers = self.view.numbers();
        if !numbers.is_empty() {
            tensors.add_flat_doubles(VIEW, &numbers);
        }
        if let Some(known) = &self.trained_on {
            tensors.add_flat_doubles(TRAINED_ON, &known.numbers());
        }
        if let Some(turn) = &self.turn {
            tensors.add_flat(TURN, turn.numbers());
        }
        let likelihood = self.likelihood.as_ref();
        let layout = self.view.layout();
        let in_parts = layout == Layout::Parts;
        let is_newest = match layout {
            Layout::Parts => self.view.is_learnt() || !self.view.all_gaps().is_empty(),
            Layout::Image => self.view.is_learnt(),
            _ => self.view.is_regressed(),
        };
        let format_version = match (&view, &success, &theta_from) {
            _ if likelihood.is_some_and(|l| l.power < 1.0) => VERSION_WITH_POWER,
            _ if is_newest => VERSION_WITH_REGRESSED,
            _ if Cells::of(&self.prior).is_some() || self.view.is_learnt() => {
                VERSION_WITH_CATEGORIES
            }
            _ if in_parts || self.view.has_regressions() => VERSION_WITH_PARTS,
            _ if self.has_curves() => VERSION_WITH_CURVES,
            _ if likelihood.is_some_and(|l| l.trials.is_some()) => VERSION_WITH_TRIALS,
            _ if layout == Layout::Image => VERSION_WITH_IMAGE,
            _ if self.view.gaps().is_some() => VERSION_WITH_GAPS,
            _ if self.turn.is_some() => VERSION_WITH_TURN,
            (Some(_), _, _) => VERSION_WITH_VIEW,
            (None, None, None) => FORMAT_VERSION,
            _ => VERSION_WITH_LAW,
        };
        let bytes = tensors.to_bytes()?;
        let description = Description {
            format_version,
            weights_blake3: blake3::hash(&bytes).to_hex().to_string(),
            training: self.training.clone(),
            posterior: self.posterior.iter().map(FlowDescription::of).collect(),
            likelihood: self.likelihood.as_ref().map(LikelihoodDescription::of),
            parameters: self.parameters.clone(),
            turn: self.turn.as_ref().map(|turn| turn.shape().clone()),
            view,
            data: self.data.clone(),
            span: self.span.clone(),
            typical: self.typical.as_ref().map(TypicalDescription::of),
            trained_on: self.trained_on.as_ref().map(|known| known.numbers().len()),
            success,
            config: self.config.clone(),
            prior: self.prior.clone(),
            theta_from,
        };
        let text = signed(&toml::to_string(&description).map_err(std::io::Error::other)?);
        write_bytes_atomically(&folder.join(WEIGHTS), &bytes)?;
        Ok(write_bytes_atomically(&folder.join(DESCRIPTION), text.as_bytes())?)
    }

    /// Whether a whitening is curved, or a likelihood sees roots.
    fn has_curves(&self) -> bool {
        let likelihood = self.likelihood.as_ref();
        let flows = self.posterior.iter().chain(likelihood.map_or(&[][..], |l| &l.flows));
        let mut whitenings = flows.filter_map(|flow| flow.whitening.as_ref());
        likelihood.is_some_and(|l| l.data.maps().contains(&ColumnMap::Root))
            || whitenings.any(|whitening| whitening.shape().degree > 1)
    }

    /// Reads the model in `folder`.
    ///
    /// # Errors
    /// [`ModelError`] where a file is missing, damaged, foreign, or of another version.
    pub fn load(folder: &Path) -> Result<Self, ModelError> {
        let description = read_description(folder)?;
        let path = folder.join(WEIGHTS).display().to_string();
        let bytes = read(folder, WEIGHTS)?;
        if blake3::hash(&bytes).to_hex().as_str() != description.weights_blake3 {
            return Err(ModelError::Checksum { path });
        }
        let invalid = |reason| ModelError::Invalid { path: path.clone(), reason };
        // Nothing is allocated for numbers that the file does not hold.
        if description.bytes().is_none_or(|needed| needed > bytes.len() as u64) {
            return Err(invalid(format!(
                "has {} bytes, too few for the networks that model.toml describes",
                bytes.len()
            )));
        }
        let tensors = SafeTensors::deserialize(&bytes).map_err(|e| invalid(e.to_string()))?;
        let cells = Cells::of(&description.prior);
        let flows = |role: &str, descriptions: &[FlowDescription]| {
            let read = |(index, description)| {
                let name = format!("{role}.{index}");
                read_flow(&tensors, &name, description, cells.as_ref()).map_err(invalid)
            };
            descriptions.iter().enumerate().map(read).collect::<Result<Vec<_>, _>>()
        };
        let posterior = flows("posterior", &description.posterior)?;
        let likelihood = match description.likelihood {
            None => None,
            Some(described) => {
                let regressions = described.summary.iter().enumerate().map(|(index, shape)| {
                    read_whitening(&tensors, &format!("summary.{index}"), *shape).map_err(invalid)
                });
                let flows = flows("likelihood", &described.flows)?;
                let summary = Summary::from_regressions(regressions.collect::<Result<_, _>>()?);
                let LikelihoodDescription { strength, power, data, regressors, conditions, .. } =
                    described;
                let trials = described.trials.map(|trials| trials.read(&tensors)).transpose();
                let trials = trials.map_err(invalid)?;
                Some(LikelihoodModel {
                    flows,
                    summary,
                    trials,
                    data,
                    regressors,
                    conditions,
                    strength,
                    power,
                })
            }
        };
        let success = match description.success {
            None => None,
            Some(SuccessDescription { offset, networks }) => {
                let read = |index| read_flat(&tensors, &format!("success.{index}"));
                let weights: Result<_, _> = (0..networks).map(read).collect();
                let weights = weights.map_err(invalid)?;
                let success = Success::from_numbers(description.prior.dim(), offset, weights);
                let differs = || invalid("success does not fit its description".to_owned());
                Some(success.ok_or_else(differs)?)
            }
        };
        let typical = description.typical.as_ref().map(|described| described.read(&tensors));
        let typical = typical.transpose().map_err(invalid)?;
        let trained_on = description.trained_on.map(|count| {
            let numbers = read_flat_doubles(&tensors, TRAINED_ON)?;
            let known = TrainedOn::from_numbers(&numbers).filter(|_| numbers.len() == count);
            known.ok_or_else(|| format!("{TRAINED_ON} does not fit its description"))
        });
        let trained_on = trained_on.transpose().map_err(invalid)?;
        let Description { training, parameters, data, span, config, prior, .. } = description;
        let view = match description.view {
            None => View::plain(data.columns()),
            Some(view) => read_view(view, &tensors).map_err(invalid)?,
        };
        let turn = description.turn.map(|shape| {
            Turn::from_numbers(shape, read_flat(&tensors, TURN)?)
                .ok_or_else(|| "the turn does not fit its description".to_owned())
        });
        let turn = turn.transpose().map_err(invalid)?;
        let law = ThetaLaw { drawn_from: description.theta_from, success, rounds: None };
        let model = Self {
            posterior,
            likelihood,
            prior,
            parameters,
            turn,
            view,
            data,
            span,
            typical,
            trained_on,
            law,
            config,
            training,
        };
        Ok(model.named())
    }
}

fn read_view(view: View, tensors: &SafeTensors) -> Result<View, String> {
    let numbers = match view.parameters() {
        Some(0) => Vec::new(),
        _ => read_flat_doubles(tensors, VIEW)?,
    };
    view.with_numbers(&numbers).ok_or_else(|| "the view does not fit its description".to_owned())
}

fn read(folder: &Path, file: &'static str) -> Result<Vec<u8>, ModelError> {
    let path = folder.join(file);
    std::fs::read(&path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => {
            ModelError::Missing { path: folder.display().to_string(), file }
        }
        kind => std::io::Error::new(kind, format!("{}: {e}", path.display())).into(),
    })
}

#[cfg(test)]
mod tests;
