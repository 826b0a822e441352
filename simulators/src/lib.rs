//! Simulators, priors and the benchmark tasks.
