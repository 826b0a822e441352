//! AdamW on flat parameter tensors, where they are.

use super::host::{read, tensor};
use crate::engine::{OptimizerState, UpdateSettings};
use crate::network::FlowWeights;
use burn::tensor::{Device, Tensor};

/// Encoder's and decoder's flat vectors of one kind.
pub(super) type Pair = [Tensor<1>; 2];

/// The optimiser of [`UpdateSettings`] over the flat parameters of an encoder and a decoder; its
/// memory stays on their device.
#[derive(Clone, Debug)]
pub struct AdamW {
    step: u64,
    first: Pair,
    second: Pair,
    average: Option<Pair>,
}

impl AdamW {
    /// A fresh optimiser for parameters like these.
    #[must_use]
    pub fn new(parameters: &[Tensor<1>; 2]) -> Self {
        let zeros = || parameters.each_ref().map(|p| p.clone().without_autodiff().zeros_like());
        Self { step: 0, first: zeros(), second: zeros(), average: None }
    }

    /// An optimiser that goes on from a state.
    #[must_use]
    pub fn from_state(state: &OptimizerState, device: &Device) -> Self {
        Self {
            step: state.step,
            first: upload(&state.first, device),
            second: upload(&state.second, device),
            average: state.average.as_ref().map(|average| upload(average, device)),
        }
    }

    /// A copy of everything that the next update depends on.
    #[must_use]
    pub fn state(&self) -> OptimizerState {
        OptimizerState {
            step: self.step,
            first: download(&self.first),
            second: download(&self.second),
            average: self.average.as_ref().map(download),
        }
    }

    /// One update of `parameters` by their `gradients`, whose global Euclidean norm is `norm`.
    pub fn update(
        &mut self,
        settings: &UpdateSettings,
        parameters: &mut [Tensor<1>; 2],
        gradients: [Tensor<1>; 2],
        norm: f64,
    ) {
        self.step += 1;
        let scale = match settings.clip_norm {
            Some(most) if norm > f64::from(most) => (f64::from(most) / norm) as f32,
            _ => 1.0,
        };
        for (index, gradient) in gradients.into_iter().enumerate() {
            let gradient = if scale < 1.0 { gradient * scale } else { gradient };
            self.update_one(settings, index, &mut parameters[index], gradient);
        }
        let Some(decay) = settings.average_decay else { return };
        self.average = Some(match self.average.take() {
            None => parameters.clone(),
            Some([encoder, decoder]) => [
                encoder * decay + parameters[0].clone() * (1.0 - decay),
                decoder * decay + parameters[1].clone() * (1.0 - decay),
            ],
        });
    }

    fn update_one(
        &mut self,
        settings: &UpdateSettings,
        index: usize,
        parameter: &mut Tensor<1>,
        gradient: Tensor<1>,
    ) {
        let UpdateSettings { learning_rate: rate, beta1, beta2, epsilon, .. } = *settings;
        // Beyond 2³¹ steps the corrections have long been 1.
        let t = i32::try_from(self.step).unwrap_or(i32::MAX);
        let correction = |beta: f32| (1.0 - f64::from(beta).powi(t)) as f32;

        let square = gradient.clone() * gradient.clone() * (1.0 - beta2);
        let first = self.first[index].clone() * beta1 + gradient * (1.0 - beta1);
        let second = self.second[index].clone() * beta2 + square;
        let size = (second.clone() / correction(beta2)).sqrt() + epsilon;
        let direction = first.clone() / size * (rate / correction(beta1));
        let kept = parameter.clone() * (1.0 - rate * settings.weight_decay);
        *parameter = kept - direction;
        self.first[index] = first;
        self.second[index] = second;
    }
}

/// Flat weights on a device.
pub(super) fn upload(weights: &FlowWeights, device: &Device) -> Pair {
    [&weights.encoder, &weights.decoder].map(|w| tensor(w.clone(), [w.len()], device))
}

/// Flat weights from a device.
pub(super) fn download([encoder, decoder]: &Pair) -> FlowWeights {
    FlowWeights { encoder: read(encoder), decoder: read(decoder) }
}
