//! A multilayer perceptron with its gradient and its optimiser, all in buffers of its own.

use crate::{
    AdamW, Isa, Nonlinearity, Start, View, ViewMut, activate_streams, adamw, column_sums, gemm_nn,
    gemm_nt, gemm_tn, sum_squares,
};

/// Layers of sizes s₀ → s₁ → … → s_L, with a nonlinearity after each but the last:
/// hₗ₊₁ = act(hₗ·Wₗ + bₗ).
#[derive(Clone, Debug)]
pub struct Mlp {
    isa: Isa,
    kind: Nonlinearity,
    sizes: Vec<usize>,
    /// W₀ `[s₀, s₁]`, b₀ `[s₁]`, W₁, b₁, ….
    weights: Vec<f32>,
    gradient: Vec<f32>,
    moments: [Vec<f32>; 2],
    steps: i32,
    rows: usize,
    /// Of each layer: its input, the slopes that led to it, and the gradient with respect to it.
    values: Vec<Vec<f32>>,
    slopes: Vec<Vec<f32>>,
    deltas: Vec<Vec<f32>>,
    pre: Vec<f32>,
    output: Vec<f32>,
}

impl Mlp {
    /// A network of the given layer sizes with `weights`, for at most `rows` rows at a time.
    ///
    /// # Panics
    /// If there are fewer than two sizes, or `weights` is not [`Mlp::parameters`] long.
    #[must_use]
    pub fn new(
        isa: Isa,
        kind: Nonlinearity,
        sizes: &[usize],
        rows: usize,
        weights: Vec<f32>,
    ) -> Self {
        assert!(sizes.len() >= 2, "an input and an output size");
        assert_eq!(weights.len(), Self::parameters(sizes), "weights of layers {sizes:?}");
        let zeros = |width: usize| vec![0.0; rows * width];
        let inputs = &sizes[..sizes.len() - 1];
        let widest = sizes.iter().copied().max().unwrap_or(0);
        let n = weights.len();
        Self {
            isa,
            kind,
            sizes: sizes.to_vec(),
            weights,
            gradient: vec![0.0; n],
            moments: [vec![0.0; n], vec![0.0; n]],
            steps: 0,
            rows,
            values: inputs.iter().map(|s| zeros(*s)).collect(),
            slopes: inputs.iter().map(|s| zeros(*s)).collect(),
            deltas: inputs.iter().map(|s| zeros(*s)).collect(),
            pre: zeros(widest),
            output: zeros(sizes[sizes.len() - 1]),
        }
    }

    /// Number of weights and biases of layers of these sizes.
    #[must_use]
    pub fn parameters(sizes: &[usize]) -> usize {
        sizes.windows(2).map(|s| (s[0] + 1) * s[1]).sum()
    }

    /// Most rows at a time.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// All weights and biases, layer after layer.
    #[must_use]
    pub fn weights(&self) -> &[f32] {
        &self.weights
    }

    /// Replaces all weights and biases.
    ///
    /// # Panics
    /// If there are more or fewer of them.
    pub fn set_weights(&mut self, weights: &[f32]) {
        self.weights.copy_from_slice(weights);
    }

    /// The optimiser's state: its steps so far, and its first and second moments.
    #[must_use]
    pub fn optimizer(&self) -> (i32, [&[f32]; 2]) {
        (self.steps, [&self.moments[0], &self.moments[1]])
    }

    /// Goes back to such a state.
    ///
    /// # Panics
    /// If there are more or fewer moments than weights.
    pub fn set_optimizer(&mut self, steps: i32, moments: [&[f32]; 2]) {
        self.steps = steps;
        for (mine, given) in self.moments.iter_mut().zip(moments) {
            mine.copy_from_slice(given);
        }
    }

    /// Where layer `l`'s weights and biases begin.
    fn offset(&self, l: usize) -> usize {
        Self::parameters(&self.sizes[..=l])
    }

    /// The network's output `[n, s_L]` for rows `[n, s₀]`.
    ///
    /// # Panics
    /// If there are more rows than there is room for.
    pub fn forward(&mut self, input: &[f32]) -> &[f32] {
        let n = input.len() / self.sizes[0];
        self.values[0][..input.len()].copy_from_slice(input);
        let last = self.sizes.len() - 2;
        for l in 0..=last {
            let (inputs, outputs) = (self.sizes[l], self.sizes[l + 1]);
            let at = self.offset(l);
            let (weight, rest) = self.weights[at..].split_at(inputs * outputs);
            let start = Start::Bias { values: &rest[..outputs], rows: n };
            let (a, w) = (View::new(&self.values[l], inputs), View::new(weight, outputs));
            let pre = if l == last { &mut self.output } else { &mut self.pre };
            gemm_nn(self.isa, [n, outputs, inputs], a, w, ViewMut::new(pre, outputs), start);
            if l < last {
                let (len, next) = (n * outputs, l + 1);
                let (value, slope) = (&mut self.values[next], &mut self.slopes[next]);
                let (pre, value) = (&self.pre[..len], &mut value[..len]);
                let slope = &mut slope[..len];
                activate_streams(self.isa, self.kind, len, pre, value, slope, &mut []);
            }
        }
        &self.output[..n * self.sizes[last + 1]]
    }

    /// From ∂L/∂output `[n, s_L]` of the last [`forward`](Self::forward) pass to the gradient of
    /// all weights.
    ///
    /// # Panics
    /// If `delta` has more rows than there is room for.
    pub fn backward(&mut self, delta: &[f32]) {
        let last = self.sizes.len() - 2;
        let n = delta.len() / self.sizes[last + 1];
        for l in (0..=last).rev() {
            let (inputs, outputs) = (self.sizes[l], self.sizes[l + 1]);
            let at = self.offset(l);
            let (below, above) = self.deltas.split_at_mut(l + 1);
            let delta = if l == last { delta } else { &above[0][..n * outputs] };
            let (weight, bias) = self.gradient[at..].split_at_mut(inputs * outputs);
            let (a, d) = (View::new(&self.values[l], inputs), View::new(delta, outputs));
            let out = ViewMut::new(weight, outputs);
            gemm_tn(self.isa, [inputs, outputs, n], a, d, out, Start::Zero);
            column_sums(self.isa, n, delta, &mut bias[..outputs], false);
            if l > 0 {
                let w = View::new(&self.weights[at..at + inputs * outputs], outputs);
                let out = ViewMut::new(&mut below[l], inputs);
                gemm_nt(self.isa, [n, inputs, outputs], d, w, out, Start::Zero);
                let slopes = &self.slopes[l][..n * inputs];
                below[l].iter_mut().zip(slopes).for_each(|(d, slope)| *d *= slope);
            }
        }
    }

    /// ∂L/∂input `[n, s₀]` of the last [`backward`](Self::backward) pass, whose `delta` this is.
    ///
    /// # Panics
    /// If `delta` has more rows than there is room for.
    pub fn input_gradient(&mut self, delta: &[f32]) -> &[f32] {
        let (inputs, outputs) = (self.sizes[0], self.sizes[1]);
        let n = delta.len() / self.sizes[self.sizes.len() - 1];
        let (own, above) = self.deltas.split_at_mut(1);
        let delta = above.first().map_or(delta, |above| &above[..n * outputs]);
        let (d, w) =
            (View::new(delta, outputs), View::new(&self.weights[..inputs * outputs], outputs));
        let out = ViewMut::new(&mut own[0], inputs);
        gemm_nt(self.isa, [n, inputs, outputs], d, w, out, Start::Zero);
        &self.deltas[0][..n * inputs]
    }

    /// The gradient of the last [`backward`](Self::backward) pass, in the order of the weights.
    #[must_use]
    pub fn gradient(&self) -> &[f32] {
        &self.gradient
    }

    /// One step of AdamW (β₁ = 0.9, β₂ = 0.999, ε = 10⁻⁸), the gradient's norm clipped to
    /// `clip_norm`. A gradient that is not finite changes nothing.
    pub fn update(&mut self, learning_rate: f32, weight_decay: f32, clip_norm: f32) {
        let norm = sum_squares(self.isa, &self.gradient).sqrt() as f32;
        if !norm.is_finite() {
            return;
        }
        self.steps += 1;
        let (beta1, beta2) = (0.9, 0.999);
        let step = AdamW {
            learning_rate,
            beta1,
            beta2,
            epsilon: 1e-8,
            weight_decay,
            correction1: (1.0 - f64::from(beta1).powi(self.steps)) as f32,
            correction2: (1.0 - f64::from(beta2).powi(self.steps)) as f32,
            gradient_scale: if norm > clip_norm { clip_norm / norm } else { 1.0 },
        };
        let [first, second] = &mut self.moments;
        adamw(self.isa, &step, &mut self.weights, &self.gradient, first, second);
    }
}
