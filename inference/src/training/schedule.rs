//! Learning rate and β over the course of a training.

use crate::config::{LossConfig, OptimizerConfig, Schedule};
use std::f64::consts::PI;

/// Share of the steps in which `one-cycle` warms up, and the share of the highest rate it starts at.
const WARM_UP: f64 = 0.3;
const WARM_UP_START: f64 = 1.0 / 25.0;

/// The learning rate of step `step` of `total`.
#[must_use]
pub fn learning_rate(config: &OptimizerConfig, step: usize, total: usize) -> f64 {
    let t = progress(step, total);
    let share = match config.schedule {
        Schedule::Constant => 1.0,
        Schedule::Cosine => half_cosine(1.0, 0.0, t),
        Schedule::OneCycle if t < WARM_UP => half_cosine(WARM_UP_START, 1.0, t / WARM_UP),
        Schedule::OneCycle => half_cosine(1.0, 0.0, (t - WARM_UP) / (1.0 - WARM_UP)),
    };
    config.learning_rate * share
}

/// The reconstruction weight β of step `step` of `total`: geometric from `beta_start` to
/// `beta_end` over the first `beta_ramp` of the steps.
#[must_use]
pub fn beta(config: &LossConfig, step: usize, total: usize) -> f64 {
    let t = progress(step, total);
    let share = if t < config.beta_ramp { t / config.beta_ramp } else { 1.0 };
    config.beta_start * (config.beta_end / config.beta_start).powf(share)
}

fn progress(step: usize, total: usize) -> f64 {
    step as f64 / total.max(1) as f64
}

fn half_cosine(from: f64, to: f64, t: f64) -> f64 {
    to + (from - to) * 0.5 * (1.0 + (PI * t).cos())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Preset, Problem};
    use freeform_simulators::Missing;

    #[test]
    fn schedules_pass_through_their_landmarks() {
        let problem = Problem {
            simulations: 1000,
            theta_dim: 2,
            context_dim: 2,
            layout: None,
            missing: Missing::Failed,
        };
        let mut config = Preset::Recommended.config(&problem);
        config.optimizer.learning_rate = 1.0;
        let mut rate = |schedule, step| {
            config.optimizer.schedule = schedule;
            learning_rate(&config.optimizer, step, 1000)
        };
        assert_eq!(rate(Schedule::Constant, 999), 1.0);
        assert!((rate(Schedule::Cosine, 500) - 0.5).abs() < 1e-12);
        assert!((rate(Schedule::OneCycle, 0) - 0.04).abs() < 1e-12);
        assert!((rate(Schedule::OneCycle, 300) - 1.0).abs() < 1e-12);
        assert!((rate(Schedule::OneCycle, 650) - 0.5).abs() < 1e-12);
        (config.loss.beta_start, config.loss.beta_end, config.loss.beta_ramp) = (1.0, 100.0, 0.5);
        assert_eq!(beta(&config.loss, 0, 1000), 1.0);
        assert!((beta(&config.loss, 250, 1000) - 10.0).abs() < 1e-9);
        assert!((beta(&config.loss, 900, 1000) - 100.0).abs() < 1e-9);
    }
}
