//! Draws from a system's Boltzmann distribution, and its ln Z, by replica exchange.
//!
//! Replicas stand on a ladder λ₀ = 0 … λ_K = 1 of u_λ = (1 − λ)·b + λ·u, from a Gaussian,
//! b = Σ|xᵢ − x̄|²/(2σ²), whose ln Z is known, to the target. Each does Metropolis moves of single
//! particles; neighbours offer each other their states. The rungs are placed in the burn-in such that
//! all gaps are crossed equally often (Syed et al. 2022). Chains are independent of each other, and are what is
//! split over threads: the same draws whatever their number. ln Z is the sum of Bennett's
//! acceptance ratios (1976) over the gaps; errors are from the spread of the chains.

mod autocorrelation;
mod bennett;
mod chain;
mod job;
mod ladder;
mod report;
mod state;

pub use autocorrelation::autocorrelation_time;
pub use bennett::{FreeEnergy, free_energy_difference};
pub use job::{Progress, Reference, ReferenceError, ReferenceSettings, sample_reference};
pub use report::{Estimate, ReferenceReport};
