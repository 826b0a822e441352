//! The engine's optimiser: the update's formula, its memory, and what it refuses.

use crate::reference::{random_weights, spec, uniform};
use freeform_inference::engine::burn::BurnEngine;
use freeform_inference::engine::{Batch, Engine, LogDet, LossSettings, UpdateSettings};
use freeform_inference::network::{Activation, FlowWeights, NetworkSpec};

const LOSS: LossSettings = LossSettings {
    beta: 2.0,
    latent_reconstruction: 0.0,
    log_det: LogDet::Hutchinson { probes: 1 },
};
const UPDATE: UpdateSettings = UpdateSettings {
    learning_rate: 3e-3,
    beta1: 0.9,
    beta2: 0.99,
    epsilon: 1e-8,
    weight_decay: 0.1,
    clip_norm: Some(0.5),
    average_decay: Some(0.9),
};
const ROWS: [u32; 3] = [1, 0, 2];

fn small() -> NetworkSpec {
    spec([2, 3, 4, 1, 1], Activation::Silu, true)
}

fn data() -> [Vec<f32>; 3] {
    [uniform(6, 2.0, 1), uniform(9, 2.0, 2), uniform(6, 1.0, 3)]
}

fn both(weights: &FlowWeights) -> Vec<f32> {
    [weights.encoder.clone(), weights.decoder.clone()].concat()
}

/// Three steps against the documented formula in f64 on the engine's own gradients.
#[test]
fn updates_follow_the_documented_formula() {
    let [theta, x, probes] = data();
    let batch = Batch { theta: &theta, x: &x, rows: &ROWS, probes: &probes };
    let mut engine = BurnEngine::new(&small(), &random_weights(&small(), 0.6, 4));
    let mut w: Vec<f64> = both(&engine.weights()).iter().map(|&w| f64::from(w)).collect();
    let [mut m, mut v, mut average] = [vec![0.0; w.len()], vec![0.0; w.len()], w.clone()];
    for step in 1..=3 {
        let gradient = both(&engine.loss_and_gradients(&batch, &LOSS).1);
        let report = engine.train_step(&batch, &LOSS, &UPDATE);
        assert!(report.gradient_norm > 0.5, "the clipping must be at work");
        let [b1, b2] = [UPDATE.beta1, UPDATE.beta2].map(f64::from);
        for i in 0..w.len() {
            let g = f64::from(gradient[i]) * 0.5 / report.gradient_norm;
            m[i] = b1 * m[i] + (1.0 - b1) * g;
            v[i] = b2 * v[i] + (1.0 - b2) * g * g;
            let size = (v[i] / (1.0 - b2.powi(step))).sqrt() + 1e-8;
            w[i] -= 3e-3 * (m[i] / (1.0 - b1.powi(step)) / size + 0.1 * w[i]);
            average[i] = if step == 1 { w[i] } else { 0.9 * average[i] + 0.1 * w[i] };
        }
        let state = engine.optimizer_state();
        assert_eq!(state.step, step as u64);
        let got = [both(&engine.weights()), both(&state.first), both(&state.second)];
        for (got, expected) in got.iter().zip([&w, &m, &v]) {
            for (got, expected) in got.iter().zip(expected) {
                assert!((f64::from(*got) - expected).abs() < 1e-6, "step {step}");
            }
        }
        for (got, expected) in both(&state.average.expect("asked for")).iter().zip(&average) {
            assert!((f64::from(*got) - expected).abs() < 1e-6, "average, step {step}");
        }
    }
}

/// Weights and optimiser state through another engine: the next steps give the same bits.
#[test]
fn state_round_trips_bit_for_bit() {
    let [theta, x, probes] = data();
    let batch = Batch { theta: &theta, x: &x, rows: &ROWS, probes: &probes };
    let mut engine = BurnEngine::new(&small(), &random_weights(&small(), 0.6, 4));
    for _ in 0..3 {
        engine.train_step(&batch, &LOSS, &UPDATE);
    }
    let (weights, state) = (engine.weights(), engine.optimizer_state());
    let mut other = BurnEngine::new(&small(), &random_weights(&small(), 0.1, 5));
    other.set_weights(&weights);
    other.set_optimizer_state(&state);
    assert_eq!(other.weights(), weights);
    assert_eq!(other.optimizer_state(), state);
    for _ in 0..3 {
        let reports = [&mut engine, &mut other].map(|e| e.train_step(&batch, &LOSS, &UPDATE));
        assert_eq!(reports[0], reports[1]);
    }
    assert_eq!(other.weights(), engine.weights());
    assert_eq!(other.optimizer_state(), engine.optimizer_state());
    assert_ne!(other.weights(), weights);
}

#[test]
fn non_finite_losses_change_nothing() {
    let [mut theta, x, probes] = data();
    theta[3] = f32::NAN;
    let batch = Batch { theta: &theta, x: &x, rows: &ROWS, probes: &probes };
    let mut engine = BurnEngine::new(&small(), &random_weights(&small(), 0.6, 4));
    let before = (engine.weights(), engine.optimizer_state());
    for log_det in [LogDet::Exact, LogDet::Hutchinson { probes: 1 }] {
        let report = engine.train_step(&batch, &LossSettings { log_det, ..LOSS }, &UPDATE);
        assert!(!report.is_finite());
        assert_eq!((engine.weights(), engine.optimizer_state()), before);
    }
}

/// An encoder that forgets its input has a singular Jacobian: its log-determinant is no number.
#[test]
fn singular_jacobians_are_reported_as_non_finite() {
    let spec = spec([1, 1, 1, 1, 0], Activation::Silu, false);
    let [theta, x, _] = data();
    let batch = Batch { theta: &theta, x: &x, rows: &ROWS, probes: &[] };
    // u + (u·1)·(−1) = 0: W_in.0 = [1, 0], W_out = −1.
    let encoder = vec![1.0, 0.0, 0.0, -1.0, 0.0];
    let weights = FlowWeights { decoder: encoder.clone(), encoder };
    let mut engine = BurnEngine::new(&spec, &weights);
    let settings = LossSettings { beta: 1.0, log_det: LogDet::Exact, ..LOSS };
    assert!(!engine.train_step(&batch, &settings, &UPDATE).is_finite());
    assert_eq!(engine.weights(), weights);
}
