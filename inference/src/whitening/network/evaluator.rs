//! Perceptrons at work.

use super::super::triangular::{Triangular, outputs, shear_scaled};
use super::CHUNK;
use freeform_kernels::Mlp;

/// Applies a network to rows of contexts.
pub struct Evaluator {
    mlps: Vec<Mlp>,
    mean: Vec<f32>,
    dim: usize,
    context_dim: usize,
    scaled: bool,
}

impl Evaluator {
    /// Of one perceptron or several, of D and C; `scaled`: whose N acts on what is scaled already.
    pub fn new(mlps: Vec<Mlp>, (dim, context_dim): (usize, usize), scaled: bool) -> Self {
        Self { mlps, mean: Vec::new(), dim, context_dim, scaled }
    }

    /// Calls `each` with the index and map of every row; one context serves all rows if there is
    /// only one.
    pub fn each(&mut self, context: &[f32], rows: usize, mut each: impl FnMut(usize, &Triangular)) {
        let (dim, width) = (self.dim, outputs(self.dim));
        if context.len() == self.context_dim {
            let output = self.forward(context);
            (0..rows).for_each(|row| each(row, &Triangular::new(output, dim)));
            return;
        }
        for (chunk, context) in context.chunks(CHUNK * self.context_dim).enumerate() {
            let output = self.forward(context);
            for (row, output) in output.chunks_exact(width).enumerate() {
                each(chunk * CHUNK + row, &Triangular::new(output, dim));
            }
        }
    }

    /// The networks' outputs at each row, averaged.
    fn forward(&mut self, context: &[f32]) -> &[f32] {
        let (first, others) = self.mlps.split_first_mut().expect("a perceptron at least");
        if others.is_empty() && self.scaled {
            return first.forward(context);
        }
        let share = 1.0 / (1 + others.len()) as f32;
        self.mean.clear();
        self.mean.extend(first.forward(context).iter().map(|v| share * v));
        for mlp in others {
            for (mean, v) in self.mean.iter_mut().zip(mlp.forward(context)) {
                *mean += share * v;
            }
        }
        if !self.scaled {
            self.mean
                .chunks_exact_mut(outputs(self.dim))
                .for_each(|row| shear_scaled(row, self.dim));
        }
        &self.mean
    }
}
