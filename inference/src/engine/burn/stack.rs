//! Many flows of one shape on one device, trained in step.

use super::adamw::{AdamW, Pair, Rates, download, replace, upload};
use super::host::tensor;
use super::tables::{StackTable, Tables};
use super::{ResidualNetwork, with_flat};
use crate::engine::{LossSettings, OptimizerState, UpdateSettings};
use crate::network::{FlowWeights, NetworkSpec};
use burn::tensor::Device;

/// S flows of one shape. Every parameter has the model as its leading axis, so that one kernel
/// works for all of them; each has its own data, data order, loss weights, learning rate and
/// optimiser, and comes out as it would alone.
#[derive(Debug)]
pub struct BurnStack {
    pub(super) spec: NetworkSpec,
    pub(super) device: Device,
    /// Flat weights `[S, P]`; `encoder` and `decoder` are built from them.
    pub(super) weights: Pair,
    pub(super) encoder: ResidualNetwork<3>,
    pub(super) decoder: ResidualNetwork<3>,
    pub(super) optimizer: AdamW,
    /// Weights that were marked as the best so far.
    best: Option<Pair>,
    marked: Vec<bool>,
    pub(super) tables: Option<Tables>,
    /// Grows with every change of the weights.
    version: u64,
}

/// What one model does in one step.
#[derive(Clone, Copy, Debug)]
pub struct ModelStep {
    /// Its loss; `log_det` is the same for all models.
    pub loss: LossSettings,
    /// Its update; β₁, β₂, ε and whether there is an average are the same for all models.
    pub update: UpdateSettings,
    /// Key of its probes; without effect for exact log-determinants.
    pub probe_key: u32,
    /// Whether it takes part; otherwise it stays as it is.
    pub active: bool,
}

/// Consecutive steps of all models, of equal batch size.
#[derive(Clone, Debug)]
pub struct StackRun<'a> {
    /// Rows of each model's table, batch after batch.
    pub rows: Vec<&'a [u32]>,
    /// Rows of a batch; the last one takes what is left.
    pub batch_size: usize,
    /// What each model does in each step, `[steps][S]`.
    pub steps: Vec<Vec<ModelStep>>,
}

/// Sums over the steps of one model that were not left out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RunSums {
    /// Steps whose loss and gradient were finite.
    pub finite_steps: usize,
    /// Samples of those.
    pub samples: f64,
    /// Σ loss × samples.
    pub loss: f64,
    /// Σ reconstruction × samples.
    pub reconstruction: f64,
    /// Σ gradient norm × samples.
    pub gradient_norm: f64,
}

impl BurnStack {
    /// Flows with these weights and fresh optimisers.
    ///
    /// # Panics
    /// If there are none, or they are not as long as the spec's layout says.
    #[must_use]
    pub fn new(spec: &NetworkSpec, weights: &[FlowWeights], device: Device) -> Self {
        let device = device.without_autodiff();
        assert!(!weights.is_empty(), "a stack needs a model");
        weights.iter().for_each(|w| check(spec, w));
        let weights = upload(weights, &device);
        let models = weights[0].dims()[0];
        let blank = ResidualNetwork::stack_of_zeros(spec, models, &device);
        Self {
            spec: spec.clone(),
            encoder: with_flat(&blank, &weights[0]),
            decoder: with_flat(&blank, &weights[1]),
            optimizer: AdamW::new(&weights),
            marked: vec![false; models],
            best: None,
            tables: None,
            version: 0,
            weights,
            device,
        }
    }

    /// S.
    #[must_use]
    pub fn models(&self) -> usize {
        self.marked.len()
    }

    /// The description that all encoders and decoders share.
    #[must_use]
    pub fn spec(&self) -> &NetworkSpec {
        &self.spec
    }

    /// Where it all is.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Hands over the tables, one a model, for all that follows.
    ///
    /// # Panics
    /// If there are not as many as models.
    pub fn load(&mut self, tables: &[StackTable]) {
        assert_eq!(tables.len(), self.models(), "a table a model");
        let dims = (self.spec.theta_dim, self.spec.context_dim);
        self.tables = Some(Tables::upload(tables, dims, &self.device));
    }

    /// One model's weights.
    #[must_use]
    pub fn weights(&self, model: usize) -> FlowWeights {
        download(&self.weights, model)
    }

    /// Replaces one model's weights.
    ///
    /// # Panics
    /// If they are not as long as the spec's layout says.
    pub fn set_weights(&mut self, model: usize, weights: &FlowWeights) {
        check(&self.spec, weights);
        replace(&mut self.weights, model, weights);
        self.rebuild();
    }

    /// One model's optimiser state.
    #[must_use]
    pub fn optimizer_state(&self, model: usize) -> OptimizerState {
        self.optimizer.state(model)
    }

    /// Replaces one model's optimiser state.
    pub fn set_optimizer_state(&mut self, model: usize, state: &OptimizerState) {
        self.optimizer.set_state(model, state);
    }

    /// Marks the chosen models' averaged weights (the weights, where there is no average) as their
    /// best ones so far.
    pub fn mark_best(&mut self, chosen: &[bool]) {
        let judged = self.optimizer.average().unwrap_or(&self.weights).clone();
        let models = self.models();
        let mask: Vec<f32> = chosen.iter().map(|c| f32::from(u8::from(*c))).collect();
        let mask = tensor(mask, [models, 1], &self.device).greater_elem(0.5);
        self.best = Some(match self.best.take() {
            None => judged,
            Some([encoder, decoder]) => {
                let [new_encoder, new_decoder] = judged;
                let shape = encoder.dims();
                let mask = mask.expand(shape);
                [
                    encoder.mask_where(mask.clone(), new_encoder),
                    decoder.mask_where(mask, new_decoder),
                ]
            }
        });
        self.marked.iter_mut().zip(chosen).for_each(|(marked, chosen)| *marked |= chosen);
    }

    /// One model's best weights so far, where some were marked.
    #[must_use]
    pub fn best(&self, model: usize) -> Option<FlowWeights> {
        let best = self.best.as_ref().filter(|_| self.marked[model])?;
        Some(download(best, model))
    }

    /// Replaces one model's best weights so far.
    pub fn set_best(&mut self, model: usize, best: Option<&FlowWeights>) {
        self.marked[model] = best.is_some();
        if let Some(weights) = best {
            let mut kept = self.best.take().unwrap_or_else(|| self.weights.clone());
            replace(&mut kept, model, weights);
            self.best = Some(kept);
        }
    }

    /// A number that changes with the weights.
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// The host's part of a model's update, `ahead` updates from now.
    pub(super) fn rates(&self, model: usize, ahead: usize, settings: &UpdateSettings) -> Rates {
        self.optimizer.rates(model, ahead, settings)
    }

    /// One model's encoder and decoder by themselves.
    #[must_use]
    pub fn networks(&self, model: usize) -> [ResidualNetwork; 2] {
        let blank = ResidualNetwork::zeros(&self.spec, &self.device);
        self.weights.each_ref().map(|all| with_flat(&blank, &all.clone().narrow(0, model, 1)))
    }

    pub(super) fn rebuild(&mut self) {
        self.encoder = with_flat(&self.encoder, &self.weights[0]);
        self.decoder = with_flat(&self.decoder, &self.weights[1]);
        self.version += 1;
    }
}

fn check(spec: &NetworkSpec, weights: &FlowWeights) {
    let lengths = [weights.encoder.len(), weights.decoder.len()];
    let expected = spec.layout().len();
    assert!(lengths == [expected; 2], "{lengths:?} weights for a layout of {expected}");
}
