//! What goes into a training step and what comes out.

use serde::{Deserialize, Serialize};

/// A batch: rows of a standardised table, read in place.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// Parameters of the whole table, `[rows of the table, D]`.
    pub theta: &'a [f32],
    /// Data of the whole table, `[rows of the table, C]`.
    pub x: &'a [f32],
    /// The table's rows that make up this batch of B.
    pub rows: &'a [u32],
    /// Hutchinson probes v, `[K, B, D]`, E\[vvᵀ\] = I; empty for [`LogDet::Exact`].
    pub probes: &'a [f32],
}

/// Which map of the flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The encoder z = f(θ; x).
    Encode,
    /// The decoder θ = g(z; x).
    Decode,
}

/// How the change of variables enters the loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogDet {
    /// Algorithm 1: −(1/K) Σ_k v_kᵀ J_f SG(J_g v_k) with K probes.
    Hutchinson {
        /// K ≥ 1; K = D orthogonal probes make the trace exact.
        probes: usize,
    },
    /// −log|det J_f|, from D tangents; the gradient is that of equation 4 in expectation.
    Exact,
}

/// The loss of a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LossSettings {
    /// β: the weight of the reconstruction term ‖g(f(θ)) − θ‖² (no factor ½).
    pub beta: f32,
    /// λ: the weight of ‖SG(J_f)(g(f(θ)) − θ)‖², the reconstruction error in units of the latent.
    /// Only with [`LogDet::Exact`], which has J_f at hand; without effect otherwise.
    pub latent_reconstruction: f32,
    /// The change-of-variables term.
    pub log_det: LogDet,
}

impl LossSettings {
    /// λ where it has an effect.
    #[must_use]
    pub fn lambda(&self) -> Option<f32> {
        let on = self.log_det == LogDet::Exact && self.latent_reconstruction > 0.0;
        on.then_some(self.latent_reconstruction)
    }
}

/// Batch means of the loss and its parts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LossReport {
    /// ½‖z‖² − change of variables + β · reconstruction + λ · reconstruction in latent units.
    pub loss: f64,
    /// ½‖z‖².
    pub latent: f64,
    /// log|det J_f| (exact) or the surrogate vᵀ J_f J_g v (Hutchinson; only its gradient means
    /// something).
    pub change: f64,
    /// ‖g(f(θ)) − θ‖².
    pub reconstruction: f64,
    /// ‖J_f (g(f(θ)) − θ)‖² where λ has an effect, 0 otherwise.
    pub latent_reconstruction: f64,
    /// Euclidean norm of the whole gradient before clipping.
    pub gradient_norm: f64,
}

impl LossReport {
    /// Whether loss and gradient are finite.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        self.loss.is_finite() && self.gradient_norm.is_finite()
    }
}
