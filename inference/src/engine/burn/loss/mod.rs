//! The loss of free-form flows for any pair of networks over [`Dual`].

mod exact;
mod sums;

use super::{Dual, DualNetwork};
use crate::engine::{LogDet, LossSettings};
use burn::tensor::{Device, Tensor};
use sums::per_model;

/// A batch as constant tensors; at R = 3 a batch for each of S models, which are the second axis.
#[derive(Clone, Debug)]
pub struct FlowBatch<const R: usize = 2> {
    /// Parameters θ, `[B, D]`.
    pub theta: Tensor<R>,
    /// Data x, `[B, C]`.
    pub context: Tensor<R>,
    /// Hutchinson probes v, probe k in rows k·B … (k+1)·B − 1 of `[K·B, D]`; none for
    /// [`LogDet::Exact`].
    pub probes: Option<Tensor<R>>,
}

/// The loss of a batch: what to differentiate, and what to report of each model.
#[derive(Clone, Debug)]
pub struct FlowLoss {
    /// `[1]`, summed over the models; its reverse-mode gradient is that of each model's loss. Its
    /// value is the loss for Hutchinson's estimate, but not for exact log-determinants.
    pub objective: Tensor<1>,
    /// Batch mean of ½‖z‖², a constant `[S]`.
    pub latent: Tensor<1>,
    /// Batch mean of log|det J_f| (exact) or of (1/K) Σ v_kᵀ J_f J_g v_k, a constant `[S]`.
    pub change: Tensor<1>,
    /// Batch mean of ‖g(f(θ)) − θ‖², a constant `[S]`.
    pub reconstruction: Tensor<1>,
    /// Batch mean of ‖J_f (g(f(θ)) − θ)‖² where λ has an effect, otherwise 0; a constant `[S]`.
    pub latent_reconstruction: Tensor<1>,
}

/// The loss of encoder f and decoder g on a batch: ½‖z‖² − change of variables
/// + β·‖g(f(θ; x); x) − θ‖² + λ·‖SG(J_f) (g(f(θ; x); x) − θ)‖², averaged over the batch.
///
/// With [`LogDet::Hutchinson`] the change of variables is that of Algorithm 1,
/// (1/K) Σ_k v_kᵀ J_f SG(J_g v_k): J_g v_k is computed first, by networks of constants, and is the
/// encoder's tangent. With [`LogDet::Exact`] it is log|det J_f|, whose gradient is that of
/// Σ_ij SG(J_f⁻¹)_ji (J_f)_ij with J_f from D basis tangents.
///
/// For gradients both networks must be [tracked](DualNetwork::tracked).
///
/// # Panics
/// If the probes' shape is not `[K·B, D]`, or they are missing for Hutchinson's estimate.
#[must_use]
pub fn flow_loss<const R: usize, F: DualNetwork<R>, G: DualNetwork<R>>(
    encoder: &F,
    decoder: &G,
    batch: &FlowBatch<R>,
    settings: &LossSettings,
) -> FlowLoss {
    let terms = LossTerms::of(settings, &batch.theta.device().without_autodiff());
    loss_of_terms(encoder, decoder, batch, &terms)
}

/// [`LossSettings`] of each model.
pub(super) struct LossTerms {
    pub log_det: LogDet,
    /// β, `[S]` or `[1]`.
    pub beta: Tensor<1>,
    /// λ where it has an effect, `[S]` or `[1]`.
    pub lambda: Option<Tensor<1>>,
}

impl LossTerms {
    /// The same for all models.
    pub fn of(settings: &LossSettings, device: &Device) -> Self {
        let number = |value: f32| Tensor::from_floats([value], device);
        let (beta, lambda) = (number(settings.beta), settings.lambda().map(number));
        Self { log_det: settings.log_det, beta, lambda }
    }
}

/// [`flow_loss`] with each model's own β and λ.
pub(super) fn loss_of_terms<const R: usize, F: DualNetwork<R>, G: DualNetwork<R>>(
    encoder: &F,
    decoder: &G,
    batch: &FlowBatch<R>,
    terms: &LossTerms,
) -> FlowLoss {
    let FlowBatch { theta, context, probes } = batch;
    let shape = theta.dims();
    let mean = 1.0 / shape[0] as f64;
    let input = match terms.log_det {
        LogDet::Hutchinson { probes: count } => {
            let probes = probes.as_ref().expect("Hutchinson's estimate needs probes");
            let mut expected = shape;
            expected[0] *= count;
            assert!(probes.dims() == expected, "probes {:?}, not {expected:?}", probes.dims());
            Dual::new(theta.clone(), pushed_probes(encoder, decoder, batch, probes))
        }
        LogDet::Exact => Dual::with_basis(theta.clone()),
    };
    let (latent, tangents) = encoder.apply(input, context).into_parts();
    let tangents = tangents.expect("a dual network keeps its input's tangents");
    let decoded = decoder.apply(Dual::constant(latent.clone()), context).into_parts().0;

    let error = decoded - theta.clone();
    let latent_reconstruction = terms.lambda.as_ref().map(|_| {
        per_model(exact::pushed(tangents.clone().detach(), error.clone()).square()) * mean
    });
    let (surrogate, change) = match (terms.log_det, probes) {
        (LogDet::Hutchinson { probes: count }, Some(probes)) => {
            let surrogate = per_model(tangents * probes.clone()) * (mean / count as f64);
            (surrogate.clone(), surrogate)
        }
        _ => exact::log_determinant(tangents),
    };
    let latent = per_model(latent.square()) * (0.5 * mean);
    let reconstruction = per_model(error.square()) * mean;
    let mut objective = latent.clone() - surrogate + reconstruction.clone() * terms.beta.clone();
    if let (Some(lambda), Some(error)) = (&terms.lambda, &latent_reconstruction) {
        objective = objective + error.clone() * lambda.clone();
    }
    let latent = latent.without_autodiff();
    FlowLoss {
        objective: objective.sum(),
        change: change.without_autodiff(),
        reconstruction: reconstruction.without_autodiff(),
        latent_reconstruction: match latent_reconstruction {
            Some(error) => error.without_autodiff(),
            None => latent.zeros_like(),
        },
        latent,
    }
}

/// SG(J_g v) at z = f(θ), `[K·B, …, D]`: nothing of it is recorded.
fn pushed_probes<const R: usize, F: DualNetwork<R>, G: DualNetwork<R>>(
    encoder: &F,
    decoder: &G,
    batch: &FlowBatch<R>,
    probes: &Tensor<R>,
) -> Tensor<R> {
    let theta = Dual::constant(batch.theta.clone());
    let latent = encoder.constant().apply(theta, &batch.context).into_parts().0;
    let input = Dual::new(latent, probes.clone());
    let tangents = decoder.constant().apply(input, &batch.context).into_parts().1;
    tangents.expect("a dual network keeps its input's tangents")
}
