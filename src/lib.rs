//! Simulation-based inference with free-form flows (Draxler, Sorrenson et al. 2024).
//!
//! From simulations of x ~ p(x | θ) under a prior p(θ), [`fit`] learns an amortised posterior: an
//! encoder f(θ; x) and a decoder g(z; x), any dimension-preserving networks, trained by maximum
//! likelihood with an estimated change of variables and a reconstruction term.
//!
//! ```
//! use freeform_sbi::config::{Overrides, Preset};
//! use freeform_sbi::engine::EngineKind;
//! use freeform_sbi::posterior::Posterior;
//! use freeform_simulators::{Task, simulate};
//!
//! let task = Task::by_name("two_moons")?;
//! let simulations = simulate(task.simulator(), 500, 1)?.simulations;
//! // A short training for a short example.
//! let overrides = Overrides::parse("training = { max_epochs = 3, members = 1 }\nwhitening = { steps = 100 }")?;
//! let engine = EngineKind::default();
//! let model =
//!     freeform_sbi::fit(simulations, task.prior(), Preset::default(), &overrides, 1, engine)?;
//! let posterior = Posterior::new(model, engine);
//! let draws = posterior.sample(&[0.1, -0.2], 100, 1)?;
//! assert_eq!(draws.theta.dim(), (100, 2));
//! let log_prob = posterior.log_prob(&draws.theta.view(), &[0.1, -0.2], 1)?;
//! assert_eq!(log_prob.len(), 100);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod cli;
pub mod config;
pub mod engine;
pub mod files;
mod fit;
pub mod flow;
pub mod grid;
pub mod model;
pub mod network;
pub mod posterior;
pub mod random;
pub mod run;
pub mod summary;
pub mod training;
pub mod transform;
pub mod whitening;

pub use fit::fit;
