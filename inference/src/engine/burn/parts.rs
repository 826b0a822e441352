//! What a step of a stack has to report, on the device.

use super::host::read;
use super::loss::{FlowLoss, LossTerms};
use crate::engine::{LossReport, LossSettings};
use burn::tensor::Tensor;

/// Parts of the models' losses in one step, `[S, 1]` each.
pub(super) struct Parts {
    loss: Tensor<2>,
    latent: Tensor<2>,
    change: Tensor<2>,
    reconstruction: Tensor<2>,
    latent_reconstruction: Tensor<2>,
    pub norm: Tensor<2>,
    /// 1 where loss and gradient norm are finite, else 0.
    pub finite: Tensor<2>,
}

impl Parts {
    pub fn of(loss: FlowLoss, terms: &LossTerms, norm: Tensor<2>) -> Self {
        let FlowLoss { latent, change, reconstruction, latent_reconstruction, .. } = loss;
        let mut total =
            latent.clone() - change.clone() + reconstruction.clone() * terms.beta.clone();
        if let Some(lambda) = &terms.lambda {
            total = total + latent_reconstruction.clone() * lambda.clone();
        }
        let [loss, latent, change, reconstruction, latent_reconstruction] =
            [total, latent, change, reconstruction, latent_reconstruction].map(|t| {
                let models = t.dims()[0];
                t.reshape([models, 1])
            });
        let finite = loss.clone().is_finite().float() * norm.clone().is_finite().float();
        Self { loss, latent, change, reconstruction, latent_reconstruction, norm, finite }
    }

    /// What a step adds to the columns of [`RunSums`], `[S, 5]`.
    pub fn sums(self, rows: usize) -> Tensor<2> {
        let left_out = self.finite.clone().equal_elem(0.0);
        let counted = |t: Tensor<2>| t.mask_fill(left_out.clone(), 0.0) * rows as f64;
        let columns = [self.loss, self.reconstruction, self.norm].map(counted);
        let [loss, reconstruction, norm] = columns;
        let samples = self.finite.clone() * rows as f64;
        Tensor::cat(vec![self.finite, samples, loss, reconstruction, norm], 1)
    }

    /// One model's, on the host.
    pub fn report(&self, model: usize, settings: &LossSettings) -> LossReport {
        let parts = [
            &self.latent,
            &self.change,
            &self.reconstruction,
            &self.latent_reconstruction,
            &self.norm,
        ];
        let all = Tensor::cat(parts.map(Clone::clone).to_vec(), 1).narrow(0, model, 1);
        let parts: Vec<f64> = read(&all).into_iter().map(f64::from).collect();
        let [latent, change] = [parts[0], parts[1]];
        let [reconstruction, latent_reconstruction] = [parts[2], parts[3]];
        LossReport {
            loss: latent - change
                + f64::from(settings.beta) * reconstruction
                + f64::from(settings.latent_reconstruction) * latent_reconstruction,
            latent,
            change,
            reconstruction,
            latent_reconstruction,
            gradient_norm: parts[4],
        }
    }
}
