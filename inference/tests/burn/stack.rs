//! A stack trains each of its models as it would be trained alone.

use crate::reference::{random_weights, spec, uniform};
use freeform_inference::engine::burn::{
    BurnEngine, BurnStack, Device, ModelStep, StackRun, StackTable,
};
use freeform_inference::engine::{Batch, Engine, LogDet, LossSettings, UpdateSettings};
use freeform_inference::network::{Activation, FlowWeights, NetworkSpec};
use std::sync::{Arc, Mutex};

const ROWS: usize = 60;
const BATCH: usize = 16;

/// One model's data and settings: learning rate, β, order of the rows, weights.
struct Model {
    theta: Vec<f32>,
    order: Vec<u32>,
    rate: f32,
    beta: f32,
    weights: FlowWeights,
}

fn network() -> NetworkSpec {
    spec([3, 4, 12, 1, 2], Activation::Silu, true)
}

/// 4 learning rates × 4 β, each with data, order and weights of its own.
fn models() -> Vec<Model> {
    let of = |index: usize| Model {
        theta: uniform(ROWS * 3, 2.0, index as u64),
        order: (0..ROWS).map(|row| (row * (2 * index + 7) % 61 % ROWS) as u32).collect(),
        rate: [3e-4, 1e-3, 2e-3, 5e-3][index % 4],
        beta: [1.0, 5.0, 20.0, 100.0][index / 4],
        weights: random_weights(&network(), 0.3, 50 + index as u64),
    };
    (0..16).map(of).collect()
}

fn step(model: &Model, index: usize, number: usize, log_det: LogDet) -> ModelStep {
    ModelStep {
        loss: LossSettings { beta: model.beta, latent_reconstruction: 0.5, log_det },
        update: UpdateSettings {
            learning_rate: model.rate,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.01,
            clip_norm: index.is_multiple_of(2).then_some(1.0),
            average_decay: Some(0.99),
        },
        probe_key: ((index * 1000 + number) as u32).wrapping_mul(2_654_435_761),
        active: true,
    }
}

/// Trains the models of these numbers as one stack: 25 epochs of 4 batches, the last one smaller.
fn train(models: &[Model], numbers: &[usize], log_det: LogDet) -> BurnStack {
    let x = uniform(ROWS * 4, 1.0, 99);
    let weights: Vec<FlowWeights> = numbers.iter().map(|&n| models[n].weights.clone()).collect();
    let mut stack = BurnStack::new(&network(), &weights, Device::flex());
    let table =
        |&n: &usize| StackTable { theta: &models[n].theta, x: &x, validation: &[3, 1, 4, 1, 5] };
    stack.load(&numbers.iter().map(table).collect::<Vec<_>>());
    for epoch in 0..25 {
        let steps = (0..4)
            .map(|s| numbers.iter().map(|&n| step(&models[n], n, epoch * 4 + s, log_det)).collect())
            .collect();
        let rows = numbers.iter().map(|&n| &models[n].order[..]).collect();
        let sums = stack.run(&StackRun { rows, batch_size: BATCH, steps });
        assert!(sums.iter().all(|s| s.finite_steps == 4 && s.samples == ROWS as f64));
    }
    stack
}

fn relative(a: &FlowWeights, b: &FlowWeights) -> f64 {
    let pairs = || {
        let (a, b) = (a.encoder.iter().chain(&a.decoder), b.encoder.iter().chain(&b.decoder));
        a.zip(b).map(|(a, b)| (f64::from(*a), f64::from(*b)))
    };
    let norm = pairs().map(|(a, _)| a * a).sum::<f64>().sqrt();
    pairs().map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt() / norm
}

#[test]
fn sixteen_models_in_a_stack_equal_sixteen_alone() {
    let models = models();
    for log_det in [LogDet::Exact, LogDet::Hutchinson { probes: 2 }] {
        let together = train(&models, &(0..16).collect::<Vec<_>>(), log_det);
        let judged = together.validate();
        for n in 0..16 {
            let alone = train(&models, &[n], log_det);
            let difference = relative(&alone.weights(0), &together.weights(n));
            assert!(difference < 1e-4, "model {n}: {difference:.1e}, {log_det:?}");
            // The training must have moved them for this to mean something.
            assert!(relative(&models[n].weights, &alone.weights(0)) > 1e-2);
            let (one, other) = (alone.optimizer_state(0), together.optimizer_state(n));
            assert_eq!((one.step, other.step), (100, 100));
            let averages = [one, other].map(|state| state.average.expect("asked for"));
            assert!(relative(&averages[0], &averages[1]) < 1e-4);
            let ((a, b), (c, d)) = (alone.validate()[0], judged[n]);
            assert!((a - c).abs() < 1e-3 * a.abs().max(1.0) && (b - d).abs() < 1e-3 * b.max(1e-2));
        }
    }
}

/// A model whose loss is not finite, or that takes no part, stays as it is; the others go on.
#[test]
fn models_do_not_disturb_each_other() {
    let mut models = models();
    models[1].theta.iter_mut().for_each(|t| *t = f32::NAN);
    let numbers = [0, 1, 2];
    let x = uniform(ROWS * 4, 1.0, 99);
    let weights: Vec<FlowWeights> = numbers.iter().map(|&n| models[n].weights.clone()).collect();
    let mut stack = BurnStack::new(&network(), &weights, Device::flex());
    let table = |&n: &usize| StackTable { theta: &models[n].theta, x: &x, validation: &[0, 1] };
    stack.load(&numbers.iter().map(table).collect::<Vec<_>>());
    let steps = (0..4)
        .map(|s| {
            let of =
                |&n: &usize| ModelStep { active: n != 2, ..step(&models[n], n, s, LogDet::Exact) };
            numbers.iter().map(of).collect()
        })
        .collect();
    let rows = numbers.iter().map(|&n| &models[n].order[..]).collect();
    let sums = stack.run(&StackRun { rows, batch_size: BATCH, steps });
    assert_eq!(sums.iter().map(|s| s.finite_steps).collect::<Vec<_>>(), [4, 0, 0]);
    assert_ne!(stack.weights(0), models[0].weights);
    for (place, n) in [(1, 1), (2, 2)] {
        assert_eq!(stack.weights(place), models[n].weights);
        assert_eq!(stack.optimizer_state(place).step, 0);
    }
    stack.mark_best(&[false, false, true]);
    assert_eq!(stack.best(0), None);
    assert_eq!(stack.best(2), Some(models[2].weights.clone()));
}

/// One of many steps and evaluates as an engine of its own does.
#[test]
fn a_member_is_an_engine() {
    let models = models();
    let weights: Vec<FlowWeights> = models[..3].iter().map(|m| m.weights.clone()).collect();
    let stack = BurnStack::new(&network(), &weights, Device::flex());
    let mut member = BurnEngine::members(&Arc::new(Mutex::new(stack))).remove(1);
    let mut alone = BurnEngine::new(&network(), &weights[1]);
    let x = uniform(ROWS * 4, 1.0, 99);
    let batch = Batch { theta: &models[1].theta, x: &x, rows: &[5, 9, 2], probes: &[] };
    let step = step(&models[1], 1, 0, LogDet::Exact);
    for _ in 0..3 {
        let [a, b] = [&mut member, &mut alone]
            .map(|engine| engine.train_step(&batch, &step.loss, &step.update));
        assert!((a.loss - b.loss).abs() < 1e-5 * b.loss.abs());
    }
    assert!(relative(&alone.weights(), &member.weights()) < 1e-5);
    let evaluate = |engine: &mut BurnEngine| {
        let mut out = vec![0.0; 9];
        let input = [0.3, -0.2, 1.0, 0.5, 0.4, -1.0, 0.0, 0.1, 0.2];
        engine.transform(freeform_inference::engine::Direction::Encode, &input, &x[..4], &mut out);
        out
    };
    for (a, b) in evaluate(&mut member).iter().zip(evaluate(&mut alone)) {
        assert!((a - b).abs() < 1e-4);
    }
}
