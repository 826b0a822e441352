//! Boltzmann generators by equivariant free-form flows (Draxler, Sorrenson et al. 2024, section 5.2).

mod files;
pub mod flow;
pub mod generator;
pub mod linear;
mod model;
pub mod network;
mod random;
pub mod reference;
pub mod space;
pub mod system;
mod tensors;
pub mod training;

pub use files::{FileError, prepare_positions, read_positions, write_positions};
pub use flow::Flow;
pub use model::{About, Model, ModelError};
pub use network::NetworkSpec;
pub use reference::{Reference, ReferenceError, ReferenceSettings, sample_reference};
pub use system::{DoubleWell, LennardJones, SYSTEMS, Sampling, System, SystemError, Truth, by_name};
pub use training::{Preset, TrainError, TrainSettings, train};
