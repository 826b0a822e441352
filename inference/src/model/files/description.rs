//! `model.toml`: what a model consists of, under a checksum.

use super::likelihood::LikelihoodDescription;
use super::typical::TypicalDescription;
use crate::config::Config;
use crate::model::tensors::FlowDescription;
use crate::model::{ModelError, TrainingSummary};
use crate::transform::{DataSpan, DataTransform, ParameterTransform};
use crate::turn::TurnShape;
use crate::view::View;
use crate::whitening::WhiteningShape;
use freeform_simulators::Prior;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Version of the files of a model; raised when they change their meaning.
pub const FORMAT_VERSION: u64 = 3;
/// That of models whose simulations' θ did not follow the prior: older programs must not read them.
pub(super) const VERSION_WITH_LAW: u64 = 4;
/// That of models whose networks are given something else than x.
pub(super) const VERSION_WITH_VIEW: u64 = 5;
/// That of models with angles, whose flows see them from a cut that depends on x.
pub(super) const VERSION_WITH_TURN: u64 = 6;
/// That of models of data with gaps.
pub(super) const VERSION_WITH_GAPS: u64 = 7;
/// That of models of images.
pub(super) const VERSION_WITH_IMAGE: u64 = 8;
/// That of models that know the likelihood of one trial.
pub(super) const VERSION_WITH_TRIALS: u64 = 9;
/// That of models with curved whitenings, or a likelihood that sees roots of counts.
pub(super) const VERSION_WITH_CURVES: u64 = 10;
/// That of models of x in parts, or of series by regressions of their points.
pub(super) const VERSION_WITH_PARTS: u64 = 11;
/// That of models of priors with categories, or of views that networks learnt.
pub(super) const VERSION_WITH_CATEGORIES: u64 = 12;
/// The same where x is seen by linear regressions of θ, by what networks learnt of images or parts, or where parts may
/// have gaps.
pub(super) const VERSION_WITH_REGRESSED: u64 = 13;
/// That of models that count what they learnt to a power.
pub(super) const VERSION_WITH_POWER: u64 = 14;
const NEWEST: u64 = VERSION_WITH_POWER;
/// The file.
pub(super) const DESCRIPTION: &str = "model.toml";
/// Name of the first line of the description: BLAKE3 of all that follows.
const CHECKSUM: &str = "description_blake3";

/// `model.toml`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Description {
    pub format_version: u64,
    /// BLAKE3 of the weights file.
    pub weights_blake3: String,
    pub training: TrainingSummary,
    pub posterior: Vec<FlowDescription>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub likelihood: Option<LikelihoodDescription>,
    pub parameters: ParameterTransform,
    /// Where circles are cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<TurnShape>,
    /// What of x the networks are given, where that is not x as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<View>,
    pub data: DataTransform,
    /// Where the simulated x lie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<DataSpan>,
    /// What they look like as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typical: Option<TypicalDescription>,
    /// How many simulations are remembered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trained_on: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success: Option<SuccessDescription>,
    pub config: Config,
    pub prior: Prior,
    /// The law that θ was drawn from, where it is not the prior.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub theta_from: Option<Prior>,
}

/// `[success]` of `model.toml`: which simulations succeed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SuccessDescription {
    pub offset: f64,
    pub networks: usize,
}

impl Description {
    /// Bytes that the numbers of all networks take at least.
    pub fn bytes(&self) -> Option<u64> {
        let likelihood = self.likelihood.iter();
        let flows = self.posterior.iter().chain(likelihood.clone().flat_map(|l| &l.flows));
        let numbers = flows.map(FlowDescription::parameters);
        let summaries = likelihood.clone().flat_map(|l| &l.summary).map(WhiteningShape::parameters);
        let choices = likelihood.map(LikelihoodDescription::choices_parameters);
        let view = self.view.iter().map(View::parameters);
        let turn = self.turn.iter().map(TurnShape::parameters);
        let all = numbers
            .chain(summaries)
            .chain(choices)
            .chain(view)
            .chain(turn)
            .try_fold(0_usize, |sum, n| sum.checked_add(n?))?;
        u64::try_from(all).ok()?.checked_mul(4)
    }
}

/// The text of `model.toml` under a line with its checksum.
pub(super) fn signed(text: &str) -> String {
    format!("{CHECKSUM} = \"{}\"\n{text}", blake3::hash(text.as_bytes()).to_hex())
}

/// The text beneath that line, and whether it is the one that the line was made for. A text without
/// the line, as former versions wrote it, is used without that check.
pub(super) fn checked(text: &str) -> (&str, bool) {
    let Some((first, rest)) = text.split_once('\n') else { return (text, true) };
    match first.strip_prefix(CHECKSUM) {
        None => (text, true),
        Some(_) => (rest, text == signed(rest)),
    }
}

pub(super) fn read_description(folder: &Path) -> Result<Description, ModelError> {
    let path = folder.join(DESCRIPTION).display().to_string();
    let invalid = |reason| ModelError::Invalid { path: path.clone(), reason };
    let text = String::from_utf8(super::read(folder, DESCRIPTION)?)
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
        Some(FORMAT_VERSION..=NEWEST) if !whole => return Err(changed()),
        Some(FORMAT_VERSION..=NEWEST) => {}
        Some(found) => {
            return Err(ModelError::Version { path, found, expected: NEWEST });
        }
    }
    let description: Description =
        table.try_into().map_err(|e: toml::de::Error| invalid(e.message().to_owned()))?;
    let (dim, data) = (description.prior.dim(), &description.data);
    let width = data.kept().len();
    let compared = description.view.as_ref().map_or(data.columns(), View::compared);
    description.config.validate().map_err(|error| invalid(error.to_string()))?;
    let fits = !description.posterior.is_empty()
        && description.posterior.iter().all(|flow| flow.fits_prior(&description.prior, width))
        && data.is_whole()
        && description.parameters.fits(&description.prior)
        && description.turn.as_ref().is_none_or(|turn| turn.fits(&description.prior, width))
        && description.view.as_ref().is_none_or(|v| v.is_whole() && v.outputs() == data.columns())
        && description.span.as_ref().is_none_or(|span| span.fits(compared))
        && description.typical.as_ref().is_none_or(|typical| typical.fits(dim, width))
        && description.theta_from.as_ref().is_none_or(|law| law.dim() == dim)
        && description
            .likelihood
            .as_ref()
            .is_none_or(|l| l.fits(&description.prior, data.columns(), width));
    if !fits {
        return Err(invalid(
            "networks, prior and standardisation differ in size, or are no numbers".to_owned(),
        ));
    }
    Ok(description)
}
