//! Boltzmann generators by equivariant free-form flows (Draxler, Sorrenson et al. 2024, section 5.2).

pub mod network;
mod random;
pub mod reference;
pub mod space;
pub mod system;
mod tensors;

pub use reference::{Reference, ReferenceError, ReferenceSettings, sample_reference};
pub use system::{DoubleWell, LennardJones, SYSTEMS, Sampling, System, SystemError, Truth, by_name};
