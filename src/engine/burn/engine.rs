//! The engine of residual networks on Burn tensors.

use super::adamw::{AdamW, Pair, download, upload};
use super::evaluate;
use super::host::{gather, read, tensor};
use super::loss::{FlowBatch, FlowLoss, flow_loss};
use super::{DualNetwork, ResidualNetwork, flat_gradients, with_flat};
use crate::engine::{
    Batch, Direction, Engine, LogDet, LossReport, LossSettings, OptimizerState, UpdateSettings,
};
use crate::network::{FlowWeights, NetworkSpec};
use burn::tensor::{Device, Tensor};

/// The [`Engine`] on Burn tensors; weights and optimiser live on its device.
#[derive(Debug)]
pub struct BurnEngine {
    spec: NetworkSpec,
    device: Device,
    /// Flat weights; `encoder` and `decoder` are built from them.
    weights: Pair,
    encoder: ResidualNetwork,
    decoder: ResidualNetwork,
    optimizer: AdamW,
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
        let device = device.without_autodiff();
        let weights = checked(spec, weights, &device);
        let blank = ResidualNetwork::zeros(spec, &device);
        Self {
            spec: spec.clone(),
            encoder: with_flat(&blank, &weights[0]),
            decoder: with_flat(&blank, &weights[1]),
            optimizer: AdamW::new(&weights),
            weights,
            device,
        }
    }

    fn rebuild(&mut self) {
        self.encoder = with_flat(&self.encoder, &self.weights[0]);
        self.decoder = with_flat(&self.decoder, &self.weights[1]);
    }

    fn upload_batch(&self, batch: &Batch, loss: &LossSettings) -> FlowBatch {
        let NetworkSpec { theta_dim, context_dim, .. } = self.spec;
        let probes = match loss.log_det {
            LogDet::Hutchinson { .. } => {
                let rows = batch.probes.len() / theta_dim;
                Some(tensor(batch.probes.to_vec(), [rows, theta_dim], &self.device))
            }
            LogDet::Exact => None,
        };
        FlowBatch {
            theta: gather(batch.theta, theta_dim, batch.rows, &self.device),
            context: gather(batch.x, context_dim, batch.rows, &self.device),
            probes,
        }
    }

    fn differentiate(&self, batch: &Batch, settings: &LossSettings) -> (LossReport, Pair) {
        let (encoder, decoder) = (self.encoder.tracked(), self.decoder.tracked());
        let batch = self.upload_batch(batch, settings);
        let loss = flow_loss(&encoder, &decoder, &batch, settings);
        let mut gradients = loss.objective.clone().backward();
        let gradients =
            [flat_gradients(&encoder, &mut gradients), flat_gradients(&decoder, &mut gradients)];
        let [a, b] = gradients.each_ref().map(|g| g.clone().square().sum());
        // One transfer for everything that the host wants to know.
        let FlowLoss { latent, change, reconstruction, latent_reconstruction, .. } = loss;
        let parts =
            Tensor::cat(vec![latent, change, reconstruction, latent_reconstruction, a, b], 0);
        let parts: Vec<f64> = read(&parts).into_iter().map(f64::from).collect();
        let [latent, change] = [parts[0], parts[1]];
        let [reconstruction, latent_reconstruction] = [parts[2], parts[3]];
        let report = LossReport {
            loss: latent - change
                + f64::from(settings.beta) * reconstruction
                + f64::from(settings.latent_reconstruction) * latent_reconstruction,
            latent,
            change,
            reconstruction,
            latent_reconstruction,
            gradient_norm: (parts[4] + parts[5]).sqrt(),
        };
        (report, gradients)
    }

    fn network(&self, direction: Direction) -> &ResidualNetwork {
        match direction {
            Direction::Encode => &self.encoder,
            Direction::Decode => &self.decoder,
        }
    }
}

fn checked(spec: &NetworkSpec, weights: &FlowWeights, device: &Device) -> Pair {
    let lengths = [weights.encoder.len(), weights.decoder.len()];
    let expected = spec.layout().len();
    assert!(lengths == [expected; 2], "{lengths:?} weights for a layout of {expected}");
    upload(weights, device)
}

impl Engine for BurnEngine {
    fn spec(&self) -> &NetworkSpec {
        &self.spec
    }

    fn weights(&self) -> FlowWeights {
        download(&self.weights)
    }

    fn set_weights(&mut self, weights: &FlowWeights) {
        self.weights = checked(&self.spec, weights, &self.device);
        self.rebuild();
    }

    fn optimizer_state(&self) -> OptimizerState {
        self.optimizer.state()
    }

    fn set_optimizer_state(&mut self, state: &OptimizerState) {
        self.optimizer = AdamW::from_state(state, &self.device);
    }

    fn loss_and_gradients(
        &mut self,
        batch: &Batch,
        loss: &LossSettings,
    ) -> (LossReport, FlowWeights) {
        let (report, gradients) = self.differentiate(batch, loss);
        (report, download(&gradients))
    }

    fn train_step(
        &mut self,
        batch: &Batch,
        loss: &LossSettings,
        update: &UpdateSettings,
    ) -> LossReport {
        let (report, gradients) = self.differentiate(batch, loss);
        if report.is_finite() {
            let norm = report.gradient_norm;
            self.optimizer.update(update, &mut self.weights, gradients, norm);
            self.rebuild();
        }
        report
    }

    fn transform(
        &mut self,
        direction: Direction,
        input: &[f32],
        context: &[f32],
        output: &mut [f32],
    ) {
        let network = self.network(direction);
        evaluate::transform(network, &self.spec, &self.device, input, context, output, None);
    }

    fn transform_with_jacobian(
        &mut self,
        direction: Direction,
        input: &[f32],
        context: &[f32],
        output: &mut [f32],
        jacobian: &mut [f32],
    ) {
        let (network, jacobian) = (self.network(direction), Some(jacobian));
        evaluate::transform(network, &self.spec, &self.device, input, context, output, jacobian);
    }
}
