//! The Burn engine's losses and gradients against finite differences of plain f64 formulas.

use crate::reference::{
    Table, finite_differences, forward, jacobian, random_weights, reference_loss,
    relative_difference, spec, uniform,
};
use freeform_inference::engine::burn::BurnEngine;
use freeform_inference::engine::{Batch, Direction, Engine, LogDet, LossSettings};
use freeform_inference::network::{Activation, NetworkSpec};

const ROWS: [u32; 3] = [4, 0, 2];

fn table(spec: &NetworkSpec, probes: usize) -> [Vec<f32>; 3] {
    let len = |width: usize| 5 * width;
    let probes = uniform(probes * ROWS.len() * spec.theta_dim, 1.7, 3);
    [uniform(len(spec.theta_dim), 2.0, 1), uniform(len(spec.context_dim), 2.0, 2), probes]
}

fn check(spec: &NetworkSpec, log_det: LogDet, beta: f32, latent_reconstruction: f32) {
    let count = if let LogDet::Hutchinson { probes } = log_det { probes } else { 0 };
    let [theta, x, probes] = table(spec, count);
    let batch = Batch { theta: &theta, x: &x, rows: &ROWS, probes: &probes };
    let settings = LossSettings { beta, latent_reconstruction, log_det };
    let weights = random_weights(spec, 0.6, 7);
    let mut engine = BurnEngine::new(spec, &weights);
    let (report, gradients) = engine.loss_and_gradients(&batch, &settings);

    let table = Table::of(spec, &batch);
    let anchor = [&weights.encoder, &weights.decoder]
        .map(|w| w.iter().map(|&w| f64::from(w)).collect::<Vec<f64>>());
    let expected = reference_loss(spec, &anchor, &anchor, &table, &settings);
    for (what, got, expected) in [
        ("loss", report.loss, expected.loss),
        ("latent", report.latent, expected.latent),
        ("change", report.change, expected.change),
        ("reconstruction", report.reconstruction, expected.reconstruction),
    ] {
        let scale = expected.abs().max(1.0);
        assert!((got - expected).abs() < 1e-5 * scale, "{what} {got}, not {expected}: {spec:?}");
    }
    let differences = finite_differences(spec, &weights, &table, &settings);
    let got = [&gradients.encoder, &gradients.decoder];
    for (name, (got, expected)) in ["encoder", "decoder"].iter().zip(got.iter().zip(&differences)) {
        let error = relative_difference(got, expected);
        assert!(error < 1e-4, "{name} gradient off by {error:.1e}: {spec:?}, {settings:?}");
    }
    let norm = differences.iter().flatten().map(|g| g * g).sum::<f64>().sqrt();
    assert!((report.gradient_norm / norm - 1.0).abs() < 1e-4);
}

#[test]
fn hutchinson_gradients_equal_finite_differences() {
    for (sizes, activation, glu, probes, beta) in [
        ([1, 1, 3, 1, 1], Activation::Tanh, true, 1, 1.0),
        ([2, 3, 5, 1, 2], Activation::Silu, true, 1, 10.0),
        ([3, 2, 4, 2, 1], Activation::Gelu, false, 2, 0.5),
        ([4, 5, 6, 1, 2], Activation::Relu, true, 3, 3.0),
        ([3, 1, 7, 3, 0], Activation::Silu, false, 3, 1.0),
        ([5, 4, 4, 2, 1], Activation::Gelu, true, 1, 100.0),
    ] {
        check(&spec(sizes, activation, glu), LogDet::Hutchinson { probes }, beta, 0.0);
    }
}

#[test]
fn exact_gradients_equal_finite_differences() {
    for (sizes, activation, glu, beta, lambda) in [
        ([1, 2, 4, 1, 1], Activation::Silu, false, 1.0, 0.0),
        ([2, 3, 5, 2, 2], Activation::Gelu, true, 10.0, 1.0),
        ([3, 2, 4, 1, 2], Activation::Tanh, true, 0.5, 3.0),
        ([4, 1, 5, 1, 1], Activation::Relu, true, 3.0, 0.5),
        ([5, 3, 4, 1, 1], Activation::Silu, false, 1.0, 10.0),
    ] {
        check(&spec(sizes, activation, glu), LogDet::Exact, beta, lambda);
    }
}

#[test]
fn transforms_and_jacobians_equal_the_formula() {
    let spec = spec([3, 2, 5, 2, 2], Activation::Gelu, true);
    let weights = random_weights(&spec, 0.6, 11);
    let mut engine = BurnEngine::new(&spec, &weights);
    // More rows than one pass takes.
    let rows = 3000;
    let (input, context) = (uniform(rows * 3, 2.0, 1), uniform(rows * 2, 2.0, 2));
    let (mut output, mut matrices) = (vec![0.0; rows * 3], vec![0.0; rows * 9]);
    for (direction, flat) in
        [(Direction::Encode, &weights.encoder), (Direction::Decode, &weights.decoder)]
    {
        let flat: Vec<f64> = flat.iter().map(|&w| f64::from(w)).collect();
        for shared in [false, true] {
            let context = if shared { &context[..2] } else { &context[..] };
            engine.transform_with_jacobian(direction, &input, context, &mut output, &mut matrices);
            let mut alone = vec![0.0; rows * 3];
            engine.transform(direction, &input, context, &mut alone);
            assert_eq!(alone, output);
            for row in (0..rows).step_by(97) {
                let f64s = |t: &[f32]| t.iter().map(|&t| f64::from(t)).collect::<Vec<_>>();
                let u = f64s(&input[row * 3..][..3]);
                let c = f64s(if shared { context } else { &context[row * 2..][..2] });
                let expected = forward(&spec, &flat, &u, &c);
                assert!(relative_difference(&output[row * 3..][..3], &expected) < 1e-5);
                let expected = jacobian(&spec, &flat, &u, &c);
                assert!(relative_difference(&matrices[row * 9..][..9], &expected) < 1e-5);
            }
        }
    }
}

/// The reference's own derivatives against differences of its values.
#[test]
fn reference_derivatives_are_those_of_its_values() {
    for activation in [Activation::Silu, Activation::Gelu, Activation::Tanh, Activation::Relu] {
        let spec = spec([3, 2, 5, 2, 2], activation, true);
        let weights: Vec<f64> =
            random_weights(&spec, 0.6, 5).encoder.iter().map(|&w| f64::from(w)).collect();
        let (u, c) = ([0.3, -1.1, 0.7], [0.4, -0.2]);
        let jacobian = jacobian(&spec, &weights, &u, &c);
        for j in 0..3 {
            let moved = |step: f64| {
                let mut u = u;
                u[j] += step;
                forward(&spec, &weights, &u, &c)
            };
            for (i, (up, down)) in moved(1e-5).iter().zip(moved(-1e-5)).enumerate() {
                let difference = (up - down) / 2e-5;
                assert!((jacobian[i * 3 + j] - difference).abs() < 1e-8, "{activation}");
            }
        }
    }
}
