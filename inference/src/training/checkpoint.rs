//! A training's whole state in one file, so that it goes on bit for bit.

use super::EpochMetrics;
use crate::engine::OptimizerState;
use crate::network::FlowWeights;
use freeform_kernels::Isa;
use freeform_simulators::write_bytes_atomically;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// Format of the file, and of pieces beside it; raised when their meaning changes. Those of 1 and 2 were trained
/// over whitenings of another form, those of 3 on counts without roots.
pub(super) const FORMAT: &str = "freeform-checkpoint-4";

/// Where in the metadata the checksum stands.
const CHECKSUM: &str = "blake3";

/// Everything that a trainer needs beside data and configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Current weights.
    pub weights: FlowWeights,
    /// Optimiser state.
    pub optimizer: OptimizerState,
    /// Weights of the best epoch so far.
    pub best: Option<FlowWeights>,
    /// Counters and sums.
    pub progress: Progress,
}

/// Where a training stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// Which training this is: a hash of configuration, seed and data.
    pub identity: String,
    /// Finished epochs.
    pub epoch: usize,
    /// Finished steps of the current epoch.
    pub step_in_epoch: usize,
    /// Sums over the finished steps of the current epoch.
    pub sums: StepSums,
    /// Best validation NLL so far and the epoch (from 1) that reached it.
    pub best: Option<(usize, f64)>,
    /// One entry a finished epoch.
    pub history: Vec<EpochMetrics>,
    /// Seconds spent so far, in all processes.
    #[serde(default)]
    pub seconds: f64,
    /// Steps left out one after the other, up to the last one.
    #[serde(default)]
    pub skipped_in_a_row: usize,
    /// How the processor that wrote this rounds (see `Isa::arithmetic` of the kernels): another
    /// kind goes on to a result that differs by rounding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arithmetic: Option<String>,
}

/// Running sums over an epoch's steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepSums {
    /// Samples counted.
    pub samples: f64,
    /// Σ loss × samples.
    pub loss: f64,
    /// Σ reconstruction × samples.
    pub reconstruction: f64,
    /// Σ gradient norm × samples.
    pub gradient_norm: f64,
    /// Steps left out.
    pub skipped: usize,
}

/// A checkpoint that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// Reading or writing failed.
    #[error("checkpoint: {0}")]
    Io(#[from] std::io::Error),
    /// Not a checkpoint of ours, or damaged.
    #[error("checkpoint {path}: {reason}; remove it to start anew")]
    Invalid {
        /// The file.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// Of another training.
    #[error(
        "checkpoint {path} belongs to a training with other settings, seed or simulations; \
         give those again, or choose another folder"
    )]
    OtherTraining {
        /// The file.
        path: String,
    },
}

impl Checkpoint {
    /// How the processor that wrote this rounds, where that is not how this one does.
    #[must_use]
    pub fn other_arithmetic(&self) -> Option<&str> {
        let wrote = self.progress.arithmetic.as_deref();
        wrote.filter(|wrote| *wrote != Isa::best().arithmetic())
    }

    /// Writes the file atomically.
    ///
    /// # Errors
    /// [`CheckpointError::Io`].
    pub fn write(&self, path: &Path) -> Result<(), CheckpointError> {
        let mut tensors = BTreeMap::new();
        for (name, weights) in self.parts() {
            tensors.insert(format!("{name}.encoder"), to_bytes(&weights.encoder));
            tensors.insert(format!("{name}.decoder"), to_bytes(&weights.decoder));
        }
        let progress = serde_json::to_string(&self.progress).map_err(std::io::Error::other)?;
        let mut metadata = HashMap::from([
            ("format".to_owned(), FORMAT.to_owned()),
            ("progress".to_owned(), progress),
            ("optimizer_step".to_owned(), self.optimizer.step.to_string()),
        ]);
        let views: Vec<_> = tensors
            .iter()
            .map(|(name, bytes)| {
                Ok((name.as_str(), TensorView::new(Dtype::F32, vec![bytes.len() / 4], bytes)?))
            })
            .collect::<Result<_, safetensors::SafeTensorError>>()
            .map_err(std::io::Error::other)?;
        metadata.insert(CHECKSUM.to_owned(), checksum(&metadata, &views));
        let bytes = safetensors::serialize(views, Some(metadata)).map_err(std::io::Error::other)?;
        Ok(write_bytes_atomically(path, &bytes)?)
    }

    /// Reads the file and checks that it is whole and belongs to the training `identity`.
    ///
    /// # Errors
    /// [`CheckpointError`] where it is unreadable, damaged, or another training's.
    pub fn read(path: &Path, identity: &str) -> Result<Self, CheckpointError> {
        let shown = path.display().to_string();
        let bytes = std::fs::read(path)
            .map_err(|e| std::io::Error::new(e.kind(), format!("{shown}: {e}")))?;
        let invalid = |reason: String| CheckpointError::Invalid { path: shown.clone(), reason };
        let checkpoint = Self::parse(&bytes).map_err(invalid)?;
        if checkpoint.progress.identity != identity {
            return Err(CheckpointError::OtherTraining { path: shown });
        }
        Ok(checkpoint)
    }

    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(|e| e.to_string())?;
        let metadata = header.metadata().as_ref().ok_or("no metadata")?;
        let field = |name: &str| metadata.get(name).ok_or(format!("no `{name}` in its metadata"));
        let tensors = SafeTensors::deserialize(bytes).map_err(|e| e.to_string())?;
        let format = field("format")?;
        if format != FORMAT {
            return Err(format!("format is {format}, not {FORMAT}"));
        }
        let mut views = tensors.tensors();
        views.sort_by(|a, b| a.0.cmp(&b.0));
        if *field(CHECKSUM)? != checksum(metadata, &views) {
            return Err("it is damaged: its checksum is not the one it was written with".to_owned());
        }
        let progress = serde_json::from_str(field("progress")?).map_err(|e| e.to_string())?;
        let step = field("optimizer_step")?.parse().map_err(|_| "optimizer_step is no number")?;
        let optional = |name: &str| match tensors.tensor(&format!("{name}.encoder")) {
            Ok(_) => part(&tensors, name).map(Some),
            Err(_) => Ok(None),
        };
        let optimizer = OptimizerState {
            step,
            first: part(&tensors, "first")?,
            second: part(&tensors, "second")?,
            average: optional("average")?,
        };
        Ok(Self {
            weights: part(&tensors, "weights")?,
            optimizer,
            best: optional("best")?,
            progress,
        })
    }

    /// Whether it can be a state of a training of networks with so many parameters, of at most so
    /// many epochs of so many steps; else in words why not.
    pub(super) fn check(
        &self,
        parameters: Option<usize>,
        (epochs, steps): (usize, usize),
    ) -> Result<(), String> {
        for (name, weights) in self.parts() {
            for (network, flat) in [("encoder", &weights.encoder), ("decoder", &weights.decoder)] {
                if Some(flat.len()) != parameters {
                    let wanted = parameters.unwrap_or(usize::MAX);
                    let found = flat.len();
                    return Err(format!("{name}.{network} has {found} numbers, not {wanted}"));
                }
                if flat.iter().any(|v| !v.is_finite()) {
                    return Err(format!("{name}.{network} is not finite"));
                }
            }
        }
        let Progress { epoch, step_in_epoch, best, history, .. } = &self.progress;
        if *epoch > epochs || *step_in_epoch > steps {
            return Err(format!(
                "it is at step {step_in_epoch} after epoch {epoch} of a training of {epochs} \
                 epochs of {steps} steps"
            ));
        }
        let in_order = history.iter().zip(1..).all(|(entry, number)| entry.epoch == number);
        if history.len() != *epoch || !in_order {
            return Err(format!("its history is not that of {epoch} epochs"));
        }
        match (best, &self.best) {
            (None, None) => Ok(()),
            (Some((best, nll)), Some(_)) if best <= epoch && nll.is_finite() => Ok(()),
            _ => Err("its best epoch is none of its epochs".to_owned()),
        }
    }

    fn parts(&self) -> impl Iterator<Item = (&'static str, &FlowWeights)> {
        let always = [
            ("weights", &self.weights),
            ("first", &self.optimizer.first),
            ("second", &self.optimizer.second),
        ];
        let sometimes = [("average", &self.optimizer.average), ("best", &self.best)];
        let present = sometimes.into_iter().filter_map(|(name, w)| Some((name, w.as_ref()?)));
        always.into_iter().chain(present)
    }
}

/// A hash of all metadata (but the checksum itself) and tensors, which are given in the order of
/// their names.
fn checksum<N: AsRef<str>>(
    metadata: &HashMap<String, String>,
    tensors: &[(N, TensorView)],
) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut add = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    let sorted: BTreeMap<_, _> = metadata.iter().filter(|(key, _)| *key != CHECKSUM).collect();
    for (key, value) in sorted {
        add(key.as_bytes());
        add(value.as_bytes());
    }
    for (name, view) in tensors {
        add(name.as_ref().as_bytes());
        add(format!("{:?} {:?}", view.dtype(), view.shape()).as_bytes());
        add(view.data());
    }
    hasher.finalize().to_hex().to_string()
}

fn part(tensors: &SafeTensors, name: &str) -> Result<FlowWeights, String> {
    let flat = |network: &str| {
        let view = tensors.tensor(&format!("{name}.{network}")).map_err(|e| e.to_string())?;
        if view.dtype() != Dtype::F32 {
            return Err(format!("{name}.{network} is not f32"));
        }
        Ok(from_bytes(view.data()))
    };
    Ok(FlowWeights { encoder: flat("encoder")?, decoder: flat("decoder")? })
}

/// The little-endian bytes of numbers; the file format asks for that order.
pub(crate) fn to_bytes(flat: &[f32]) -> Vec<u8> {
    flat.iter().flat_map(|v| v.to_le_bytes()).collect()
}

/// The numbers of little-endian bytes.
pub(crate) fn from_bytes(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}

#[cfg(test)]
mod tests;
