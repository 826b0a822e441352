//! A trained flow in a folder.

use crate::flow::Flow;
use crate::network::NetworkSpec;
use crate::system::{SYSTEMS, System, SystemError, by_name};
use crate::tensors::Tensors;
use crate::training::{Checked, TrainSettings};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The one file of a model.
const FILE: &str = "particles.safetensors";
/// What is in front of the description: the format and its version.
const FORMAT: &str = "freeform particles model 2: ";

/// A flow, what it is of, and how it was trained.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// The weights.
    pub flow: Flow,
    /// All else.
    pub about: About,
}

/// What a model is of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// The system: a name, or the absolute path of the file of one's own.
    pub system: String,
    /// Its [`System::identity`] then.
    pub identity: String,
    /// Settings of the training.
    pub settings: TrainSettings,
    /// Its seed.
    pub seed: u64,
    /// Rows that it was given.
    pub rows: usize,
    /// Steps without a finite gradient, which were left out.
    pub skipped: usize,
    /// Names of the engines that did its steps, in order: `cpu`, `burn`.
    #[serde(default = "cpu")]
    pub engines: Vec<String>,
    /// Looks at the validation rows.
    pub checks: Vec<Checked>,
}

/// Of models from when there was no other.
fn cpu() -> Vec<String> {
    vec!["cpu".to_owned()]
}

#[derive(Serialize, Deserialize)]
struct Description {
    spec: NetworkSpec,
    scale: f64,
    about: About,
}

/// A folder without a readable model.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// There is none.
    #[error(
        "{0}: there is no particles.safetensors; `freeform particles train … --out DIR` writes one"
    )]
    Missing(String),
    /// It cannot be read or written.
    #[error("{path}: {reason}")]
    File {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
}

impl About {
    /// The system called `name`, as a model remembers it.
    ///
    /// # Errors
    /// Where the system does not say what the current folder is.
    pub fn system_of(name: &str, system: &dyn System) -> std::io::Result<(String, String)> {
        let named = match SYSTEMS.contains(&name) {
            true => name.to_owned(),
            false => std::path::absolute(name)?.display().to_string(),
        };
        Ok((named, system.identity()))
    }

    /// Opens the system; one's own program is started.
    ///
    /// # Errors
    /// [`SystemError`] where it is not there, or is not what it was.
    pub fn open(&self) -> Result<Box<dyn System + Send>, SystemError> {
        let file = |reason: &str| SystemError::File {
            path: self.system.clone(),
            reason: reason.to_owned(),
        };
        if !SYSTEMS.contains(&self.system.as_str()) && !Path::new(&self.system).exists() {
            return Err(file("the model was trained on this system, which is not there"));
        }
        let system = by_name(&self.system)?;
        match system.identity() == self.identity {
            true => Ok(system),
            false => Err(file(
                "the system is not what it was when the model was trained: bring it back, or train anew",
            )),
        }
    }
}

impl Model {
    /// The model's file in a folder.
    #[must_use]
    pub fn file(folder: &Path) -> PathBuf {
        folder.join(FILE)
    }

    /// Writes the model into a folder, replacing one that is there.
    ///
    /// # Errors
    /// [`ModelError::File`].
    pub fn save(&self, folder: &Path) -> Result<(), ModelError> {
        let path = Self::file(folder);
        let description =
            Description { spec: self.flow.spec, scale: self.flow.scale, about: self.about.clone() };
        let text = serde_json::to_string(&description).map_err(|e| failed(&path, &e))?;
        let mut tensors = Tensors::new(&format!("{FORMAT}{text}"));
        tensors.put_single("weights", self.flow.weights.clone());
        tensors.write(&path).map_err(|e| failed(&path, &e))
    }

    /// Reads the model of a folder.
    ///
    /// # Errors
    /// [`ModelError`].
    pub fn load(folder: &Path) -> Result<Self, ModelError> {
        let path = Self::file(folder);
        let tensors = Tensors::read(&path)
            .map_err(|e| failed(&path, &e))?
            .ok_or_else(|| ModelError::Missing(folder.display().to_string()))?;
        let Some(text) = tensors.identity().strip_prefix(FORMAT) else {
            return Err(failed(&path, &"it is not a model of this version"));
        };
        let Description { spec, scale, about } =
            serde_json::from_str(text).map_err(|e| failed(&path, &e))?;
        spec.check().map_err(|e| failed(&path, &e))?;
        let weights = tensors.get_single("weights");
        let weights = weights.filter(|w| w.len() == 2 * spec.parameters() && scale > 0.0);
        let weights = weights.ok_or_else(|| failed(&path, &"its weights are not of its sizes"))?;
        Ok(Self { flow: Flow { spec, scale, weights }, about })
    }
}

fn failed(path: &Path, reason: &dyn std::fmt::Display) -> ModelError {
    ModelError::File { path: path.display().to_string(), reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::Preset;

    #[test]
    fn models_come_back_and_broken_ones_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let settings = TrainSettings { layers: 1, width: 16, ..Preset::Paper.settings(4, 100) };
        let flow = Flow::initial(settings.spec(4, 2), 0.1 + 0.2, 3);
        let checks = vec![Checked {
            step: 5,
            loss: -0.1,
            encoder_nll: 7.25,
            nll: 7.5,
            solved: 1.0,
            reconstruction: 1e-3,
        }];
        let system = "dw4".to_owned();
        let identity = system.clone();
        let (engines, skipped) = (cpu(), 0);
        let about =
            About { system, identity, settings, seed: 3, rows: 100, skipped, engines, checks };
        let model = Model { flow, about };
        assert!(matches!(Model::load(folder.path()), Err(ModelError::Missing(_))));
        model.save(folder.path()).unwrap();
        assert_eq!(Model::load(folder.path()).unwrap(), model);
        // A validation that found no density.
        let mut lost = model.clone();
        lost.about.checks[0].nll = f64::NAN;
        lost.save(folder.path()).unwrap();
        assert!(Model::load(folder.path()).unwrap().about.checks[0].nll.is_nan());
        let mut broken = model;
        broken.flow.weights.pop();
        broken.save(folder.path()).unwrap();
        let error = Model::load(folder.path()).unwrap_err().to_string();
        assert!(error.contains("not of its sizes"), "{error}");
    }
}
