//! The numbers of flows as named tensors.

use crate::classifier::ClassifierShape;
use crate::flow::{Categories, ConditionalFlow};
use crate::network::{FlowWeights, NetworkSpec};
use crate::training::{from_bytes, to_bytes};
use crate::transform::Cells;
use crate::whitening::{Whitening, WhiteningShape};
use freeform_simulators::Prior;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

/// What `model.toml` says of a flow.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FlowDescription {
    pub network: NetworkSpec,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whitening: Option<WhiteningShape>,
    /// What tells categories of θ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub categories: Option<ClassifierShape>,
}

impl FlowDescription {
    pub fn of(flow: &ConditionalFlow) -> Self {
        let whitening = flow.whitening.as_ref().map(Whitening::shape);
        let categories = flow.categories.as_ref().map(Categories::own_shape);
        Self { network: flow.network.clone(), whitening, categories }
    }

    /// Whether it describes flows of the D parameters of a prior, some of which may be categories.
    pub fn fits_prior(&self, prior: &Prior, width: usize) -> bool {
        let Some(cells) = Cells::of(prior) else { return self.fits(prior.dim(), width) };
        let (dim, context_dim) = Categories::dims_of(&cells, width);
        let own = Self { categories: None, ..self.clone() };
        self.categories == Some(Categories::shape(&cells, width)) && own.fits(dim, context_dim)
    }

    /// Whether it describes flows of D targets, none of them categories, and C contexts.
    pub fn fits(&self, dim: usize, context_dim: usize) -> bool {
        let network = (self.network.theta_dim, self.network.context_dim) == (dim, context_dim);
        let whitening = self.whitening.is_none_or(|w| (w.dim, w.context_dim) == (dim, context_dim));
        let countable = self.parameters().is_some();
        let plain = self.categories.is_none();
        plain && network && whitening && countable && self.network.validate().is_ok()
    }

    /// Numbers of its networks; `None` where there are more than can be counted.
    pub fn parameters(&self) -> Option<usize> {
        let whitening = self.whitening.map_or(Some(0), |whitening| whitening.parameters())?;
        let classifier = self.categories.map_or(Some(0), ClassifierShape::parameters)?;
        let more = whitening.checked_add(classifier)?;
        self.network.parameters()?.checked_mul(2)?.checked_add(more)
    }
}

/// Tensors to be written: name, type, shape, bytes.
#[derive(Default)]
pub(super) struct Tensors(Vec<(String, Dtype, Vec<usize>, Vec<u8>)>);

impl Tensors {
    /// Adds a flow's numbers: `PREFIX.encoder.…`, `PREFIX.decoder.…`, `PREFIX.whitening.…`,
    /// `PREFIX.categories`.
    pub fn add(&mut self, prefix: &str, flow: &ConditionalFlow) {
        let layout = flow.network.layout();
        let networks = [("encoder", &flow.weights.encoder), ("decoder", &flow.weights.decoder)];
        for (network, flat) in networks {
            for slot in layout.slots() {
                let name = format!("{prefix}.{network}.{}", slot.name);
                let bytes = to_bytes(&flat[slot.range()]);
                self.0.push((name, Dtype::F32, slot.shape.clone(), bytes));
            }
        }
        if let Some(whitening) = &flow.whitening {
            self.add_whitening(&format!("{prefix}.whitening"), whitening);
        }
        if let Some(categories) = &flow.categories {
            self.add_flat(&format!("{prefix}.categories"), categories.numbers());
        }
    }

    /// Adds a whitening's numbers: `PREFIX.linear`, `PREFIX.network`.
    pub fn add_whitening(&mut self, prefix: &str, whitening: &Whitening) {
        let (linear, network) = whitening.numbers();
        self.add_flat_doubles(&format!("{prefix}.linear"), &linear);
        let name = format!("{prefix}.network");
        self.0.push((name, Dtype::F32, vec![network.len()], to_bytes(network)));
    }

    /// Adds a row of numbers.
    pub fn add_flat(&mut self, name: &str, flat: &[f32]) {
        self.0.push((name.to_owned(), Dtype::F32, vec![flat.len()], to_bytes(flat)));
    }

    /// Adds a row of numbers in double precision.
    pub fn add_flat_doubles(&mut self, name: &str, flat: &[f64]) {
        let bytes = flat.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.0.push((name.to_owned(), Dtype::F64, vec![flat.len()], bytes));
    }

    /// The bytes of a safetensors file.
    pub fn to_bytes(&self) -> Result<Vec<u8>, std::io::Error> {
        let views = self
            .0
            .iter()
            .map(|(name, dtype, shape, bytes)| {
                Ok((name, TensorView::new(*dtype, shape.clone(), bytes)?))
            })
            .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()
            .map_err(std::io::Error::other)?;
        safetensors::serialize(views, None).map_err(std::io::Error::other)
    }
}

/// Reads a flow that [`Tensors::add`] wrote, of θ with these categories.
pub(super) fn read_flow(
    tensors: &SafeTensors,
    prefix: &str,
    description: &FlowDescription,
    cells: Option<&Cells>,
) -> Result<ConditionalFlow, String> {
    let layout = description.network.layout();
    let network = |network: &str| {
        let mut flat = vec![0.0; layout.len()];
        for slot in layout.slots() {
            let name = format!("{prefix}.{network}.{}", slot.name);
            let bytes = bytes(tensors, &name, Dtype::F32, Some(&slot.shape))?;
            flat[slot.range()].copy_from_slice(&from_bytes(bytes));
        }
        Ok::<_, String>(flat)
    };
    let weights = FlowWeights { encoder: network("encoder")?, decoder: network("decoder")? };
    let whitening = match description.whitening {
        None => None,
        Some(shape) => Some(read_whitening(tensors, &format!("{prefix}.whitening"), shape)?),
    };
    let categories = match (description.categories, cells) {
        (Some(shape), Some(cells)) => {
            let name = format!("{prefix}.categories");
            let numbers = read_flat(tensors, &name)?;
            let read = Categories::from_numbers(cells.clone(), shape.inputs, numbers);
            Some(read.ok_or_else(|| format!("{name} does not fit its description"))?)
        }
        _ => None,
    };
    Ok(ConditionalFlow { categories, whitening, network: description.network.clone(), weights })
}

/// Reads a whitening that [`Tensors::add_whitening`] wrote.
pub(super) fn read_whitening(
    tensors: &SafeTensors,
    prefix: &str,
    shape: WhiteningShape,
) -> Result<Whitening, String> {
    let linear = read_flat_doubles(tensors, &format!("{prefix}.linear"))?;
    let network = from_bytes(bytes(tensors, &format!("{prefix}.network"), Dtype::F32, None)?);
    let whitening = Whitening::from_numbers(shape, &linear, network);
    whitening.ok_or(format!("{prefix} does not fit its description"))
}

/// Reads what [`Tensors::add_flat`] wrote.
pub(super) fn read_flat(tensors: &SafeTensors, name: &str) -> Result<Vec<f32>, String> {
    Ok(from_bytes(bytes(tensors, name, Dtype::F32, None)?))
}

/// Reads what [`Tensors::add_flat_doubles`] wrote.
pub(super) fn read_flat_doubles(tensors: &SafeTensors, name: &str) -> Result<Vec<f64>, String> {
    let bytes = bytes(tensors, name, Dtype::F64, None)?;
    Ok(bytes.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b)).collect())
}

fn bytes<'a>(
    tensors: &SafeTensors<'a>,
    name: &str,
    dtype: Dtype,
    shape: Option<&[usize]>,
) -> Result<&'a [u8], String> {
    let view = tensors.tensor(name).map_err(|e| e.to_string())?;
    if view.dtype() != dtype || shape.is_some_and(|shape| view.shape() != shape) {
        let (got, want) = (view.shape(), shape.unwrap_or(view.shape()));
        return Err(format!("{name} is {:?} {got:?}, not {dtype:?} {want:?}", view.dtype()));
    }
    Ok(view.data())
}
