//! The generic engine on Burn tensors: any architecture, any device.
//!
//! A network written over [`Dual`] carries tangents beside its values (forward mode), and Burn's
//! reverse mode runs through both streams. So every [`DualNetwork`] can be trained as a free-form
//! flow by [`flow_loss`], and gives its exact Jacobians with D basis tangents in one pass; nothing
//! in the loss knows the architecture. [`BurnEngine`] is the [`Engine`](super::Engine) of the
//! residual networks that a [`NetworkSpec`](crate::network::NetworkSpec) describes.

mod adamw;
mod dual;
mod engine;
mod evaluate;
mod host;
mod loss;
mod network;
mod parameters;
mod residual;

pub use ::burn::tensor::{Device, Tensor};
pub use adamw::AdamW;
pub use dual::Dual;
pub use engine::BurnEngine;
pub use evaluate::jacobian;
pub use loss::{FlowBatch, FlowLoss, flow_loss};
pub use network::DualNetwork;
pub use parameters::{flat_gradients, flatten, with_flat};
pub use residual::ResidualNetwork;
