//! Boltzmann generators by equivariant free-form flows (Draxler, Sorrenson et al. 2024, section 5.2).

pub mod flow;
pub mod generator;
pub mod linear;
pub mod network;
mod random;
pub mod reference;
pub mod space;
pub mod system;
mod tensors;
pub mod training;

pub use flow::Flow;
pub use network::NetworkSpec;
pub use reference::{Reference, ReferenceError, ReferenceSettings, sample_reference};
pub use system::{DoubleWell, LennardJones, SYSTEMS, Sampling, System, SystemError, Truth, by_name};
pub use training::{Preset, TrainError, TrainSettings, train};
