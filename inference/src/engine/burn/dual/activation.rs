//! Activations of dual values: ẏ = h′(t) ⊙ ṫ.

use super::Dual;
use crate::network::Activation;
use burn::tensor::activation;
use std::f64::consts::{FRAC_1_SQRT_2, PI};

impl<const R: usize> Dual<R> {
    /// The activation of that name; see the functions named alike.
    ///
    /// # Shapes
    /// Elementwise, like every activation here.
    #[must_use]
    pub fn activate(self, activation: Activation) -> Self {
        match activation {
            Activation::Relu => self.relu(),
            Activation::Silu => self.silu(),
            Activation::Gelu => self.gelu(),
            Activation::Tanh => self.tanh(),
        }
    }

    /// y = max(0, t); h′ = 1 for t > 0, else 0.
    #[must_use]
    pub fn relu(self) -> Self {
        let value = activation::relu(self.value.clone());
        self.elementwise(value, |t| {
            let dtype = t.dtype();
            t.greater_elem(0.0).float().cast(dtype)
        })
    }

    /// y = t·σ(t) with the logistic function σ; h′ = y + σ(t)·(1 − y).
    #[must_use]
    pub fn silu(self) -> Self {
        let sigmoid = activation::sigmoid(self.value.clone());
        let value = self.value.clone() * sigmoid.clone();
        let y = value.clone();
        self.elementwise(value, |_| sigmoid.clone() + (y.clone() - y * sigmoid))
    }

    /// y = t·Φ(t) with the normal distribution function Φ; h′ = Φ(t) + t·φ(t).
    #[must_use]
    pub fn gelu(self) -> Self {
        let normal = (self.value.clone() * FRAC_1_SQRT_2).erf().add_scalar(1.0) * 0.5;
        let value = self.value.clone() * normal.clone();
        self.elementwise(value, |t| {
            let density = (t.clone() * t.clone() * -0.5).exp() * (1.0 / (2.0 * PI).sqrt());
            normal + t * density
        })
    }

    /// y = tanh t; h′ = 1 − y².
    #[must_use]
    pub fn tanh(self) -> Self {
        let value = self.value.clone().tanh();
        let y = value.clone();
        self.elementwise(value, |_| (y.clone() * y).neg().add_scalar(1.0))
    }

    /// y = σ(t) = 1/(1 + e⁻ᵗ); h′ = y·(1 − y).
    #[must_use]
    pub fn sigmoid(self) -> Self {
        let value = activation::sigmoid(self.value.clone());
        let y = value.clone();
        self.elementwise(value, |_| y.clone() - y.clone() * y)
    }
}
