//! Simulation-based inference with free-form flows (Draxler, Sorrenson et al. 2024).

pub mod engine;
pub mod network;
pub mod random;
