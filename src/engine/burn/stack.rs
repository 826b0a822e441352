//! Many flows of one shape on one device, trained in step.

use super::adamw::{AdamW, Pair, Rates, Update, download, replace, upload};
use super::controls::{ACTIVE, BETA, CLIP, CORRECTION, Controls, DECAY, LAMBDA, RATE, SHARE};
use super::host::{read, tensor};
use super::loss::{FlowBatch, FlowLoss, LossTerms, loss_of_terms};
use super::probes::draw_signs;
use super::tables::{StackTable, Tables};
use super::{DualNetwork, ResidualNetwork, flat_gradients, with_flat};
use crate::engine::{LogDet, LossReport, LossSettings, OptimizerState, UpdateSettings};
use crate::network::{FlowWeights, NetworkSpec};
use burn::tensor::{Device, Tensor};

/// Rows × tangents × models of one pass when judging: bounds memory.
const PASS_ROWS: usize = 1 << 16;

/// S flows of one shape. Every parameter has the model as its leading axis, so that one kernel
/// works for all of them; each has its own data, data order, loss weights, learning rate and
/// optimiser, and comes out as it would alone.
#[derive(Debug)]
pub struct BurnStack {
    spec: NetworkSpec,
    device: Device,
    /// Flat weights `[S, P]`; `encoder` and `decoder` are built from them.
    weights: Pair,
    encoder: ResidualNetwork<3>,
    decoder: ResidualNetwork<3>,
    optimizer: AdamW,
    /// Weights that were marked as the best so far.
    best: Option<Pair>,
    marked: Vec<bool>,
    tables: Option<Tables>,
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

    /// Exchanges all models' weights and their averages, where there are averages.
    pub fn swap_average(&mut self) {
        self.optimizer.swap_average(&mut self.weights);
        self.rebuild();
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

    /// Does the steps. Nothing is read back before the last one is under way.
    ///
    /// # Panics
    /// If no tables were [loaded](Self::load).
    pub fn run(&mut self, run: &StackRun) -> Vec<RunSums> {
        let tables = self.tables.take().expect("tables are loaded before the first step");
        let indices = tables.indices(&run.rows);
        let controls = Controls::upload(self, &run.steps);
        let total = run.rows.first().map_or(0, |rows| rows.len());
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
        let number = |value: f32| Tensor::from_floats([value], &self.device);
        let terms = LossTerms {
            log_det: loss.log_det,
            beta: number(loss.beta),
            lambda: loss.lambda().map(number),
        };
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
        let rows = tables.validation();
        let total = rows.first().map_or(0, |rows| rows.len());
        let indices = tables.indices(&rows);
        let terms = LossTerms {
            log_det: LogDet::Exact,
            beta: Tensor::zeros([1], &self.device),
            lambda: None,
        };
        let most = (PASS_ROWS / (models * (1 + dim))).max(1);
        let mut sums = Tensor::<2>::zeros([models, 2], &self.device);
        for start in (0..total).step_by(most) {
            let count = most.min(total - start);
            let batch = tables.gather(&indices, start, count);
            let loss = loss_of_terms(&encoder, &decoder, &batch, &terms);
            let nll = loss.latent - loss.change;
            let columns = [nll, loss.reconstruction].map(|c| c.reshape([models, 1]));
            sums = sums + Tensor::cat(columns.to_vec(), 1) * count as f64;
        }
        let normalizer = 0.5 * dim as f64 * (2.0 * std::f64::consts::PI).ln();
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

    fn rebuild(&mut self) {
        self.encoder = with_flat(&self.encoder, &self.weights[0]);
        self.decoder = with_flat(&self.decoder, &self.weights[1]);
        self.version += 1;
    }
}

/// Parts of the models' losses in one step, `[S, 1]` each.
struct Parts {
    loss: Tensor<2>,
    latent: Tensor<2>,
    change: Tensor<2>,
    reconstruction: Tensor<2>,
    latent_reconstruction: Tensor<2>,
    norm: Tensor<2>,
    /// 1 where loss and gradient norm are finite, else 0.
    finite: Tensor<2>,
}

impl Parts {
    fn of(loss: FlowLoss, terms: &LossTerms, norm: Tensor<2>) -> Self {
        let FlowLoss { latent, change, reconstruction, latent_reconstruction, .. } = loss;
        let mut total =
            latent.clone() - change.clone() + reconstruction.clone() * terms.beta.clone();
        if let Some(lambda) = &terms.lambda {
            total = total + latent_reconstruction.clone() * lambda.clone();
        }
        let [loss, latent, change, reconstruction, latent_reconstruction] =
            [total, latent, change, reconstruction, latent_reconstruction].map(|t| {
                let models = t.dims()[0];
                t.reshape([models, 1])
            });
        let finite = loss.clone().is_finite().float() * norm.clone().is_finite().float();
        Self { loss, latent, change, reconstruction, latent_reconstruction, norm, finite }
    }

    /// What a step adds to the columns of [`RunSums`], `[S, 5]`.
    fn sums(self, rows: usize) -> Tensor<2> {
        let left_out = self.finite.clone().equal_elem(0.0);
        let counted = |t: Tensor<2>| t.mask_fill(left_out.clone(), 0.0) * rows as f64;
        let columns = [self.loss, self.reconstruction, self.norm].map(counted);
        let [loss, reconstruction, norm] = columns;
        let samples = self.finite.clone() * rows as f64;
        Tensor::cat(vec![self.finite, samples, loss, reconstruction, norm], 1)
    }

    /// One model's, on the host.
    fn report(&self, model: usize, settings: &LossSettings) -> LossReport {
        let parts = [
            &self.latent,
            &self.change,
            &self.reconstruction,
            &self.latent_reconstruction,
            &self.norm,
        ];
        let all = Tensor::cat(parts.map(Clone::clone).to_vec(), 1).narrow(0, model, 1);
        let parts: Vec<f64> = read(&all).into_iter().map(f64::from).collect();
        let [latent, change] = [parts[0], parts[1]];
        let [reconstruction, latent_reconstruction] = [parts[2], parts[3]];
        LossReport {
            loss: latent - change
                + f64::from(settings.beta) * reconstruction
                + f64::from(settings.latent_reconstruction) * latent_reconstruction,
            latent,
            change,
            reconstruction,
            latent_reconstruction,
            gradient_norm: parts[4],
        }
    }
}

fn check(spec: &NetworkSpec, weights: &FlowWeights) {
    let lengths = [weights.encoder.len(), weights.decoder.len()];
    let expected = spec.layout().len();
    assert!(lengths == [expected; 2], "{lengths:?} weights for a layout of {expected}");
}
