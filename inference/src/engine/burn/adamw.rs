//! AdamW on the flat parameters of a stack, where they are.

use super::host::{read, tensor};
use crate::engine::{OptimizerState, UpdateSettings};
use crate::network::FlowWeights;
use burn::tensor::{Device, Tensor};

/// Encoders' and decoders' flat vectors of one kind, `[S, P]` each.
pub(super) type Pair = [Tensor<2>; 2];

/// The optimiser of [`UpdateSettings`] over the flat parameters of S encoders and decoders; its
/// memory stays on their device.
#[derive(Clone, Debug)]
pub(super) struct AdamW {
    /// Updates of each model.
    steps: Vec<u64>,
    first: Pair,
    second: Pair,
    average: Option<Pair>,
}

/// What the models' next updates need beside gradients, `[S, 1]` each, and constants of all.
pub(super) struct Update {
    pub beta1: f32,
    pub beta2: f32,
    pub epsilon: f32,
    /// Learning rate over the first moment's bias correction.
    pub rate: Tensor<2>,
    /// 1 over the second moment's bias correction.
    pub correction: Tensor<2>,
    /// Learning rate × weight decay.
    pub decay: Tensor<2>,
    /// What gradients are multiplied with.
    pub scale: Tensor<2>,
    /// The newest weights' share in their average, where there is one.
    pub share: Option<Tensor<2>>,
    /// 1, or 0 for a model that keeps everything as it is.
    pub gate: Tensor<2>,
}

/// The numbers of an [`Update`] that the host knows beforehand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rates {
    pub rate: f32,
    pub correction: f32,
    pub decay: f32,
    pub share: f32,
}

impl AdamW {
    /// A fresh optimiser for parameters like these.
    pub fn new(parameters: &Pair) -> Self {
        let zeros = || parameters.each_ref().map(|p| p.clone().without_autodiff().zeros_like());
        let steps = vec![0; parameters[0].dims()[0]];
        Self { steps, first: zeros(), second: zeros(), average: None }
    }

    /// Everything that a model's next update depends on.
    pub fn state(&self, model: usize) -> OptimizerState {
        OptimizerState {
            step: self.steps[model],
            first: download(&self.first, model),
            second: download(&self.second, model),
            // A model's average begins with its first update.
            average: self
                .average
                .as_ref()
                .filter(|_| self.steps[model] > 0)
                .map(|average| download(average, model)),
        }
    }

    /// Lets a model go on from a state.
    pub fn set_state(&mut self, model: usize, state: &OptimizerState) {
        self.steps[model] = state.step;
        replace(&mut self.first, model, &state.first);
        replace(&mut self.second, model, &state.second);
        match (&mut self.average, &state.average) {
            (Some(kept), Some(average)) => replace(kept, model, average),
            (None, Some(average)) => {
                // The others' averages begin with their own states.
                let mut kept = self.first.each_ref().map(Tensor::zeros_like);
                replace(&mut kept, model, average);
                self.average = Some(kept);
            }
            (_, None) if self.steps.len() == 1 => self.average = None,
            (_, None) => {}
        }
    }

    /// Averaged weights, where there are any.
    pub fn average(&self) -> Option<&Pair> {
        self.average.as_ref()
    }

    /// The host's part of a model's update, `ahead` updates from now.
    pub fn rates(&self, model: usize, ahead: usize, settings: &UpdateSettings) -> Rates {
        // Beyond 2³¹ steps the corrections have long been 1.
        let t = i32::try_from(self.steps[model] + ahead as u64 + 1).unwrap_or(i32::MAX);
        let correction = |beta: f32| (1.0 - f64::from(beta).powi(t)) as f32;
        let kept = if t == 1 { 0.0 } else { settings.average_decay.unwrap_or(0.0) };
        Rates {
            rate: settings.learning_rate / correction(settings.beta1),
            correction: 1.0 / correction(settings.beta2),
            decay: settings.learning_rate * settings.weight_decay,
            share: 1.0 - kept,
        }
    }

    /// Counts updates that were done.
    pub fn count(&mut self, model: usize, updates: usize) {
        self.steps[model] += updates as u64;
    }

    /// One update of `parameters` by their gradients, which must be finite where the gate is 1.
    pub fn update(&mut self, update: &Update, parameters: &mut Pair, gradients: Pair) {
        let closed = update.gate.clone().equal_elem(0.0);
        for (index, gradient) in gradients.into_iter().enumerate() {
            // A number times 0 is 0, NaN times 0 is not.
            let mask = closed.clone().expand(gradient.dims());
            let gradient = (gradient * update.scale.clone()).mask_fill(mask, 0.0);
            self.update_one(update, index, &mut parameters[index], gradient);
        }
        let Some(share) = &update.share else { return };
        let share = share.clone() * update.gate.clone();
        self.average = Some(match self.average.take() {
            None => parameters.clone(),
            Some(average) => {
                let [encoder, decoder] = average;
                let moved = |average: Tensor<2>, parameter: &Tensor<2>| {
                    average.clone() + (parameter.clone() - average) * share.clone()
                };
                [moved(encoder, &parameters[0]), moved(decoder, &parameters[1])]
            }
        });
    }

    fn update_one(
        &mut self,
        update: &Update,
        index: usize,
        parameter: &mut Tensor<2>,
        gradient: Tensor<2>,
    ) {
        let Update { beta1, beta2, epsilon, rate, correction, decay, gate, .. } = update;
        let (first, second) = (self.first[index].clone(), self.second[index].clone());
        let square = gradient.clone() * gradient.clone();
        let first = first.clone() + (gradient - first) * (gate.clone() * (1.0 - beta1));
        let second = second.clone() + (square - second) * (gate.clone() * (1.0 - beta2));
        let size = (second.clone() * correction.clone()).sqrt() + *epsilon;
        let direction = first.clone() / size * (rate.clone() * gate.clone());
        let lost = parameter.clone() * (decay.clone() * gate.clone());
        *parameter = parameter.clone() - lost - direction;
        self.first[index] = first;
        self.second[index] = second;
    }
}

/// Flat weights of many models on a device.
pub(super) fn upload(weights: &[FlowWeights], device: &Device) -> Pair {
    let of = |network: fn(&FlowWeights) -> &Vec<f32>| {
        let flat: Vec<f32> = weights.iter().flat_map(|w| network(w).clone()).collect();
        let shape = [weights.len(), flat.len() / weights.len()];
        tensor(flat, shape, device)
    };
    [of(|w| &w.encoder), of(|w| &w.decoder)]
}

/// One model's flat weights from a device.
pub(super) fn download([encoder, decoder]: &Pair, model: usize) -> FlowWeights {
    let of = |all: &Tensor<2>| read(&all.clone().narrow(0, model, 1));
    FlowWeights { encoder: of(encoder), decoder: of(decoder) }
}

/// Puts one model's flat weights in their place.
pub(super) fn replace(pair: &mut Pair, model: usize, weights: &FlowWeights) {
    for (all, flat) in pair.iter_mut().zip([&weights.encoder, &weights.decoder]) {
        let row = tensor(flat.clone(), [1, flat.len()], &all.device());
        *all = all.clone().slice_assign([model..model + 1, 0..flat.len()], row);
    }
}
