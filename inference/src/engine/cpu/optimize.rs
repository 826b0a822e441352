//! The optimiser's state and its update.

use super::buffer::Buffer;
use crate::engine::{OptimizerState, UpdateSettings};
use crate::network::FlowWeights;
use freeform_kernels::{AdamW, Isa, adamw, average, sum_squares};

/// Encoder's and decoder's numbers, of one kind.
pub(super) type Pair = [Buffer; 2];

pub(super) fn pair_of(weights: &FlowWeights) -> Pair {
    [Buffer::of(&weights.encoder), Buffer::of(&weights.decoder)]
}

pub(super) fn weights_of([encoder, decoder]: &Pair) -> FlowWeights {
    FlowWeights { encoder: encoder.to_vec(), decoder: decoder.to_vec() }
}

/// AdamW's memory.
#[derive(Debug)]
pub(super) struct Optimizer {
    step: u64,
    first: Pair,
    second: Pair,
    average: Option<Pair>,
}

impl Optimizer {
    /// Fresh, for networks of `len` parameters.
    pub fn new(len: usize) -> Self {
        let zeros = || [Buffer::zeros(len), Buffer::zeros(len)];
        Self { step: 0, first: zeros(), second: zeros(), average: None }
    }

    pub fn of(state: &OptimizerState) -> Self {
        Self {
            step: state.step,
            first: pair_of(&state.first),
            second: pair_of(&state.second),
            average: state.average.as_ref().map(pair_of),
        }
    }

    pub fn state(&self) -> OptimizerState {
        OptimizerState {
            step: self.step,
            first: weights_of(&self.first),
            second: weights_of(&self.second),
            average: self.average.as_ref().map(weights_of),
        }
    }

    /// One update; `norm` is the gradient's Euclidean norm, which clipping needs.
    pub fn update(
        &mut self,
        isa: Isa,
        settings: &UpdateSettings,
        weights: &mut Pair,
        gradients: &Pair,
        norm: f64,
    ) {
        self.step += 1;
        // Beyond 2³¹ steps the corrections have long been 1.
        let t = i32::try_from(self.step).unwrap_or(i32::MAX);
        let correction = |beta: f32| (1.0 - f64::from(beta).powi(t)) as f32;
        let scale = match settings.clip_norm {
            Some(most) if norm > f64::from(most) => (f64::from(most) / norm) as f32,
            _ => 1.0,
        };
        let step = AdamW {
            learning_rate: settings.learning_rate,
            beta1: settings.beta1,
            beta2: settings.beta2,
            epsilon: settings.epsilon,
            weight_decay: settings.weight_decay,
            correction1: correction(settings.beta1),
            correction2: correction(settings.beta2),
            gradient_scale: scale,
        };
        let moments = self.first.iter_mut().zip(&mut self.second);
        for ((w, g), (m, v)) in weights.iter_mut().zip(gradients).zip(moments) {
            adamw(isa, &step, w, g, m, v);
        }
        let Some(decay) = settings.average_decay else { return };
        match &mut self.average {
            Some(kept) => {
                kept.iter_mut().zip(weights).for_each(|(kept, w)| average(isa, decay, w, kept));
            }
            none => *none = Some([Buffer::of(&weights[0]), Buffer::of(&weights[1])]),
        }
    }

    /// Euclidean norm of encoder's and decoder's gradients together.
    pub fn norm(isa: Isa, gradients: &Pair) -> f64 {
        gradients.iter().map(|g| sum_squares(isa, g)).sum::<f64>().sqrt()
    }
}
