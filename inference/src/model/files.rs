//! Reading and writing of models.

mod likelihood;
mod typical;

use super::tensors::{
    FlowDescription, Tensors, read_flat, read_flat_doubles, read_flow, read_whitening,
};
use super::{LikelihoodModel, Model, ModelError, TrainingSummary};
use crate::config::Config;
use crate::law::{Success, ThetaLaw};
use crate::summary::Summary;
use crate::transform::{DataSpan, DataTransform, ParameterTransform};
use crate::view::View;
use crate::whitening::WhiteningShape;
use freeform_simulators::Prior;
use freeform_simulators::write_bytes_atomically;
use likelihood::{LikelihoodDescription, regressions};
use safetensors::tensor::SafeTensors;
use serde::{Deserialize, Serialize};
use std::path::Path;
use typical::TypicalDescription;

/// Version of the files of a model; raised when they change their meaning.
pub const FORMAT_VERSION: u64 = 3;
/// That of models whose simulations' θ did not follow the prior: older programs must not read them.
const VERSION_WITH_LAW: u64 = 4;
/// That of models whose networks are given something else than x.
const VERSION_WITH_VIEW: u64 = 5;
/// Name of the view's numbers.
const VIEW: &str = "view";
const DESCRIPTION: &str = "model.toml";
const WEIGHTS: &str = "weights.safetensors";
/// Name of the first line of the description: BLAKE3 of all that follows.
const CHECKSUM: &str = "description_blake3";

/// `model.toml`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    format_version: u64,
    /// BLAKE3 of the weights file.
    weights_blake3: String,
    training: TrainingSummary,
    posterior: Vec<FlowDescription>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    likelihood: Option<LikelihoodDescription>,
    parameters: ParameterTransform,
    /// What of x the networks are given, where that is not x as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    view: Option<View>,
    data: DataTransform,
    /// Where the simulated x lie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    span: Option<DataSpan>,
    /// What they look like as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    typical: Option<TypicalDescription>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    success: Option<SuccessDescription>,
    config: Config,
    prior: Prior,
    /// The law that θ was drawn from, where it is not the prior.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    theta_from: Option<Prior>,
}

/// `[success]` of `model.toml`: which simulations succeed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SuccessDescription {
    offset: f64,
    networks: usize,
}

impl Description {
    /// Bytes that the numbers of all networks take at least.
    fn bytes(&self) -> Option<u64> {
        let likelihood = self.likelihood.iter();
        let flows = self.posterior.iter().chain(likelihood.clone().flat_map(|l| &l.flows));
        let numbers = flows.map(FlowDescription::parameters);
        let summaries = likelihood.flat_map(|l| &l.summary).map(WhiteningShape::parameters);
        let view = self.view.iter().map(View::parameters);
        let all =
            numbers.chain(summaries).chain(view).try_fold(0_usize, |sum, n| sum.checked_add(n?))?;
        u64::try_from(all).ok()?.checked_mul(4)
    }
}

/// The text of `model.toml` under a line with its checksum.
fn signed(text: &str) -> String {
    format!("{CHECKSUM} = \"{}\"\n{text}", blake3::hash(text.as_bytes()).to_hex())
}

/// The text beneath that line, and whether it is the one that the line was made for. A text without
/// the line, as former versions wrote it, is used without that check.
fn checked(text: &str) -> (&str, bool) {
    let Some((first, rest)) = text.split_once('\n') else { return (text, true) };
    match first.strip_prefix(CHECKSUM) {
        None => (text, true),
        Some(_) => (rest, text == signed(rest)),
    }
}

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
        let format_version = match (&view, &success, &theta_from) {
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
            view,
            data: self.data.clone(),
            span: self.span.clone(),
            typical: self.typical.as_ref().map(TypicalDescription::of),
            success,
            config: self.config.clone(),
            prior: self.prior.clone(),
            theta_from,
        };
        let text = signed(&toml::to_string(&description).map_err(std::io::Error::other)?);
        write_bytes_atomically(&folder.join(WEIGHTS), &bytes)?;
        Ok(write_bytes_atomically(&folder.join(DESCRIPTION), text.as_bytes())?)
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
        let flows = |role: &str, descriptions: &[FlowDescription]| {
            let read = |(index, description)| {
                read_flow(&tensors, &format!("{role}.{index}"), description).map_err(invalid)
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
                let LikelihoodDescription { strength, data, regressors, .. } = described;
                Some(LikelihoodModel { flows, summary, data, regressors, strength })
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
        let Description { training, parameters, data, span, config, prior, .. } = description;
        let view = match description.view {
            None => View::plain(data.columns()),
            Some(view) => read_view(view, &tensors).map_err(invalid)?,
        };
        let law = ThetaLaw { drawn_from: description.theta_from, success };
        Ok(Self {
            posterior,
            likelihood,
            prior,
            parameters,
            view,
            data,
            span,
            typical,
            law,
            config,
            training,
        })
    }
}

fn read_view(view: View, tensors: &SafeTensors) -> Result<View, String> {
    let numbers = match view.parameters() {
        Some(0) => Vec::new(),
        _ => read_flat_doubles(tensors, VIEW)?,
    };
    view.with_numbers(&numbers).ok_or_else(|| "the view does not fit its description".to_owned())
}

fn read_description(folder: &Path) -> Result<Description, ModelError> {
    let path = folder.join(DESCRIPTION).display().to_string();
    let invalid = |reason| ModelError::Invalid { path: path.clone(), reason };
    let text = String::from_utf8(read(folder, DESCRIPTION)?)
        .map_err(|_| invalid("is not text".to_owned()))?;
    let (text, whole) = checked(&text);
    let changed = || {
        invalid(format!(
            "has changed since it was written: its checksum is not that of its text; copy it again, \
             or remove the line that begins with {CHECKSUM} to use it all the same"
        ))
    };
    let table: toml::Table = text.parse().map_err(|e: toml::de::Error| match whole {
        true => invalid(e.message().to_owned()),
        false => changed(),
    })?;
    let version = table.get("format_version").and_then(toml::Value::as_integer);
    match version.and_then(|v| u64::try_from(v).ok()) {
        None => return Err(invalid("has no format_version: not a model of ours".to_owned())),
        Some(FORMAT_VERSION..=VERSION_WITH_VIEW) if !whole => return Err(changed()),
        Some(FORMAT_VERSION..=VERSION_WITH_VIEW) => {}
        Some(found) => {
            return Err(ModelError::Version { path, found, expected: VERSION_WITH_VIEW });
        }
    }
    let description: Description =
        table.try_into().map_err(|e: toml::de::Error| invalid(e.message().to_owned()))?;
    let (dim, data) = (description.prior.dim(), &description.data);
    let width = data.kept().len();
    let inputs = description.view.as_ref().map_or(data.columns(), View::inputs);
    description.config.validate().map_err(|error| invalid(error.to_string()))?;
    let fits = !description.posterior.is_empty()
        && description.posterior.iter().all(|flow| flow.fits(dim, width))
        && data.is_whole()
        && description.parameters.scaler().is_whole(dim)
        && description.view.as_ref().is_none_or(|v| v.is_whole() && v.outputs() == data.columns())
        && description.span.as_ref().is_none_or(|span| span.fits(inputs))
        && description.typical.as_ref().is_none_or(|typical| typical.fits(dim, width))
        && description.theta_from.as_ref().is_none_or(|law| law.dim() == dim)
        && description.likelihood.as_ref().is_none_or(|l| l.fits(dim, data.columns(), width));
    if !fits {
        return Err(invalid(
            "networks, prior and standardisation differ in size, or are no numbers".to_owned(),
        ));
    }
    Ok(description)
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
