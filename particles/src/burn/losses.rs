//! The loss and its gradient by reverse mode.

use super::EquivariantNetwork;
use crate::flow::Flow;
use crate::network::NetworkSpec;
use crate::training::LossReport;
use freeform_inference::engine::burn::{
    Device, DualNetwork, FlowBatch, Tensor, flat_gradients, flow_loss, read, tensor, with_flat,
};
use freeform_inference::engine::{LogDet, LossSettings};

/// Pairs × streams × features × blocks of the rows that go through the networks at once: bounds what reverse
/// mode keeps.
const KEPT: usize = 1 << 23;
/// Doubles for each of them, of which a few copies are kept on the way.
const OF_EACH: u128 = 5;

/// [`Losses`](crate::training::Losses) on a device of Burn's.
pub struct BurnLosses {
    spec: NetworkSpec,
    exact: bool,
    device: Device,
    /// Of zeros.
    network: EquivariantNetwork,
    /// [`KEPT`], but for tests.
    pub(super) kept: usize,
}

impl BurnLosses {
    /// With one probe a row, or with exact determinants.
    #[must_use]
    pub fn new(device: &Device, spec: &NetworkSpec, exact: bool) -> Self {
        let device = device.clone().without_autodiff();
        let network = EquivariantNetwork::zeros(spec, &device);
        Self { spec: *spec, exact, device, network, kept: KEPT }
    }

    /// Numbers that a batch takes, in doubles, as
    /// [`TrainSettings::numbers`](crate::TrainSettings::numbers) counts them.
    #[must_use]
    pub fn numbers(spec: &NetworkSpec, exact: bool, batch: usize) -> u128 {
        let a_row = of_a_row(spec, exact);
        OF_EACH * a_row.max(a_row.saturating_mul(batch as u128).min(KEPT as u128))
    }

    /// The loss of zero-centred x `[B, N·n]` (in the flow's units) with probes v of the same shape
    /// (E\[vvᵀ\] = I on the subspace; not read where determinants are exact); its gradient goes into
    /// `gradient` `[weights]`. Not finite where a Jacobian is singular.
    ///
    /// The exact determinant is that of all N·n coordinates: the networks leave the centre of mass where it
    /// is, so it equals the subspace's, whatever the weights.
    ///
    /// Rows that are too many for the memory go through the networks in parts, after each of which `go_on` is
    /// asked; where it says no, or where there are no rows, there is nothing.
    ///
    /// # Panics
    /// If a length does not fit. Where the device fails the work ends:
    /// [`guarded`](freeform_inference::guarded) makes an error of it.
    pub fn gradient(
        &mut self,
        flow: &Flow,
        beta: f32,
        x: &[f32],
        probes: &[f32],
        gradient: &mut [f32],
        go_on: &mut dyn FnMut() -> bool,
    ) -> Option<LossReport> {
        let size = self.spec.particles * self.spec.dims;
        assert!(self.exact || probes.len() == x.len(), "a probe for each row");
        let (rows, count) = (x.len() / size, self.spec.parameters());
        let most = (self.kept as u128 / of_a_row(&self.spec, self.exact)).max(1) as usize;
        // Of about one size.
        let chunk = rows.div_ceil(rows.div_ceil(most).max(1)).max(1) * size;
        let log_det = match self.exact {
            true => LogDet::Exact,
            false => LogDet::Hutchinson { probes: 1 },
        };
        let settings = LossSettings { beta, latent_reconstruction: 0.0, log_det };
        let weights = tensor(flow.weights.clone(), [2, count], &self.device);
        let [encoder, decoder] = [0, 1].map(|network| {
            with_flat(&self.network, &weights.clone().narrow(0, network, 1)).tracked()
        });
        let mut found: Option<(Tensor<2>, Tensor<1>)> = None;
        for (at, part) in x.chunks(chunk).enumerate() {
            let here = part.len() / size;
            let on_device = |numbers: &[f32]| tensor(numbers.to_vec(), [here, size], &self.device);
            let batch = FlowBatch {
                theta: on_device(part),
                context: Tensor::zeros([1, 1], &self.device),
                probes: (!self.exact).then(|| on_device(&probes[at * chunk..][..part.len()])),
            };
            let share = here as f64 / rows as f64;
            let (gradients, means) = differentiate(&encoder, &decoder, &batch, &settings, share);
            found = Some(match found {
                Some((sum, sums)) => (sum + gradients, sums + means),
                None => (gradients, means),
            });
            if (at + 1) * chunk < x.len() && !go_on() {
                return None;
            }
        }
        let (sum, means) = found?;
        gradient.copy_from_slice(&read(&sum));
        let means: Vec<f64> = read(&means).into_iter().map(f64::from).collect();
        Some(LossReport::new(beta, [means[0], means[1], means[2]]))
    }
}

/// Of some rows, which are `share` of all: their part of the gradient `[2, weights]` and of the means (latent,
/// change, reconstruction).
fn differentiate(
    encoder: &EquivariantNetwork,
    decoder: &EquivariantNetwork,
    batch: &FlowBatch,
    settings: &LossSettings,
    share: f64,
) -> (Tensor<2>, Tensor<1>) {
    let loss = flow_loss(encoder, decoder, batch, settings);
    let mut gradients = (loss.objective * share).backward();
    let gradients = [encoder, decoder].map(|network| flat_gradients(network, &mut gradients));
    let means = [loss.latent, loss.change, loss.reconstruction];
    (Tensor::cat(gradients.to_vec(), 0), Tensor::cat(means.to_vec(), 0) * share)
}

/// Pairs × streams × features × blocks of one row.
fn of_a_row(spec: &NetworkSpec, exact: bool) -> u128 {
    let NetworkSpec { particles, dims, width, layers, .. } = *spec;
    let streams = if exact { 1 + particles * dims } else { 2 };
    [particles, particles - 1, streams, width, layers].map(|n| n as u128).iter().product()
}
