//! Simulation-based inference with free-form flows.
