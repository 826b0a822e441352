//! Milliseconds per training step of each engine: ResNet S, D = 5, C = 8, one Hutchinson probe and
//! exact log-determinants, by batch size.
//!
//! Run `cargo bench --bench training_step [--features burn]`; the median of many steps on one thread.

use freeform_sbi::engine::{Batch, EngineKind, LogDet, LossSettings, UpdateSettings, create};
use freeform_sbi::network::{Activation, NetworkSpec};
use std::time::Instant;

const ENGINES: &[EngineKind] = &[
    EngineKind::Cpu,
    #[cfg(feature = "burn")]
    EngineKind::Burn,
];
const UPDATE: UpdateSettings = UpdateSettings {
    learning_rate: 1e-3,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    weight_decay: 0.0,
    clip_norm: Some(5.0),
    average_decay: None,
};

fn main() {
    let spec = NetworkSpec::small(5, 8, Activation::Silu);
    println!("engine  log-det                   batch   ms/step");
    for &engine in ENGINES {
        for log_det in [LogDet::Hutchinson { probes: 1 }, LogDet::Exact] {
            for batch in [4, 32, 128, 256] {
                let median = median_step(engine, &spec, log_det, batch);
                let [engine, log_det] = [format!("{engine:?}"), format!("{log_det:?}")];
                println!("{engine:<7} {log_det:<25} {batch:<7} {median:.3}");
            }
        }
    }
}

fn median_step(engine: EngineKind, spec: &NetworkSpec, log_det: LogDet, rows: usize) -> f64 {
    let wave = |len: usize, rate: f32| (0..len).map(|i| (rate * i as f32).sin()).collect();
    let (theta, x): (Vec<f32>, Vec<f32>) =
        (wave(rows * spec.theta_dim, 1.3), wave(rows * spec.context_dim, 0.7));
    let sign = |i: usize| if i.is_multiple_of(3) { -1.0 } else { 1.0 };
    let probes: Vec<f32> = match log_det {
        LogDet::Hutchinson { probes } => (0..probes * theta.len()).map(sign).collect(),
        LogDet::Exact => Vec::new(),
    };
    let indices: Vec<u32> = (0..rows as u32).collect();
    let batch = Batch { theta: &theta, x: &x, rows: &indices, probes: &probes };
    let loss = LossSettings { beta: 10.0, log_det };
    let mut engine = create(engine, spec, &spec.initial_weights(1));
    let mut steps: Vec<f64> = (0..150)
        .map(|_| {
            let start = Instant::now();
            engine.train_step(&batch, &loss, &UPDATE);
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    steps.sort_by(f64::total_cmp);
    steps[steps.len() / 2]
}
