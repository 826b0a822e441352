//! Reading and writing of models.

use super::{Model, ModelError, TrainingSummary};
use crate::config::Config;
use crate::files::write_atomically;
use crate::network::{FlowWeights, Layout, NetworkSpec};
use crate::training::{from_bytes, to_bytes};
use crate::transform::{DataTransform, ParameterTransform};
use freeform_simulators::Prior;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Raised when the files change their meaning.
pub(crate) const FORMAT_VERSION: u64 = 2;
const DESCRIPTION: &str = "model.toml";
const WEIGHTS: &str = "weights.safetensors";

/// `model.toml`.
#[derive(Serialize, Deserialize)]
struct Description {
    format_version: u64,
    /// BLAKE3 of the weights file.
    weights_blake3: String,
    network: NetworkSpec,
    training: TrainingSummary,
    parameters: ParameterTransform,
    data: DataTransform,
    config: Config,
    prior: Prior,
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
        let bytes = self.weight_bytes()?;
        let description = Description {
            format_version: FORMAT_VERSION,
            weights_blake3: blake3::hash(&bytes).to_hex().to_string(),
            network: self.network.clone(),
            training: self.training.clone(),
            parameters: self.parameters.clone(),
            data: self.data.clone(),
            config: self.config.clone(),
            prior: self.prior.clone(),
        };
        let text = toml::to_string(&description).map_err(std::io::Error::other)?;
        write_atomically(&folder.join(WEIGHTS), &bytes)?;
        Ok(write_atomically(&folder.join(DESCRIPTION), text.as_bytes())?)
    }

    /// Reads the model in `folder`.
    ///
    /// # Errors
    /// [`ModelError`] where a file is missing, damaged, foreign, or of another version.
    pub fn load(folder: &Path) -> Result<Self, ModelError> {
        let description = read_description(folder)?;
        let path = folder.join(WEIGHTS);
        let bytes = read(folder, WEIGHTS)?;
        if blake3::hash(&bytes).to_hex().as_str() != description.weights_blake3 {
            return Err(ModelError::Checksum { path: path.display().to_string() });
        }
        let invalid = |reason| ModelError::Invalid { path: path.display().to_string(), reason };
        let weights = parse_weights(&bytes, &description.network.layout()).map_err(invalid)?;
        let Description { network, training, parameters, data, config, prior, .. } = description;
        Ok(Self { network, weights, prior, parameters, data, config, training })
    }

    fn weight_bytes(&self) -> Result<Vec<u8>, std::io::Error> {
        let layout = self.network.layout();
        let networks = [("encoder", &self.weights.encoder), ("decoder", &self.weights.decoder)];
        let mut tensors = Vec::new();
        for (network, flat) in networks {
            for slot in layout.slots() {
                let name = format!("{network}.{}", slot.name);
                tensors.push((name, slot.shape.clone(), to_bytes(&flat[slot.range()])));
            }
        }
        let views = tensors
            .iter()
            .map(|(name, shape, bytes)| {
                Ok((name, TensorView::new(Dtype::F32, shape.clone(), bytes)?))
            })
            .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()
            .map_err(std::io::Error::other)?;
        safetensors::serialize(views, None).map_err(std::io::Error::other)
    }
}

fn read_description(folder: &Path) -> Result<Description, ModelError> {
    let path = folder.join(DESCRIPTION).display().to_string();
    let invalid = |reason| ModelError::Invalid { path: path.clone(), reason };
    let text = String::from_utf8(read(folder, DESCRIPTION)?)
        .map_err(|_| invalid("is not text".to_owned()))?;
    let table: toml::Table =
        text.parse().map_err(|e: toml::de::Error| invalid(e.message().to_owned()))?;
    let version = table.get("format_version").and_then(toml::Value::as_integer);
    match version.and_then(|v| u64::try_from(v).ok()) {
        None => return Err(invalid("has no format_version: not a model of ours".to_owned())),
        Some(FORMAT_VERSION) => {}
        Some(found) => {
            return Err(ModelError::Version { path, found, expected: FORMAT_VERSION });
        }
    }
    let description: Description =
        table.try_into().map_err(|e: toml::de::Error| invalid(e.message().to_owned()))?;
    description.network.validate().map_err(|e| invalid(e.to_string()))?;
    let (network, prior) = (&description.network, &description.prior);
    let fits = network.theta_dim == prior.dim()
        && network.theta_dim == description.parameters.scaler().columns()
        && network.context_dim == description.data.scaler().columns();
    if !fits {
        return Err(invalid("network, prior and standardisation differ in size".to_owned()));
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

fn parse_weights(bytes: &[u8], layout: &Layout) -> Result<FlowWeights, String> {
    let tensors = SafeTensors::deserialize(bytes).map_err(|e| e.to_string())?;
    let network = |prefix: &str| {
        let mut flat = vec![0.0; layout.len()];
        for slot in layout.slots() {
            let name = format!("{prefix}.{}", slot.name);
            let view = tensors.tensor(&name).map_err(|e| e.to_string())?;
            if view.dtype() != Dtype::F32 || view.shape() != slot.shape {
                let (got, want) = (view.shape(), &slot.shape);
                return Err(format!("{name} is {:?} {got:?}, not F32 {want:?}", view.dtype()));
            }
            flat[slot.range()].copy_from_slice(&from_bytes(view.data()));
        }
        Ok(flat)
    };
    Ok(FlowWeights { encoder: network("encoder")?, decoder: network("decoder")? })
}
