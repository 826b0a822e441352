//! The loss of free-form flows for any pair of networks over [`Dual`].

mod exact;

use super::{Dual, DualNetwork};
use crate::engine::{LogDet, LossSettings};
use burn::tensor::Tensor;

/// A batch as constant tensors.
#[derive(Clone, Debug)]
pub struct FlowBatch {
    /// Parameters θ, `[B, D]`.
    pub theta: Tensor<2>,
    /// Data x, `[B, C]`.
    pub context: Tensor<2>,
    /// Hutchinson probes v, probe k in rows k·B … (k+1)·B − 1 of `[K·B, D]`; none for
    /// [`LogDet::Exact`].
    pub probes: Option<Tensor<2>>,
}

/// The loss of a batch: what to differentiate, and what to report.
#[derive(Clone, Debug)]
pub struct FlowLoss {
    /// `[1]`; its reverse-mode gradient is the loss's. Its value is the loss for Hutchinson's
    /// estimate, but not for exact log-determinants.
    pub objective: Tensor<1>,
    /// Batch mean of ½‖z‖², a constant `[1]`.
    pub latent: Tensor<1>,
    /// Batch mean of log|det J_f| (exact) or of (1/K) Σ v_kᵀ J_f J_g v_k, a constant `[1]`.
    pub change: Tensor<1>,
    /// Batch mean of ‖g(f(θ)) − θ‖², a constant `[1]`.
    pub reconstruction: Tensor<1>,
    /// Batch mean of ‖J_f (g(f(θ)) − θ)‖² where λ has an effect, otherwise 0; a constant `[1]`.
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
pub fn flow_loss<F: DualNetwork, G: DualNetwork>(
    encoder: &F,
    decoder: &G,
    batch: &FlowBatch,
    settings: &LossSettings,
) -> FlowLoss {
    let FlowBatch { theta, context, probes } = batch;
    let mean = 1.0 / theta.dims()[0] as f64;
    let input = match settings.log_det {
        LogDet::Hutchinson { probes: count } => {
            let probes = probes.as_ref().expect("Hutchinson's estimate needs probes");
            let expected = [count * theta.dims()[0], theta.dims()[1]];
            assert!(probes.dims() == expected, "probes {:?}, not {expected:?}", probes.dims());
            Dual::new(theta.clone(), pushed_probes(encoder, decoder, batch, probes))
        }
        LogDet::Exact => Dual::with_basis(theta.clone()),
    };
    let (latent, tangents) = encoder.apply(input, context).into_parts();
    let tangents = tangents.expect("a dual network keeps its input's tangents");
    let decoded = decoder.apply(Dual::constant(latent.clone()), context).into_parts().0;

    let error = decoded - theta.clone();
    let latent_reconstruction = match settings.lambda() {
        Some(_) => exact::pushed(tangents.clone().detach(), error.clone()).square().sum() * mean,
        None => Tensor::zeros([1], &theta.device().without_autodiff()),
    };
    let (surrogate, change) = match (settings.log_det, probes) {
        (LogDet::Hutchinson { probes: count }, Some(probes)) => {
            let surrogate = (tangents * probes.clone()).sum() * (mean / count as f64);
            (surrogate.clone(), surrogate)
        }
        _ => exact::log_determinant(tangents),
    };
    let latent = latent.square().sum() * (0.5 * mean);
    let reconstruction = error.square().sum() * mean;
    let mut objective =
        latent.clone() - surrogate + reconstruction.clone() * f64::from(settings.beta);
    if let Some(lambda) = settings.lambda() {
        objective = objective + latent_reconstruction.clone() * f64::from(lambda);
    }
    FlowLoss {
        objective,
        latent: latent.without_autodiff(),
        change: change.without_autodiff(),
        reconstruction: reconstruction.without_autodiff(),
        latent_reconstruction: latent_reconstruction.without_autodiff(),
    }
}

/// SG(J_g v) at z = f(θ), `[K·B, D]`: nothing of it is recorded.
fn pushed_probes<F: DualNetwork, G: DualNetwork>(
    encoder: &F,
    decoder: &G,
    batch: &FlowBatch,
    probes: &Tensor<2>,
) -> Tensor<2> {
    let theta = Dual::constant(batch.theta.clone());
    let latent = encoder.constant().apply(theta, &batch.context).into_parts().0;
    let input = Dual::new(latent, probes.clone());
    let tangents = decoder.constant().apply(input, &batch.context).into_parts().1;
    tangents.expect("a dual network keeps its input's tangents")
}
