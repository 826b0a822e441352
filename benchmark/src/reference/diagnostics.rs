//! Have the chains mixed? R-hat and the effective number of draws.

use std::sync::atomic::{AtomicBool, Ordering};

/// States of several chains, step after step.
pub(super) struct Chains {
    dim: usize,
    chains: usize,
    /// `[step][chain][dim]`.
    states: Vec<f64>,
}

/// The worst values over parameters (in the coordinates of the chains).
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Diagnostics {
    /// Split R-hat: 1 where all halves of all chains agree.
    pub r_hat: f64,
    /// Independent draws that the chains are worth.
    pub effective_draws: f64,
}

impl Chains {
    pub(super) fn new(dim: usize, chains: usize) -> Self {
        Self { dim, chains, states: Vec::new() }
    }

    /// Appends the steps of all ensembles, each `[step][walker]` of `walkers` walkers.
    pub(super) fn extend(&mut self, ensembles: &[Vec<Vec<f64>>], walkers: usize) {
        for step in 0..ensembles[0].len() / walkers {
            for ensemble in ensembles {
                for state in &ensemble[step * walkers..(step + 1) * walkers] {
                    self.states.extend_from_slice(state);
                }
            }
        }
    }

    /// Number of states.
    pub(super) fn len(&self) -> usize {
        self.states.len() / self.dim
    }

    pub(super) fn state(&self, index: usize) -> &[f64] {
        &self.states[index * self.dim..][..self.dim]
    }

    /// Nothing of use once `stop` is set.
    pub(super) fn diagnose(&self, stop: &AtomicBool) -> Diagnostics {
        let mut worst = Diagnostics { r_hat: 1.0, effective_draws: f64::INFINITY };
        for j in 0..self.dim {
            let series: Vec<Vec<f64>> = (0..self.chains).map(|c| self.series(c, j)).collect();
            worst.r_hat = worst.r_hat.max(split_r_hat(&series));
            let effective = self.len() as f64 / autocorrelation_time(&series, stop);
            worst.effective_draws = worst.effective_draws.min(effective);
        }
        worst
    }

    fn series(&self, chain: usize, j: usize) -> Vec<f64> {
        self.states.chunks_exact(self.dim).skip(chain).step_by(self.chains).map(|s| s[j]).collect()
    }
}

fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0))
}

/// R-hat of Gelman et al. (2013) over halves of chains.
fn split_r_hat(series: &[Vec<f64>]) -> f64 {
    let halves = series.iter().flat_map(|s| {
        let (a, b) = s.split_at(s.len() / 2);
        [moments(a), moments(b)]
    });
    let (means, variances): (Vec<f64>, Vec<f64>) = halves.unzip();
    let n = (series[0].len() / 2) as f64;
    let within = moments(&variances).0;
    let between = moments(&means).1;
    (((n - 1.0) / n * within + between) / within).sqrt()
}

/// Integrated autocorrelation time in steps, the autocorrelation averaged over chains and cut at
/// the first lag beyond five times the estimate (Sokal's window).
fn autocorrelation_time(series: &[Vec<f64>], stop: &AtomicBool) -> f64 {
    let all: Vec<f64> = series.concat();
    let (mean, variance) = moments(&all);
    let steps = series[0].len();
    let mut time = 1.0;
    for lag in 1..steps {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let products = series.iter().map(|s| {
            let pairs = s[lag..].iter().zip(s);
            pairs.map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>()
        });
        let count = (series.len() * (steps - lag)) as f64;
        time += 2.0 * products.sum::<f64>() / count / variance;
        if lag as f64 >= 5.0 * time {
            return time;
        }
    }
    // Never settled: the chains are worth less than one draw each.
    steps as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::stream;
    use rand_distr::{Distribution, StandardNormal};

    /// Chains of an AR(1) process with coefficient ρ: autocorrelation time (1+ρ)/(1−ρ).
    fn autoregressive(rho: f64, shift: f64) -> Chains {
        let mut chains = Chains::new(1, 8);
        let mut rng = stream(3, "chains", 0);
        let mut current = [0.0; 8];
        let mut states = Vec::new();
        for _ in 0..20_000 {
            for (c, value) in current.iter_mut().enumerate() {
                let noise: f64 = StandardNormal.sample(&mut rng);
                *value = rho * *value + (1.0 - rho * rho).sqrt() * noise;
                states.push(vec![*value + if c < 4 { shift } else { 0.0 }]);
            }
        }
        chains.extend(&[states], 8);
        chains
    }

    #[test]
    fn effective_draws_follow_the_autocorrelation() {
        let found = autoregressive(0.8, 0.0).diagnose(&AtomicBool::new(false));
        let expected = 160_000.0 / 9.0;
        assert!((found.effective_draws / expected - 1.0).abs() < 0.1, "{found:?}");
        assert!(found.r_hat < 1.005, "{found:?}");
    }

    #[test]
    fn chains_that_disagree_have_a_large_r_hat() {
        let found = autoregressive(0.5, 1.0).diagnose(&AtomicBool::new(false));
        // Between-chain variance ¼ · 16/15 beside a variance of 1 within.
        let expected = (1.0_f64 + 0.25 * 16.0 / 15.0).sqrt();
        assert!((found.r_hat - expected).abs() < 0.02, "{found:?}");
    }
}
