//! Both engines on the same weights, batches and probes: the same losses, gradients, Jacobians and
//! training steps.
#![cfg(feature = "burn")]

mod reference;

use freeform_inference::engine::burn::BurnEngine;
use freeform_inference::engine::{
    Batch, CpuEngine, Direction, Engine, LogDet, LossReport, LossSettings, UpdateSettings,
};
use freeform_inference::network::{Activation, FlowWeights, Layout, NetworkSpec};
use reference::{random_weights, relative_difference, spec, uniform};

const HUTCHINSON: fn(usize) -> LogDet = |probes| LogDet::Hutchinson { probes };
const TABLE_ROWS: usize = 64;

struct Data {
    theta: Vec<f32>,
    x: Vec<f32>,
    probes: Vec<f32>,
    rows: Vec<u32>,
}

impl Data {
    fn new(spec: &NetworkSpec, log_det: LogDet, rows: usize, seed: u64) -> Self {
        let probes = if let LogDet::Hutchinson { probes } = log_det { probes } else { 0 };
        Self {
            theta: uniform(TABLE_ROWS * spec.theta_dim, 2.0, seed),
            x: uniform(TABLE_ROWS * spec.context_dim, 2.0, seed + 1),
            probes: uniform(probes * rows * spec.theta_dim, 1.7, seed + 2),
            rows: (0..rows).map(|row| (row * 29 % TABLE_ROWS) as u32).collect(),
        }
    }

    fn batch(&self) -> Batch<'_> {
        Batch { theta: &self.theta, x: &self.x, rows: &self.rows, probes: &self.probes }
    }
}

fn engines(spec: &NetworkSpec, weights: &FlowWeights) -> [Box<dyn Engine>; 2] {
    [Box::new(CpuEngine::new(spec, weights)), Box::new(BurnEngine::new(spec, weights))]
}

fn assert_reports_agree(cpu: &LossReport, burn: &LossReport, case: &str) {
    let parts = |r: &LossReport| [r.latent, r.change, r.reconstruction, r.loss, r.gradient_norm];
    for (index, (a, b)) in parts(cpu).into_iter().zip(parts(burn)).enumerate() {
        assert!((a - b).abs() <= 1e-4 * a.abs().max(0.1), "part {index}: {a}, {b}: {case}");
    }
}

/// The largest difference of any tensor, relative to the tensor's largest entry.
fn worst_tensor(layout: &Layout, cpu: &[f32], burn: &[f32]) -> (f64, String) {
    let of = |range: std::ops::Range<usize>| {
        let expected: Vec<f64> = cpu[range.clone()].iter().map(|&g| f64::from(g)).collect();
        relative_difference(&burn[range], &expected)
    };
    let alive = |range: std::ops::Range<usize>| cpu[range].iter().any(|g| g.abs() > 1e-6);
    let slots = layout.slots().iter().filter(|slot| alive(slot.range()));
    slots.fold((0.0, String::new()), |worst, slot| {
        let difference = of(slot.range());
        if difference > worst.0 { (difference, slot.name.clone()) } else { worst }
    })
}

#[test]
fn losses_and_gradients_agree() {
    use Activation::{Gelu, Relu, Silu, Tanh};
    for (sizes, activation, glu, log_det, rows) in [
        ([1, 1, 1, 1, 1], Tanh, true, HUTCHINSON(1), 1),
        ([1, 3, 5, 2, 0], Silu, false, LogDet::Exact, 3),
        ([2, 2, 16, 1, 2], Relu, true, HUTCHINSON(1), 1),
        ([2, 2, 16, 1, 2], Relu, true, LogDet::Exact, 7),
        ([2, 9, 17, 2, 3], Gelu, false, HUTCHINSON(2), 33),
        ([3, 4, 31, 1, 1], Gelu, true, LogDet::Exact, 33),
        ([5, 8, 50, 1, 10], Silu, true, HUTCHINSON(1), 32),
        ([5, 8, 50, 1, 10], Silu, true, HUTCHINSON(5), 13),
        ([5, 8, 50, 1, 10], Tanh, true, LogDet::Exact, 13),
        ([4, 1, 64, 3, 2], Silu, false, HUTCHINSON(3), 1),
        ([10, 10, 20, 1, 2], Silu, true, LogDet::Exact, 40),
        ([10, 100, 24, 1, 1], Relu, true, HUTCHINSON(1), 45),
    ] {
        let spec = spec(sizes, activation, glu);
        let case = format!("{spec:?}, {log_det:?}, {rows} rows");
        let data = Data::new(&spec, log_det, rows, 40);
        let weights = random_weights(&spec, 1.0 / (spec.width as f32).sqrt(), 7);
        let settings = LossSettings { beta: 5.0, latent_reconstruction: 2.0, log_det };
        let [cpu, burn] =
            engines(&spec, &weights).map(|mut e| e.loss_and_gradients(&data.batch(), &settings));
        assert_reports_agree(&cpu.0, &burn.0, &case);
        let pairs = [(&cpu.1.encoder, &burn.1.encoder), (&cpu.1.decoder, &burn.1.decoder)];
        for (network, (a, b)) in ["encoder", "decoder"].into_iter().zip(pairs) {
            let (worst, tensor) = worst_tensor(&spec.layout(), a, b);
            assert!(worst < 1e-4, "{network}'s {tensor} off by {worst:.1e}: {case}");
        }
    }
}

#[test]
fn transforms_and_jacobians_agree() {
    for (sizes, activation) in
        [([2, 3, 9, 1, 2], Activation::Gelu), ([5, 8, 50, 2, 3], Activation::Silu)]
    {
        let spec = spec(sizes, activation, true);
        let (d, c, n) = (spec.theta_dim, spec.context_dim, 37);
        let weights = random_weights(&spec, 0.3, 9);
        let (input, context) = (uniform(n * d, 2.0, 1), uniform(n * c, 2.0, 2));
        for direction in [Direction::Encode, Direction::Decode] {
            for context in [&context[..], &context[..c]] {
                let [cpu, burn] = engines(&spec, &weights).map(|mut engine| {
                    let mut numbers = vec![0.0; n * d * (1 + d)];
                    let (out, jacobian) = numbers.split_at_mut(n * d);
                    engine.transform_with_jacobian(direction, &input, context, out, jacobian);
                    numbers
                });
                let cpu: Vec<f64> = cpu.into_iter().map(f64::from).collect();
                assert!(relative_difference(&burn, &cpu) < 1e-5);
            }
        }
    }
}

#[test]
fn twenty_training_steps_agree() {
    for (log_det, clip_norm) in [(HUTCHINSON(2), None), (LogDet::Exact, Some(1.0))] {
        let spec = spec([3, 4, 20, 1, 2], Activation::Silu, true);
        let mut pair = engines(&spec, &random_weights(&spec, 0.2, 3));
        let settings = LossSettings { beta: 5.0, latent_reconstruction: 2.0, log_det };
        for step in 0..20 {
            let data = Data::new(&spec, log_det, 24, 100 + step);
            let update = UpdateSettings {
                learning_rate: 1e-3,
                beta1: 0.9,
                beta2: 0.999,
                epsilon: 1e-8,
                weight_decay: 0.01,
                clip_norm,
                average_decay: Some(0.9),
            };
            let [cpu, burn] =
                pair.each_mut().map(|e| e.train_step(&data.batch(), &settings, &update));
            assert_reports_agree(&cpu, &burn, &format!("step {step}"));
        }
        let [cpu, burn] = pair.each_ref().map(|e| (e.weights(), e.optimizer_state()));
        let averages = [&cpu, &burn].map(|e| e.1.average.as_ref().expect("asked for"));
        for (cpu, burn) in [(&cpu.0, &burn.0), (averages[0], averages[1])] {
            for (a, b) in [(&cpu.encoder, &burn.encoder), (&cpu.decoder, &burn.decoder)] {
                let worst = a.iter().zip(b).fold(0.0, |w: f32, (a, b)| w.max((a - b).abs()));
                assert!(worst < 1e-4, "weights differ by {worst:.1e}");
            }
        }
        assert_eq!(cpu.1.step, burn.1.step);
    }
}

/// A state goes from one engine through the other and back without losing a bit.
#[test]
fn states_pass_between_engines_bit_for_bit() {
    let spec = spec([2, 3, 11, 1, 1], Activation::Tanh, true);
    let data = Data::new(&spec, HUTCHINSON(1), 9, 5);
    let settings = LossSettings { beta: 1.0, latent_reconstruction: 0.0, log_det: HUTCHINSON(1) };
    let update = UpdateSettings {
        learning_rate: 1e-2,
        beta1: 0.9,
        beta2: 0.99,
        epsilon: 1e-8,
        weight_decay: 0.0,
        clip_norm: None,
        average_decay: Some(0.5),
    };
    let [mut from, mut to] = engines(&spec, &random_weights(&spec, 0.5, 1));
    for _ in 0..2 {
        from.train_step(&data.batch(), &settings, &update);
        to.set_weights(&from.weights());
        to.set_optimizer_state(&from.optimizer_state());
        assert_eq!(to.weights(), from.weights());
        assert_eq!(to.optimizer_state(), from.optimizer_state());
        std::mem::swap(&mut from, &mut to);
    }
}
