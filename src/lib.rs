//! Simulation-based inference with free-form flows (Draxler, Sorrenson et al. 2024).

pub mod cli;
pub mod config;
pub mod engine;
pub mod files;
mod fit;
pub mod flow;
pub mod model;
pub mod network;
pub mod posterior;
pub mod random;
pub mod run;
pub mod training;
pub mod transform;

pub use fit::fit;
