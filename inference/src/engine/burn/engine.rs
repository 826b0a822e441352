//! The [`Engine`] of one flow on Burn tensors: alone, or as one of a stack.

use super::host::{gather, tensor};
use super::loss::FlowBatch;
use super::stack::{BurnStack, ModelStep};
use super::{ResidualNetwork, evaluate};
use crate::engine::{
    Batch, Direction, Engine, LogDet, LossReport, LossSettings, OptimizerState, UpdateSettings,
};
use crate::network::{FlowWeights, NetworkSpec};
use burn::tensor::Device;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A stack that several engines look into.
pub type SharedStack = Arc<Mutex<BurnStack>>;

/// The [`Engine`] on Burn tensors; weights and optimiser live on its device.
#[derive(Debug)]
pub struct BurnEngine {
    spec: NetworkSpec,
    stack: SharedStack,
    model: usize,
    /// Encoder and decoder for evaluation, and the stack's version that they are of.
    networks: Option<(u64, [ResidualNetwork; 2])>,
}

impl BurnEngine {
    /// An engine with these weights and a fresh optimiser on the CPU.
    ///
    /// # Panics
    /// If the weights are not as long as the spec's layout says.
    #[must_use]
    pub fn new(spec: &NetworkSpec, weights: &FlowWeights) -> Self {
        Self::on_device(spec, weights, Device::flex())
    }

    /// As [`new`](Self::new) on any device.
    ///
    /// # Panics
    /// If the weights are not as long as the spec's layout says.
    #[must_use]
    pub fn on_device(spec: &NetworkSpec, weights: &FlowWeights, device: Device) -> Self {
        let stack = BurnStack::new(spec, std::slice::from_ref(weights), device);
        Self::of(&Arc::new(Mutex::new(stack)), 0)
    }

    /// An engine of each model of a stack, which they share.
    #[must_use]
    pub fn members(stack: &SharedStack) -> Vec<Self> {
        let models = lock(stack).models();
        (0..models).map(|model| Self::of(stack, model)).collect()
    }

    fn of(stack: &SharedStack, model: usize) -> Self {
        let spec = lock(stack).spec().clone();
        Self { spec, stack: Arc::clone(stack), model, networks: None }
    }

    fn stack(&self) -> MutexGuard<'_, BurnStack> {
        lock(&self.stack)
    }

    /// The batch for every model of the stack alike.
    fn upload(&self, batch: &Batch, loss: &LossSettings, stack: &BurnStack) -> FlowBatch<3> {
        let NetworkSpec { theta_dim: d, context_dim: c, .. } = self.spec;
        let (device, models) = (stack.device(), stack.models());
        let probes = match loss.log_det {
            LogDet::Hutchinson { .. } => {
                let rows = batch.probes.len() / d;
                let probes = tensor(batch.probes.to_vec(), [rows, 1, d], device);
                Some(probes.repeat_dim(1, models))
            }
            LogDet::Exact => None,
        };
        let shared = |table: &[f32], width: usize| {
            let rows = gather(table, width, batch.rows, device);
            rows.reshape([batch.rows.len(), 1, width]).repeat_dim(1, models)
        };
        FlowBatch { theta: shared(batch.theta, d), context: shared(batch.x, c), probes }
    }

    fn evaluate(
        &mut self,
        direction: Direction,
        input: &[f32],
        context: &[f32],
        output: &mut [f32],
        jacobian: Option<&mut [f32]>,
    ) {
        let stack = lock(&self.stack);
        let (version, device) = (stack.version(), stack.device().clone());
        if self.networks.as_ref().is_none_or(|(of, _)| *of != version) {
            self.networks = Some((version, stack.networks(self.model)));
        }
        drop(stack);
        let Some((_, [encoder, decoder])) = &self.networks else { return };
        let network = match direction {
            Direction::Encode => encoder,
            Direction::Decode => decoder,
        };
        evaluate::transform(network, &self.spec, &device, input, context, output, jacobian);
    }
}

/// A panic elsewhere does not make the numbers wrong.
pub(crate) fn lock(stack: &SharedStack) -> MutexGuard<'_, BurnStack> {
    stack.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Engine for BurnEngine {
    fn spec(&self) -> &NetworkSpec {
        &self.spec
    }

    fn weights(&self) -> FlowWeights {
        self.stack().weights(self.model)
    }

    fn set_weights(&mut self, weights: &FlowWeights) {
        self.stack().set_weights(self.model, weights);
    }

    fn optimizer_state(&self) -> OptimizerState {
        self.stack().optimizer_state(self.model)
    }

    fn set_optimizer_state(&mut self, state: &OptimizerState) {
        self.stack().set_optimizer_state(self.model, state);
    }

    fn best(&self) -> Option<FlowWeights> {
        self.stack().best(self.model)
    }

    fn set_best(&mut self, best: Option<&FlowWeights>) {
        self.stack().set_best(self.model, best);
    }

    fn loss_and_gradients(
        &mut self,
        batch: &Batch,
        loss: &LossSettings,
    ) -> (LossReport, FlowWeights) {
        let stack = self.stack();
        stack.gradients_of_one(self.model, &self.upload(batch, loss, &stack), loss)
    }

    fn train_step(
        &mut self,
        batch: &Batch,
        loss: &LossSettings,
        update: &UpdateSettings,
    ) -> LossReport {
        let mut stack = self.stack();
        let batch = self.upload(batch, loss, &stack);
        let step = ModelStep { loss: *loss, update: *update, probe_key: 0, active: true };
        stack.step_one(self.model, &batch, &step)
    }

    fn transform(
        &mut self,
        direction: Direction,
        input: &[f32],
        context: &[f32],
        output: &mut [f32],
    ) {
        self.evaluate(direction, input, context, output, None);
    }

    fn transform_with_jacobian(
        &mut self,
        direction: Direction,
        input: &[f32],
        context: &[f32],
        output: &mut [f32],
        jacobian: &mut [f32],
    ) {
        self.evaluate(direction, input, context, output, Some(jacobian));
    }
}
