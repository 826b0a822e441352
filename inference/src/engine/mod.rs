//! Engines: who does the arithmetic of training and evaluating a flow.
//!
//! An engine owns the weights and optimiser state of one flow and works on standardised numbers,
//! row-major. Both engines read one network description and one weight layout, so a model trained
//! by one loads into the other. Given the same weights, batch and probes they agree on loss and
//! gradients.

#[cfg(feature = "burn")]
pub mod burn;
mod cpu;
mod device;
mod inverse;
mod kind;
mod latent;
mod open;
mod optimizer;
mod types;

pub use cpu::CpuEngine;
pub use device::DeviceError;
pub(crate) use inverse::invert;
pub use kind::{EngineKind, EngineNameError, Gpu, GraphicsApi};
pub(crate) use latent::normal_normalizer;
pub use open::{create, guarded};
pub use optimizer::{OptimizerState, UpdateSettings};
pub use types::{Batch, Direction, LogDet, LossReport, LossSettings};

use crate::network::{FlowWeights, NetworkSpec};

/// One flow's arithmetic: encoder f(θ; x), decoder g(z; x), their loss and its gradients.
pub trait Engine: Send {
    /// The description that encoder and decoder share.
    fn spec(&self) -> &NetworkSpec;

    /// A copy of the current weights.
    fn weights(&self) -> FlowWeights;

    /// Replaces the weights (lengths as in the spec's layout).
    fn set_weights(&mut self, weights: &FlowWeights);

    /// A copy of the optimiser's state.
    fn optimizer_state(&self) -> OptimizerState;

    /// Replaces the optimiser's state, so that training goes on bit for bit.
    fn set_optimizer_state(&mut self, state: &OptimizerState);

    /// A copy of the best weights so far, if there are any: kept where the others are.
    fn best(&self) -> Option<FlowWeights>;

    /// Replaces the best weights so far.
    fn set_best(&mut self, best: Option<&FlowWeights>);

    /// Batch means of the loss and its parts, and the gradient of the loss, without an update.
    fn loss_and_gradients(
        &mut self,
        batch: &Batch,
        loss: &LossSettings,
    ) -> (LossReport, FlowWeights);

    /// One optimiser step on a batch. A non-finite loss or gradient is reported
    /// (`!report.is_finite()`) and leaves weights and optimiser untouched.
    fn train_step(
        &mut self,
        batch: &Batch,
        loss: &LossSettings,
        update: &UpdateSettings,
    ) -> LossReport;

    /// Applies encoder or decoder to `input` `[n, D]` with `context` `[n, C]`, or `[C]` shared by
    /// all rows; writes `output` `[n, D]`.
    fn transform(
        &mut self,
        direction: Direction,
        input: &[f32],
        context: &[f32],
        output: &mut [f32],
    );

    /// As [`transform`](Self::transform), and writes the Jacobians ∂output_i/∂input_j into
    /// `jacobian` `[n, D, D]` (row i, column j).
    fn transform_with_jacobian(
        &mut self,
        direction: Direction,
        input: &[f32],
        context: &[f32],
        output: &mut [f32],
        jacobian: &mut [f32],
    );
}
