//! Boltzmann generators by equivariant free-form flows (Draxler, Sorrenson et al. 2024, section 5.2).
//!
//! A [`System`] of particles has an energy u(x); its Boltzmann distribution e^(−u)/Z is sampled by
//! replica exchange ([`sample_reference`]), a flow of E(n)-equivariant networks is trained on the samples ([`train`]),
//! and the flow's draws, which know their density, are reweighed to the target ([`generator`]).
//!
//! ```
//! use freeform_particles::generator::{draws, weigh};
//! use freeform_particles::{Preset, ReferenceSettings, Sampling, System, sample_reference, train};
//! use std::ops::ControlFlow;
//!
//! /// Three particles in the plane, on springs of length 1 between all pairs.
//! struct Springs;
//!
//! impl System for Springs {
//!     fn name(&self) -> &str {
//!         "springs"
//!     }
//!     fn particles(&self) -> usize {
//!         3
//!     }
//!     fn dims(&self) -> usize {
//!         2
//!     }
//!     fn energy(&self, x: &[f64]) -> f64 {
//!         let pairs = [(0, 1), (0, 2), (1, 2)];
//!         let length = |(i, j): (usize, usize)| (x[2 * i] - x[2 * j]).hypot(x[2 * i + 1] - x[2 * j + 1]);
//!         pairs.into_iter().map(|pair| 5.0 * (length(pair) - 1.0).powi(2)).sum()
//!     }
//! }
//!
//! let sampling = Sampling { replicas: 4, sweeps: 10, burn_in: 50 };
//! let settings = ReferenceSettings { draws: 2000, seed: 1, chains: 4, sampling };
//! let found = sample_reference(&Springs, &settings, None, &mut |_| ControlFlow::Continue(()))?;
//! // A short training for a short example.
//! let mut training = Preset::Recommended.settings(3, found.x.nrows());
//! for setting in ["layers=2", "width=16", "steps=60", "validation=100"] {
//!     training.set(setting)?;
//! }
//! let trained = train(&training, found.x.view(), 2, 1, None, &mut |_| ControlFlow::Continue(()))?;
//! let drawn = draws(&trained.flow, 1, 0..1000);
//! let log_weights: Vec<f64> = drawn.iter().map(|d| d.log_weight(Springs.energy(&d.x))).collect();
//! assert!(weigh(&log_weights).effective_share > 0.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The names
//! - **Systems**: [`System`], [`DoubleWell`], [`LennardJones`], any program ([`system::Program`]), [`by_name`].
//! - **Reference**: [`sample_reference`], [`Reference`], its [`reference::ReferenceReport`].
//! - **Learning**: [`train`], [`train_on`] any device, [`TrainSettings`] from a [`Preset`], [`Flow`], [`Model`] on disk.
//! - **Judging**: [`generator::densities`], [`generator::weigh`], [`generator::kullback_leibler`].
//! - **Files**: [`read_positions`], [`write_positions`].
//!
//! Beneath: [`network`] is the E(n)-GNN with its passes (feature `burn`: its twin on any device), [`space`] the zero-centred coordinates, [`theory`] the
//! paper's examples in closed form.

#[cfg(feature = "burn")]
pub mod burn;
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
pub mod theory;
pub mod training;

pub use files::{FileError, OffCentre, prepare_positions, read_positions, write_positions};
pub use flow::Flow;
pub use model::{About, Model, ModelError};
pub use network::NetworkSpec;
pub use reference::{Reference, ReferenceError, ReferenceSettings, sample_reference};
pub use system::{
    DoubleWell, LennardJones, SYSTEMS, Sampling, System, SystemError, Truth, by_name,
};
pub use training::{Preset, TrainError, TrainSettings, train, train_on};
