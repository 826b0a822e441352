//! The perceptron's loss and gradient over some rows.

use super::hidden::Hidden;
use super::table::Table;
use freeform_kernels::{
    Isa, Nonlinearity, Start, View, ViewMut, activate, gemm_nn, gemm_tn, output_backward, sigmoid,
};

/// Where the tensors of a perceptron D → H → H → 1 lie in a flat vector.
#[derive(Clone, Copy)]
pub(super) struct Layout {
    pub inputs: usize,
    pub hidden: usize,
    /// Where each begins: W₁ `[D, H]`, b₁, W₂ `[H, H]`, b₂, W₃ `[H]`, b₃; then the length.
    pub at: [usize; 7],
}

impl Layout {
    pub(super) fn new(inputs: usize, hidden: usize) -> Self {
        let (d, h) = (inputs, hidden);
        let mut at = [0; 7];
        for (i, size) in [d * h, h, h * h, h, h, 1].into_iter().enumerate() {
            at[i + 1] = at[i] + size;
        }
        Self { inputs, hidden, at }
    }

    pub(super) fn len(&self) -> usize {
        self.at[6]
    }
}

/// Buffers for n rows, and what they give.
pub(super) struct Part {
    isa: Isa,
    layout: Layout,
    /// Summed cross-entropy of the last [`Part::run`].
    pub loss: f64,
    /// Its gradient, times the scale given.
    pub gradient: Vec<f32>,
    /// Rows `[n, D + 1]`, of which the last column is one for the biases, hidden values `[n, H]`,
    /// logits, and gradients with respect to these before they are rectified.
    input: Vec<f32>,
    hidden1: Vec<f32>,
    hidden2: Vec<f32>,
    logits: Vec<f32>,
    delta: Vec<f32>,
    delta2: Vec<f32>,
    delta1: Vec<f32>,
    products: Hidden,
}

impl Part {
    /// Room for `rows` rows.
    pub(super) fn new(isa: Isa, layout: Layout, rows: usize) -> Self {
        let values = || vec![0.0; rows * layout.hidden];
        Self {
            isa,
            layout,
            loss: 0.0,
            gradient: vec![0.0; layout.len()],
            input: vec![1.0; rows * (layout.inputs + 1)],
            hidden1: values(),
            hidden2: values(),
            logits: vec![0.0; rows],
            delta: vec![0.0; rows],
            delta2: values(),
            delta1: values(),
            products: Hidden::new(layout.hidden, rows),
        }
    }

    /// Loss and gradient (times `scale`) over `rows`.
    pub(super) fn run(&mut self, weights: &[f32], table: &Table, rows: &[u32], scale: f32) {
        self.forward(weights, table, rows);
        self.judge(table, rows, scale);
        self.backward(weights, rows.len());
    }

    /// How many of the rows are told right.
    pub(super) fn hits(&mut self, weights: &[f32], table: &Table, rows: &[u32]) -> usize {
        self.forward(weights, table, rows);
        let pairs = rows.iter().zip(&self.logits);
        pairs.filter(|(row, logit)| (**logit > 0.0) == (table.label(**row) > 0.5)).count()
    }

    fn forward(&mut self, weights: &[f32], table: &Table, rows: &[u32]) {
        let Layout { inputs: d, hidden: h, at } = self.layout;
        let (isa, n) = (self.isa, rows.len());
        for (row, slot) in rows.iter().zip(self.input.chunks_exact_mut(d + 1)) {
            slot[..d].copy_from_slice(table.row(*row));
        }
        let w = |i: usize| &weights[at[i]..at[i + 1]];
        // W₁ and b₁ lie together: b₁ is the row of W₁ that the column of ones meets.
        let (input, weight) = (View::new(&self.input, d + 1), View::new(weights, h));
        // Not needed before the way back.
        let sums = &mut self.delta1;
        gemm_nn(isa, [n, h, d + 1], input, weight, ViewMut::new(sums, h), Start::Zero);
        activate(isa, Nonlinearity::Relu, &sums[..n * h], &mut self.hidden1[..n * h]);
        self.products.forward((isa, n), &self.hidden1, (w(2), w(3)), &mut self.hidden2);
        let (input, weight) = (View::new(&self.hidden2, h), View::new(w(4), 1));
        let (out, bias) =
            (ViewMut::new(&mut self.logits, 1), Start::Bias { values: w(5), rows: n });
        gemm_nn(isa, [n, 1, h], input, weight, out, bias);
    }

    /// The summed cross-entropy; `delta` receives `scale` times its gradient.
    fn judge(&mut self, table: &Table, rows: &[u32], scale: f32) {
        let n = rows.len();
        let sign = |row: u32| 2.0 * table.label(row) - 1.0;
        for ((slot, logit), row) in self.delta.iter_mut().zip(&self.logits).zip(rows) {
            *slot = sign(*row) * logit;
        }
        // Now the probability of the true label.
        sigmoid(self.isa, &mut self.delta[..n]);
        // One logarithm for eight rows: the product of eight f32 does not underflow in f64.
        let products = self.delta[..n].chunks(8).map(|eight| {
            let probable = |p: &f32| f64::from(p.max(f32::MIN_POSITIVE));
            eight.iter().map(probable).product::<f64>().ln()
        });
        self.loss = -products.sum::<f64>();
        for (slot, row) in self.delta.iter_mut().zip(rows) {
            *slot = sign(*row) * (*slot - 1.0) * scale;
        }
    }

    /// The gradient over `n` rows, from `delta`.
    fn backward(&mut self, weights: &[f32], n: usize) {
        let Layout { inputs: d, hidden: h, at } = self.layout;
        let isa = self.isa;
        let delta = &self.delta[..n];
        let (first, rest) = self.gradient.split_at_mut(at[2]);
        let (weight2, rest) = rest.split_at_mut(h * h);
        let (bias2, rest) = rest.split_at_mut(h);
        let (weight3, bias3) = rest.split_at_mut(h);
        bias3[0] = delta.iter().sum();
        let output = (&self.hidden2[..n * h], &weights[at[4]..at[5]]);
        let delta2 = &mut self.delta2[..n * h];
        output_backward(isa, output, delta, delta2, bias2, weight3);
        self.products.weight_gradient((isa, n), &self.hidden1, delta2, weight2);
        let weight = &weights[at[2]..at[3]];
        let delta = (&*delta2, &self.hidden1[..]);
        self.products.input_gradient((isa, n), delta, weight, &mut self.delta1);
        let (input, delta1) = (View::new(&self.input, d + 1), View::new(&self.delta1, h));
        gemm_tn(isa, [d + 1, h, n], input, delta1, ViewMut::new(first, h), Start::Zero);
    }
}
