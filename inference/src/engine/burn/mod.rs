//! The generic engine on Burn tensors: any architecture, any device.
//!
//! A network written over [`Dual`] carries tangents beside its values (forward mode), and Burn's
//! reverse mode runs through both streams. So every [`DualNetwork`] can be trained as a free-form
//! flow by [`flow_loss`], and gives its exact Jacobians with D basis tangents in one pass; nothing
//! in the loss knows the architecture. [`BurnStack`] trains many flows of one shape in step, with
//! everything on their device. [`BurnEngine`] is the [`Engine`](super::Engine) of the
//! residual networks that a [`NetworkSpec`](crate::network::NetworkSpec) describes.

mod adamw;
mod controls;
mod dual;
mod engine;
mod evaluate;
#[cfg(feature = "wgpu")]
pub mod gpu;
mod host;
mod loss;
mod network;
mod parameters;
mod parts;
mod probes;
mod residual;
mod stack;
mod steps;
mod tables;

pub use ::burn::tensor::{Device, Int, Tensor};
pub use dual::Dual;
pub(crate) use engine::lock;
pub use engine::{BurnEngine, SharedStack};
pub use evaluate::jacobian;
pub use host::{read, tensor};
pub use loss::{FlowBatch, FlowLoss, flow_loss};
pub use network::DualNetwork;
pub use parameters::{flat_gradients, flatten, with_flat};
pub use residual::ResidualNetwork;
pub use stack::{BurnStack, ModelStep, RunSums, StackRun};
pub use tables::StackTable;
