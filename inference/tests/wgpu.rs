//! Flows on a GPU, or on a driver that stands in for one: the numbers of the CPU.
//!
//! Without an adapter these tests say so and pass, unless FREEFORM_NEEDS_ADAPTER is set. Debian's
//! mesa-vulkan-drivers has an adapter in software.
#![cfg(feature = "wgpu")]

mod reference;

use freeform_benchmark::{C2stSettings, c2st, reference_draws};
use freeform_inference::engine::burn::{BurnStack, ModelStep, StackRun, StackTable};
use freeform_inference::engine::{Batch, Direction, LogDet, LossSettings, UpdateSettings, create};
use freeform_inference::network::{Activation, FlowWeights, NetworkSpec};
use freeform_inference::{EngineKind, Fit, Overrides};
use freeform_simulators::{Task, simulate};
use reference::{random_weights, relative_difference, spec, uniform};

fn adapter() -> Option<EngineKind> {
    let kind: EngineKind = "wgpu".parse().expect("built with the feature");
    match kind.open() {
        Ok(()) => Some(kind),
        Err(error) => {
            let needed = std::env::var_os("FREEFORM_NEEDS_ADAPTER").is_some();
            assert!(!needed, "{error}");
            eprintln!("SKIPPED: no GPU was tested: {error}");
            None
        }
    }
}

/// One step's loss and gradients of ResNet S and L, estimated and exact, to 1e-3 of the CPU's.
#[test]
fn losses_and_gradients_are_those_of_the_cpu() {
    let Some(gpu) = adapter() else { return };
    let (d, c, rows) = (5, 8, 24);
    let indices: Vec<u32> = (0..rows).map(|row| (row * 7 % rows) as u32).collect();
    let (theta, x) = (uniform(rows * d, 2.0, 1), uniform(rows * c, 2.0, 2));
    let small = NetworkSpec::small(d, c, Activation::Silu);
    let large = NetworkSpec::large(d, c, Activation::Relu);
    for (name, spec) in [("S", small), ("L", large)] {
        let weights = random_weights(&spec, 1.0 / (spec.width as f32).sqrt(), 7);
        for log_det in [LogDet::Hutchinson { probes: 1 }, LogDet::Exact] {
            let probes = match log_det {
                LogDet::Hutchinson { .. } => uniform(rows * d, 1.7, 3),
                LogDet::Exact => Vec::new(),
            };
            let batch = Batch { theta: &theta, x: &x, rows: &indices, probes: &probes };
            let settings = LossSettings { beta: 5.0, latent_reconstruction: 1.0, log_det };
            let [(cpu, expected), (report, got)] = [EngineKind::Burn, gpu]
                .map(|kind| create(kind, &spec, &weights).loss_and_gradients(&batch, &settings));
            let scale = cpu.loss.abs().max(0.1);
            assert!((report.loss - cpu.loss).abs() < 1e-3 * scale, "{name}, {log_det:?}");
            let pairs = [(&expected.encoder, &got.encoder), (&expected.decoder, &got.decoder)];
            for (network, (expected, got)) in ["encoder", "decoder"].into_iter().zip(pairs) {
                for slot in spec.layout().slots() {
                    let expected: Vec<f64> =
                        expected[slot.range()].iter().map(|g| f64::from(*g)).collect();
                    if expected.iter().all(|g| g.abs() < 1e-6) {
                        continue;
                    }
                    let off = relative_difference(&got[slot.range()], &expected);
                    assert!(off < 1e-3, "{name} {network} {}: {off:.1e}, {log_det:?}", slot.name);
                }
            }
        }
    }
}

/// Outputs and Jacobians, for sampling and densities.
#[test]
fn transforms_are_those_of_the_cpu() {
    let Some(gpu) = adapter() else { return };
    let spec = spec([3, 4, 20, 2, 2], Activation::Gelu, true);
    let (weights, n) = (random_weights(&spec, 0.3, 9), 37);
    let (input, context) = (uniform(n * 3, 2.0, 1), uniform(4, 2.0, 2));
    for direction in [Direction::Encode, Direction::Decode] {
        let [cpu, got] = [EngineKind::Cpu, gpu].map(|kind| {
            let mut numbers = vec![0.0; n * 3 * 4];
            let (out, jacobian) = numbers.split_at_mut(n * 3);
            let mut engine = create(kind, &spec, &weights);
            engine.transform_with_jacobian(direction, &input, &context, out, jacobian);
            numbers
        });
        let cpu: Vec<f64> = cpu.into_iter().map(f64::from).collect();
        assert!(relative_difference(&got, &cpu) < 1e-4);
    }
}

/// A stack of three with batches gathered, and probes drawn, on the device.
#[test]
fn stacks_train_as_on_the_cpu() {
    let Some(gpu) = adapter() else { return };
    let spec = spec([3, 4, 12, 1, 1], Activation::Silu, true);
    let (x, order) = (uniform(40 * 4, 1.0, 99), (0..40).rev().collect::<Vec<u32>>());
    let theta: Vec<Vec<f32>> = (0..3).map(|m| uniform(40 * 3, 2.0, m)).collect();
    let weights: Vec<FlowWeights> = (0..3).map(|m| random_weights(&spec, 0.3, 50 + m)).collect();
    for log_det in [LogDet::Hutchinson { probes: 1 }, LogDet::Exact] {
        let step = |model: usize, number: usize| ModelStep {
            loss: LossSettings { beta: 5.0, latent_reconstruction: 0.0, log_det },
            update: UpdateSettings {
                learning_rate: 1e-3 * (model + 1) as f32,
                beta1: 0.9,
                beta2: 0.999,
                epsilon: 1e-8,
                weight_decay: 0.01,
                clip_norm: Some(5.0),
                average_decay: Some(0.9),
            },
            probe_key: u32::MAX / (model * 10 + number + 1) as u32,
            active: true,
        };
        let [cpu, got] = [EngineKind::Burn, gpu].map(|kind| {
            let device = kind.burn_device().expect("opened before");
            let mut stack = BurnStack::new(&spec, &weights, device);
            let table = |theta| StackTable { theta, x: &x, validation: &[1, 2, 3] };
            stack.load(&theta.iter().map(|t| table(t)).collect::<Vec<_>>());
            for epoch in 0..3 {
                let steps = (0..3).map(|s| (0..3).map(|m| step(m, 3 * epoch + s)).collect());
                let run =
                    StackRun { rows: vec![&order; 3], batch_size: 16, steps: steps.collect() };
                assert!(stack.run(&run).iter().all(|sums| sums.finite_steps == 3));
            }
            stack
        });
        for model in 0..3 {
            let expected: Vec<f64> =
                cpu.weights(model).encoder.iter().map(|w| f64::from(*w)).collect();
            let off = relative_difference(&got.weights(model).encoder, &expected);
            assert!(off < 1e-3, "model {model}: {off:.1e}, {log_det:?}");
            let (a, b) = (cpu.validate()[model].0, got.validate()[model].0);
            assert!((a - b).abs() < 1e-3 * a.abs().max(1.0), "{a}, {b}");
        }
    }
}

/// A short training of two_moons: the same C2ST as on the CPU, within its noise.
#[test]
fn a_training_reaches_the_cpu_s_c2st() {
    let Some(gpu) = adapter() else { return };
    let task = Task::by_name("two_moons").expect("a task");
    let table = simulate(task.simulator(), 1000, 1).expect("two moons").simulations;
    let mut overrides = Overrides::default();
    for assignment in [
        "training.max_epochs=12",
        "training.members=1",
        "training.batch_size=225",
        "network.width=16",
        "network.blocks=2",
        "whitening.steps=2000",
        "posterior.correction=off",
    ] {
        overrides.set(assignment).expect("a setting");
    }
    let x = task.observation(1).expect("an observation").x;
    let never = std::sync::atomic::AtomicBool::new(false);
    let reference = reference_draws(&task, &x, 2000, 1, &never).expect("a closed form").theta;
    let scores = [EngineKind::Burn, gpu].map(|kind| {
        let fit = Fit::new(task.prior()).settings(overrides.clone()).device(kind);
        let posterior = fit.run(table.clone()).expect("a training");
        let draws = posterior.sample(&x, 2000, 1).expect("draws").theta;
        c2st(reference.view(), draws.view(), &C2stSettings::default(), &never)
            .expect("a score")
            .accuracy
    });
    // Two scores of 4,000 held-out draws in all have a standard error of 0.01.
    assert!((scores[0] - scores[1]).abs() < 0.03, "{scores:?}");
    assert!(scores[0] < 0.97, "the training must have learnt something: {scores:?}");
}
