//! What the host decides about the steps of a run, on the device before the first of them.

use super::adamw::Rates;
use super::host::tensor;
use super::stack::{BurnStack, ModelStep};
use burn::tensor::Tensor;

/// Columns of [`Controls`].
pub(super) const RATE: usize = 0;
pub(super) const CORRECTION: usize = 1;
pub(super) const DECAY: usize = 2;
pub(super) const SHARE: usize = 3;
pub(super) const CLIP: usize = 4;
pub(super) const BETA: usize = 5;
pub(super) const LAMBDA: usize = 6;
pub(super) const ACTIVE: usize = 7;
const COLUMNS: usize = 8;

/// Numbers of each step and model, `[steps · S, 8]`.
pub(super) struct Controls {
    numbers: Tensor<2>,
    models: usize,
}

impl Controls {
    /// Uploads `[steps][S]`.
    pub fn upload(stack: &BurnStack, steps: &[Vec<ModelStep>]) -> Self {
        let models = stack.models();
        let mut flat = Vec::with_capacity(steps.len() * models * COLUMNS);
        let mut done = vec![0; models];
        for step in steps.iter().flat_map(|models| models.iter().enumerate()) {
            let (model, ModelStep { loss, update, active, .. }) = step;
            let Rates { rate, correction, decay, share } = stack.rates(model, done[model], update);
            done[model] += usize::from(*active);
            let clip = update.clip_norm.unwrap_or(f32::MAX);
            let lambda = loss.lambda().unwrap_or(0.0);
            let active = f32::from(u8::from(*active));
            flat.extend([rate, correction, decay, share, clip, loss.beta, lambda, active]);
        }
        let numbers = tensor(flat, [steps.len() * models, COLUMNS], stack.device());
        Self { numbers, models }
    }

    /// Those of one step.
    pub fn step(&self, number: usize) -> Self {
        let numbers = self.numbers.clone().narrow(0, number * self.models, self.models);
        Self { numbers, models: self.models }
    }

    /// One step's column, `[S, 1]`.
    pub fn column(&self, index: usize) -> Tensor<2> {
        self.numbers.clone().narrow(1, index, 1)
    }
}
