//! The twin of the networks over [`Dual`](freeform_inference::engine::burn::Dual), on any device of Burn's.
//!
//! The same formulas and the same flat weights as [`network`](crate::network): a flow that was trained by
//! one is the other's too. The loss is that of every free-form flow,
//! [`flow_loss`](freeform_inference::engine::burn::flow_loss), which knows nothing of particles.

mod losses;
mod network;
mod pairs;
#[cfg(test)]
mod tests;

pub use losses::BurnLosses;
pub use network::EquivariantNetwork;
