//! Time of a training step by engine, network, batch and loss; of sampling and densities; of a
//! whole training.
//!
//! `cargo bench --bench train_step [--features burn] [-- FILTER]`; ids such as
//! `train_step/cpu/S/32`. Pin it to one core for steady numbers.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, criterion_group, criterion_main};
use freeform_inference::engine::{
    Batch, Direction, Engine, LogDet, LossSettings, UpdateSettings, create,
};
use freeform_inference::flow::{encoder_log_density, polish};
use freeform_inference::network::{Activation, NetworkSpec};
use freeform_inference::{EngineKind, Fit};
use freeform_simulators::{Prior, Simulations, Task, simulate};
use std::hint::black_box;
use std::time::Duration;

const BATCHES: [usize; 4] = [4, 32, 128, 256];
const ENGINES: &[(&str, EngineKind)] = &[
    ("cpu", EngineKind::Cpu),
    #[cfg(feature = "burn")]
    ("burn", EngineKind::Burn),
];
/// Plain Adam, as in the other implementations that the step is compared with.
const ADAM: UpdateSettings = UpdateSettings::adam(5e-4);

fn wave(len: usize, rate: f32) -> Vec<f32> {
    (0..len).map(|i| (rate * (i + 1) as f32).sin()).collect()
}

fn networks() -> [(&'static str, NetworkSpec); 2] {
    let (theta_dim, context_dim, activation) = (5, 8, Activation::Relu);
    [
        ("S", NetworkSpec::small(theta_dim, context_dim, activation)),
        ("L", NetworkSpec::large(theta_dim, context_dim, activation)),
    ]
}

/// Times one step on a batch of `rows`.
fn step(
    group: &mut BenchmarkGroup<WallTime>,
    id: &str,
    kind: EngineKind,
    spec: &NetworkSpec,
    log_det: LogDet,
    rows: usize,
) {
    let theta = wave(rows * spec.theta_dim, 1.3);
    let x = wave(rows * spec.context_dim, 0.7);
    let sign = |i: usize| if i.is_multiple_of(3) { -1.0 } else { 1.0 };
    let probes: Vec<f32> = match log_det {
        LogDet::Hutchinson { probes } => (0..probes * theta.len()).map(sign).collect(),
        LogDet::Exact => Vec::new(),
    };
    let indices: Vec<u32> = (0..rows as u32).collect();
    let loss = LossSettings { beta: 25.0, latent_reconstruction: 0.0, log_det };
    let mut engine = create(kind, spec, &spec.initial_weights(1));
    group.bench_function(BenchmarkId::from_parameter(id), |bencher| {
        bencher.iter(|| {
            let batch = Batch { theta: &theta, x: &x, rows: &indices, probes: &probes };
            black_box(engine.train_step(&batch, &loss, &ADAM))
        });
    });
}

fn steps(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("train_step");
    for &(engine, kind) in ENGINES {
        for (network, spec) in networks() {
            for batch in BATCHES {
                let id = format!("{engine}/{network}/{batch}");
                step(&mut group, &id, kind, &spec, LogDet::Hutchinson { probes: 1 }, batch);
            }
        }
    }
    group.finish();
}

/// More probes, other activations, and the exact log-determinant against one probe.
fn losses(criterion: &mut Criterion) {
    let (kind, batch) = (EngineKind::Cpu, 128);
    let mut group = criterion.benchmark_group("probes");
    let [(_, small), _] = networks();
    for probes in [1, 2, 5] {
        let log_det = LogDet::Hutchinson { probes };
        step(&mut group, &format!("cpu/S/{batch}/{probes}"), kind, &small, log_det, batch);
    }
    group.finish();
    let mut group = criterion.benchmark_group("activation");
    for activation in Activation::ALL {
        let spec = NetworkSpec { activation, ..small.clone() };
        let log_det = LogDet::Hutchinson { probes: 1 };
        step(&mut group, &format!("cpu/S/{batch}/{activation}"), kind, &spec, log_det, batch);
    }
    group.finish();
    let mut group = criterion.benchmark_group("log_det");
    for dim in [2, 5, 10] {
        let spec = NetworkSpec::small(dim, 8, Activation::Relu);
        let one = LogDet::Hutchinson { probes: 1 };
        for (name, log_det) in [("hutchinson", one), ("exact", LogDet::Exact)] {
            step(&mut group, &format!("cpu/S/{batch}/{name}/{dim}"), kind, &spec, log_det, batch);
        }
    }
    group.finish();
}

/// 10,000 draws for one observation, and their densities.
fn evaluation(criterion: &mut Criterion) {
    const DRAWS: usize = 10_000;
    let mut group = criterion.benchmark_group("evaluate");
    group.sample_size(20);
    for (network, spec) in networks() {
        let mut engine = create(EngineKind::Cpu, &spec, &spec.initial_weights(1));
        let z = wave(DRAWS * spec.theta_dim, 0.9);
        let context = wave(spec.context_dim, 0.7);
        let mut theta = vec![0.0; z.len()];
        group.bench_function(format!("sample/{network}"), |bencher| {
            bencher.iter(|| engine.transform(Direction::Decode, &z, &context, &mut theta));
        });
        let engine: &mut dyn Engine = engine.as_mut();
        group.bench_function(format!("sample_polished/{network}"), |bencher| {
            bencher.iter(|| {
                engine.transform(Direction::Decode, &z, &context, &mut theta);
                polish(engine, &z, &context, 5, &mut theta);
            });
        });
        group.bench_function(format!("log_density/{network}"), |bencher| {
            bencher.iter(|| black_box(encoder_log_density(engine, &z, &context)));
        });
    }
    group.finish();
}

/// Two moons, 10,000 simulations, recommended settings, from simulations to a model.
fn training(criterion: &mut Criterion) {
    let Some((prior, simulations)) = two_moons() else { return };
    let mut group = criterion.benchmark_group("training");
    group.sample_size(10).measurement_time(Duration::from_secs(60));
    group.bench_function("two_moons/10000", |bencher| {
        bencher.iter(|| black_box(Fit::new(&prior).run(simulations.clone()).is_ok()));
    });
    group.finish();
}

fn two_moons() -> Option<(Prior, Simulations)> {
    let task = Task::by_name("two_moons").ok()?;
    let simulated = simulate(task.simulator(), 10_000, 1).ok()?;
    Some((task.prior().clone(), simulated.simulations))
}

criterion_group!(benches, steps, losses, evaluation, training);
criterion_main!(benches);
