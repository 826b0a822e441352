//! How a stack trains and judges.

use super::adamw::{Pair, Update, download};
use super::controls::{ACTIVE, BETA, CLIP, CORRECTION, Controls, DECAY, LAMBDA, RATE, SHARE};
use super::host::read;
use super::loss::{FlowBatch, LossTerms, loss_of_terms};
use super::parts::Parts;
use super::probes::draw_signs;
use super::stack::{BurnStack, ModelStep, RunSums, StackRun};
use super::{DualNetwork, flat_gradients, with_flat};
use crate::engine::{LogDet, LossReport, LossSettings, normal_normalizer};
use crate::network::FlowWeights;
use burn::tensor::Tensor;

/// Rows × tangents × models of one pass when judging: bounds memory.
const PASS_ROWS: usize = 1 << 16;

impl BurnStack {
    /// Does the steps. Nothing is read back before the last one is under way.
    ///
    /// # Panics
    /// If no tables were [loaded](Self::load).
    pub fn run(&mut self, run: &StackRun) -> Vec<RunSums> {
        let tables = self.tables.take().expect("tables are loaded before the first step");
        let indices = tables.indices(&run.rows);
        let controls = Controls::upload(self, &run.steps);
        let total = indices.rows();
        let mut sums = Tensor::<2>::zeros([self.models(), 5], &self.device);
        for (number, models) in run.steps.iter().enumerate() {
            let start = number * run.batch_size;
            let rows = run.batch_size.min(total - start);
            let mut batch = tables.gather(&indices, start, rows);
            batch.probes = self.draw_probes(models, rows);
            let parts = self.train(&batch, &models[0], &controls.step(number));
            sums = sums + parts.sums(rows);
        }
        self.tables = Some(tables);
        let sums = read(&sums);
        let mut out = Vec::with_capacity(self.models());
        for (model, sums) in sums.chunks_exact(5).enumerate() {
            let [finite, samples, loss, reconstruction, gradient_norm] =
                [0, 1, 2, 3, 4].map(|i| f64::from(sums[i]));
            let finite_steps = finite.round() as usize;
            self.optimizer.count(model, finite_steps);
            out.push(RunSums { finite_steps, samples, loss, reconstruction, gradient_norm });
        }
        out
    }

    /// One step of one model on a batch from the host; the others stay as they are.
    pub(super) fn step_one(
        &mut self,
        model: usize,
        batch: &FlowBatch<3>,
        step: &ModelStep,
    ) -> LossReport {
        let of = |m| ModelStep { active: m == model, ..*step };
        let steps = vec![(0..self.models()).map(of).collect()];
        let controls = Controls::upload(self, &steps).step(0);
        let report = self.train(batch, step, &controls).report(model, &step.loss);
        self.optimizer.count(model, usize::from(report.is_finite()));
        report
    }

    /// One model's loss and gradients on a batch from the host.
    pub(super) fn gradients_of_one(
        &self,
        model: usize,
        batch: &FlowBatch<3>,
        loss: &LossSettings,
    ) -> (LossReport, FlowWeights) {
        let terms = LossTerms::of(loss, &self.device);
        let (parts, gradients) = self.differentiate(batch, &terms);
        (parts.report(model, loss), download(&gradients, model))
    }

    /// Mean NLL of the encoder and mean ‖g(f(θ)) − θ‖² on each model's held-out rows, in the
    /// flow's space, of the averaged weights where there are some.
    ///
    /// # Panics
    /// If no tables were [loaded](Self::load).
    #[must_use]
    pub fn validate(&self) -> Vec<(f64, f64)> {
        let tables = self.tables.as_ref().expect("tables are loaded before they judge");
        let [encoder, decoder] = match self.optimizer.average() {
            Some([encoder, decoder]) => {
                [with_flat(&self.encoder, encoder), with_flat(&self.decoder, decoder)]
            }
            None => [self.encoder.clone(), self.decoder.clone()],
        };
        let (models, dim) = (self.models(), self.spec.theta_dim);
        let (indices, total) = (tables.validation(), tables.validation().rows());
        let terms = LossTerms {
            log_det: LogDet::Exact,
            beta: Tensor::zeros([1], &self.device),
            lambda: None,
        };
        let most = (PASS_ROWS / (models * (1 + dim))).max(1);
        let mut sums = Tensor::<2>::zeros([models, 2], &self.device);
        for start in (0..total).step_by(most) {
            let count = most.min(total - start);
            let batch = tables.gather(indices, start, count);
            let loss = loss_of_terms(&encoder, &decoder, &batch, &terms);
            let nll = loss.latent - loss.change;
            let columns = [nll, loss.reconstruction].map(|c| c.reshape([models, 1]));
            sums = sums + Tensor::cat(columns.to_vec(), 1) * count as f64;
        }
        let normalizer = normal_normalizer(dim);
        let mean = |sum: f32| f64::from(sum) / total as f64;
        read(&sums).chunks_exact(2).map(|s| (mean(s[0]) + normalizer, mean(s[1]))).collect()
    }

    fn draw_probes(&self, models: &[ModelStep], rows: usize) -> Option<Tensor<3>> {
        let LogDet::Hutchinson { probes } = models[0].loss.log_det else { return None };
        let keys: Vec<u32> = models.iter().map(|m| m.probe_key).collect();
        Some(draw_signs(&keys, probes * rows, self.spec.theta_dim, &self.device))
    }

    fn train(&mut self, batch: &FlowBatch<3>, shared: &ModelStep, controls: &Controls) -> Parts {
        let column = |index| controls.column(index);
        let flat = |index| column(index).reshape([self.models()]);
        let terms = LossTerms {
            log_det: shared.loss.log_det,
            beta: flat(BETA),
            lambda: shared.loss.lambda().map(|_| flat(LAMBDA)),
        };
        let (mut parts, gradients) = self.differentiate(batch, &terms);
        let gate = column(ACTIVE) * parts.finite.clone();
        parts.finite = gate.clone();
        let update = Update {
            beta1: shared.update.beta1,
            beta2: shared.update.beta2,
            epsilon: shared.update.epsilon,
            rate: column(RATE),
            correction: column(CORRECTION),
            decay: column(DECAY),
            scale: (column(CLIP) / parts.norm.clone()).clamp_max(1.0),
            share: shared.update.average_decay.map(|_| column(SHARE)),
            gate,
        };
        self.optimizer.update(&update, &mut self.weights, gradients);
        self.rebuild();
        parts
    }

    fn differentiate(&self, batch: &FlowBatch<3>, terms: &LossTerms) -> (Parts, Pair) {
        let (encoder, decoder) = (self.encoder.tracked(), self.decoder.tracked());
        let loss = loss_of_terms(&encoder, &decoder, batch, terms);
        let mut gradients = loss.objective.clone().backward();
        let gradients =
            [flat_gradients(&encoder, &mut gradients), flat_gradients(&decoder, &mut gradients)];
        let [a, b] = gradients.each_ref().map(|g| g.clone().square().sum_dim(1));
        (Parts::of(loss, terms, (a + b).sqrt()), gradients)
    }
}
